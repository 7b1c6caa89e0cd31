import { describe, expect, test } from 'vitest';
import { ByteBlock } from '../../src/core/byte-block.ts';
import { createChunk } from '../../src/core/chunk.ts';
import { functionSink, type SinkFunction, toSink } from '../../src/core/function-sink.ts';
import type { Sink } from '../../src/core/sink.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { sinkContract } from '../../src/testing/sink-contract.ts';
import { lineBlocks } from './made-blocks.ts';

const context = { attempt: 2, signal: new AbortController().signal };

test('functionSink() calls the function with the records, the chunk, the attempt and its signal', async () => {
  const seen: unknown[][] = [];
  const chunk = chunkOf([{ id: 1 }, { id: 2 }]);
  await functionSink((...given) => void seen.push(given)).write(chunk, context);
  const [[records, told]] = seen as [[unknown, { chunk: unknown }]];
  expect(records).toEqual([{ id: 1 }, { id: 2 }]);
  expect(told).toMatchObject({ ...context, chunk: { index: 0, id: chunk.id, count: 2 } });
});

test('functionSink() waits for a promise and passes on what is thrown', async () => {
  const failing = functionSink(async () => Promise.reject(new Error('no')));
  await expect(failing.write(chunkOf([1]), context)).rejects.toThrow('no');
  const throwing = functionSink(() => {
    throw new Error('at once');
  });
  await expect(throwing.write(chunkOf([1]), context)).rejects.toThrow('at once');
});

test.each(['objects', 'bytes'] as const)(
  'functionSink() gives each attempt records of its own (%s)',
  async (from) => {
    const given = [{ id: 1, tags: ['a'] }];
    const chunk = chunkOf(given, { from });
    const sink = functionSink<{ id: number; tags: string[] }>((records, { chunk: own }) => {
      records[0]!.tags.push('b');
      own.records[0]!.id = 9;
      expect(own.id).toBe(chunk.id);
    });
    await sink.write(chunk, context);
    expect([given, chunk.records]).toEqual([[{ id: 1, tags: ['a'] }], [{ id: 1, tags: ['a'] }]]);
  },
);

test('functionSink() has nothing decoded twice that a decoder has decoded', async () => {
  let decoded = 0;
  const [block] = lineBlocks([{ id: 1 }, { id: 2 }], [2], () => decoded++);
  const { source, start, end, encoded } = block!;
  const decode = () => block!.records;
  const records = [{ id: 1 }, { id: 2 }];
  const seen: unknown[] = [];
  const chunk = createChunk({
    index: 0,
    blocks: [new ByteBlock({ source, start, end, encoded, offset: 0, decode, records })],
  });
  const sink = functionSink((list) => void seen.push(...list));
  await sink.write(chunk, context);
  expect([seen, decoded]).toEqual([[{ id: 1 }, { id: 2 }], 0]);
  await sink.write(chunk, context);
  expect([seen.length, decoded]).toEqual([4, 1]);
});

test('functionSink() is named after its function unless told otherwise, and promises little', () => {
  function saveOrders() {}
  expect(functionSink(saveOrders)).toMatchObject({ name: 'saveOrders', guarantee: 'at-least-once' });
  expect(functionSink(() => undefined).name).toBe('function');
  expect(functionSink(saveOrders, { name: 'shop' }).name).toBe('shop');
});

test('toSink() takes a sink as it is and a function as a sink', () => {
  const sink: Sink = { name: 'shop', guarantee: 'exactly-once', write: async () => undefined };
  expect(toSink(sink)).toBe(sink);
  expect(toSink(function save() {}).name).toBe('save');
});

test.each([undefined, null, 7, {}, { write: true }])('toSink() refuses %j', (value) => {
  expect(() => toSink(value as unknown as Sink)).toThrow(
    /^sink must be a sink \(an object with a method write\) or a function, got /,
  );
});

test.each([undefined, {}])('functionSink() refuses %j', (value) => {
  expect(() => functionSink(value as unknown as SinkFunction<unknown>)).toThrow(
    /^write must be a function, got /,
  );
});

describe('the contract', () => {
  let stored: unknown[] = [];
  const contract = sinkContract({
    create: () =>
      functionSink((records, { signal }) => {
        signal.throwIfAborted();
        stored.push(...records);
      }),
    clear: () => {
      stored = [];
    },
    stored: async () => stored,
  });
  for (const { name, run } of contract) test(`functionSink() ${name}`, run);
});

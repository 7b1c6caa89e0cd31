import { expect, test } from 'vitest';
import { chunkOf, collectingSink } from '../../src/testing/index.ts';

test.each(['objects', 'bytes'] as const)('chunkOf() makes a chunk from %s', (from) => {
  const chunk = chunkOf([{ a: 1 }, { a: 2n ** 60n }], { from, index: 3, before: 10, source: 'x.ndjson' });
  expect([chunk.index, chunk.count, chunk.source]).toEqual([3, 2, 'x.ndjson']);
  expect(chunk.records).toEqual([{ a: 1 }, { a: 2n ** 60n }]);
  expect(Buffer.from(chunk.ndjson()).toString()).toBe('{"a":1}\n{"a":1152921504606846976}\n');
  expect(chunk.position(1).record).toBe(12);
  expect(chunk.encoded === undefined).toBe(from === 'objects');
});

test('chunkOf() decodes the bytes again for a copy', () => {
  expect(chunkOf([{ a: 'é' }, [1]], { from: 'bytes' }).copy().records).toEqual([{ a: 'é' }, [1]]);
});

test('chunkOf() is a RangeError without a record', () => {
  expect(() => chunkOf([])).toThrow(new RangeError('records must have at least 1 record, got none'));
});

test('collectingSink() keeps records, chunks and calls', async () => {
  const signal = new AbortController().signal;
  const sink = collectingSink({ limits: { records: 5 }, guarantee: 'exactly-once', name: 'mine' });
  await sink.open!({ signal });
  await sink.write(chunkOf([1, 2]), { attempt: 1, signal });
  await sink.write(chunkOf([3], { index: 1 }), { attempt: 1, signal });
  await sink.close!({ complete: true });
  expect(sink.records).toEqual([1, 2, 3]);
  expect(sink.chunks.map(({ index }) => index)).toEqual([0, 1]);
  expect(sink.calls).toEqual(['open', 'write', 'write', 'close complete']);
  expect([sink.name, sink.guarantee, sink.limits]).toEqual(['mine', 'exactly-once', { records: 5 }]);
});

test('collectingSink() fails a write with what onWrite throws, and keeps nothing of it', async () => {
  const signal = new AbortController().signal;
  const sink = collectingSink({
    onWrite: (_, { attempt }) => {
      if (attempt === 1) throw new Error('not yet');
    },
  });
  await expect(sink.write(chunkOf([1]), { attempt: 1, signal })).rejects.toThrow('not yet');
  await sink.write(chunkOf([1]), { attempt: 2, signal });
  await sink.close!({ complete: false });
  expect(sink.records).toEqual([1]);
  expect(sink.calls).toEqual(['write', 'write', 'close incomplete']);
});

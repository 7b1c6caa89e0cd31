import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import chain from 'stream-chain';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { decode } from '../../src/streams/decode.ts';
import { records } from '../../src/streams/records.ts';
import { RetryingWriter } from '../../src/streams/retrying-writer.ts';
import { transform } from '../../src/streams/transform.ts';
import { lineBlocks, numbers, objectBlocks } from '../core/made-blocks.ts';
import { chunksOf } from '../support/blocks.ts';

const expected = numbers(250).map((id) => ({ id: String(id) }));

function* endless(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}

async function sizesOf(...stages: readonly unknown[]): Promise<readonly number[]> {
  const chunks = await chunksOf(stages[0] as Readable, ...(stages.slice(1) as NodeJS.ReadWriteStream[]));
  expect(chunks.flatMap((chunk) => chunk.records)).toEqual(expected);
  return chunks.map(({ count }) => count);
}

describe('ChunkTransform is fed by', () => {
  const csv = `id\n${numbers(250).join('\n')}\n`;
  const json = JSON.stringify(expected);

  test('csv-parse', async () => {
    const stages = [Readable.from([csv]), parse({ columns: true }), new ChunkTransform({ batchSize: 100 })];
    expect(await sizesOf(...stages)).toEqual([100, 100, 50]);
  });

  test('streamArray of stream-json', async () => {
    const { default: makeParser } = await import('stream-json');
    const stages = chain([makeParser(), streamArray(), ({ value }: { value: unknown }) => value]);
    expect(await sizesOf(Readable.from([json]), stages, new ChunkTransform({ batchSize: 100 }))).toEqual([
      100, 100, 50,
    ]);
  });

  test('a chain of stream-chain', async () => {
    const stages = chain([(n: number) => ({ id: String(n) })]);
    expect(
      await sizesOf(Readable.from(numbers(250)), stages, new ChunkTransform({ batchSize: 100 })),
    ).toEqual([100, 100, 50]);
  });

  test('a Transform in object mode', async () => {
    const stages = new Transform({
      objectMode: true,
      transform: (n: number, _encoding, callback) => callback(null, { id: String(n) }),
    });
    expect(
      await sizesOf(Readable.from(numbers(250)), stages, new ChunkTransform({ batchSize: 100 })),
    ).toEqual([100, 100, 50]);
  });

  test('generator functions of a pipeline, and read by for await', async () => {
    const chunks: Chunk[] = [];
    await pipeline(
      async function* () {
        yield* numbers(250);
      },
      async function* (source: AsyncIterable<number>) {
        for await (const n of source) yield { id: String(n) };
      },
      new ChunkTransform({ batchSize: 100 }),
      async (source: AsyncIterable<unknown>) => {
        for await (const chunk of source) chunks.push(chunk as Chunk);
      },
    );
    expect(chunks.flatMap((chunk) => chunk.records)).toEqual(expected);
  });

  test('a web stream, and gives its chunks to a web stream', async () => {
    const chunks: Chunk[] = [];
    await pipeline(
      ReadableStream.from(expected) as unknown as NodeJS.ReadableStream,
      new ChunkTransform({ batchSize: 100 }),
      new WritableStream<Chunk>({
        write: (chunk) => void chunks.push(chunk),
      }) as unknown as NodeJS.WritableStream,
    );
    expect(chunks.map(({ count }) => count)).toEqual([100, 100, 50]);
    expect(chunks.flatMap((chunk) => chunk.records)).toEqual(expected);
  });

  test('Duplex.toWeb, as one side of web streams', async () => {
    const { Duplex } = await import('node:stream');
    const pair = Duplex.toWeb(new ChunkTransform({ batchSize: 100 }));
    const chunks: Chunk[] = [];
    for await (const chunk of ReadableStream.from(expected).pipeThrough(pair as never))
      chunks.push(chunk as Chunk);
    expect(chunks.flatMap((chunk) => chunk.records)).toEqual(expected);
  });
});

describe('Our stages work', () => {
  test('inside a chain of stream-chain', async () => {
    const chunks = await chunksOf(
      Readable.from([Buffer.from(expected.map((record) => `${JSON.stringify(record)}\n`).join(''))]),
      chain([
        decode('ndjson'),
        transform((record: { id: string }) => (Number(record.id) % 2 === 0 ? record : null)),
        new ChunkTransform({ batchSize: 100 }),
        (chunk: unknown) => chunk,
      ]) as unknown as NodeJS.ReadWriteStream,
    );
    expect(chunks.map(({ count }) => count)).toEqual([100, 25]);
  });

  test('with records() between blocks and a stream that wants single records', async () => {
    const seen: unknown[] = [];
    await pipeline(
      Readable.from(lineBlocks(expected, [60, 1])),
      records(),
      async function* (source: AsyncIterable<unknown>) {
        for await (const record of source) yield record;
      },
      new ChunkTransform({ batchSize: 100 }),
      records(),
      async (source: AsyncIterable<unknown>) => {
        for await (const record of source) seen.push(record);
      },
    );
    expect(seen).toEqual(expected);
  });

  test('when the reader leaves early: everything upstream is closed', async () => {
    let isClosed = false;
    async function* source() {
      try {
        yield* endless();
      } finally {
        isClosed = true;
      }
    }
    const stage = new ChunkTransform<number>({ batchSize: 100 });
    const input = Readable.from(source());
    const piped = pipeline(input, stage).catch((error: unknown) => error);
    for await (const chunk of stage as AsyncIterable<Chunk<number>>) {
      expect(chunk.count).toBe(100);
      break;
    }
    expect(await piped).toMatchObject({ name: 'AbortError' });
    expect([input.destroyed, isClosed]).toEqual([true, true]);
  });
});

describe('records()', () => {
  test.each([
    ['null', [1, null, 2]],
    ['undefined', [1, undefined, 2]],
  ])('fails at %s, which a stream would take for its end', async (what, content) => {
    const flattened = pipeline(Readable.from(objectBlocks(content, [3])), records(), async (source) => {
      for await (const _ of source);
    });
    await expect(flattened).rejects.toMatchObject({
      code: 'REFUSED_RECORD',
      message: `test (record 2): A stream of single records cannot carry ${what}`,
    });
  });

  test('lets 0, false and the empty text pass', async () => {
    const seen: unknown[] = [];
    await pipeline(Readable.from(objectBlocks([0, false, ''], [2])), records(), async (source) => {
      for await (const record of source) seen.push(record);
    });
    expect(seen).toEqual([0, false, '']);
  });
});

test('RetryingWriter takes blocks without a ChunkTransform, each as one chunk, and nothing else', async () => {
  const counts: number[] = [];
  await pipeline(
    Readable.from(objectBlocks(numbers(30), [20])),
    new RetryingWriter(async (batch: readonly unknown[]) => void counts.push(batch.length)),
  );
  expect(counts).toEqual([20, 10]);
  await expect(pipeline(Readable.from([1]), new RetryingWriter(async () => {}))).rejects.toThrow(
    'RetryingWriter input must be a chunk (put a ChunkTransform before the RetryingWriter), got 1',
  );
});

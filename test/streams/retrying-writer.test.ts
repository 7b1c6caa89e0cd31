import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test, vi } from 'vitest';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { Tally } from '../../src/core/tally.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { RetryingWriter, type RetryingWriterOptions } from '../../src/streams/retrying-writer.ts';
import { lineBlocks } from '../core/made-blocks.ts';

const rows = Array.from({ length: 250 }, (_, id) => ({ id }));

/** Writes the rows; of each chunk the first record is refused by name. */
async function run(options: RetryingWriterOptions) {
  const tally = new Tally();
  const refuseFirst = () => {
    throw new PartialWriteError(new Map([[0, new Error('no')]]));
  };
  const stages = [
    Readable.from(rows),
    new ChunkTransform({ batchSize: 100, tally }),
    new RetryingWriter(refuseFirst, { ...options, tally }),
  ] as const;
  const error: unknown = await pipeline(stages).catch((thrown: unknown) => thrown);
  return { tally, error };
}

test('RetryingWriter sets refused records aside, counts them, and leaves the letters open', async () => {
  const kept: DeadLetter[] = [];
  let closed = 0;
  const seen: number[] = [];
  const { tally, error } = await run({
    deadLetters: { add: async (letter) => void kept.push(letter), close: async () => void closed++ },
    onSetAside: ({ chunk, index }) => void seen.push(chunk.position(index).record),
  });
  expect(error).toBeUndefined();
  expect(kept.map(({ position }) => position.record)).toEqual([1, 101, 201]);
  expect(seen).toEqual([1, 101, 201]);
  expect(tally).toMatchObject({ read: 250, written: 247, refused: 3, deadLettered: 3, chunks: 3 });
  expect(tally.unaccounted()).toEqual([]);
  expect(closed).toBe(0);
});

test('RetryingWriter ends at the first refused record when there is no place for it', async () => {
  const { tally, error } = await run({});
  expect(error).toMatchObject({ code: 'WRITE_FAILED', taken: 99, refused: 1 });
  expect(tally).toMatchObject({ written: 99, refused: 1, deadLettered: 0 });
  expect(tally.unaccounted()[0]).toMatchObject({ from: 1, to: 1 });
});

test('RetryingWriter opens no sink when an option of its delivery is wrong', async () => {
  const open = vi.fn(async () => {});
  const sink: Sink = { name: 'shop', guarantee: 'at-least-once', open, write: async () => {} };
  expect(() => new RetryingWriter(sink, { maxRetries: -1 })).toThrow('maxRetries must be an integer');
  await new Promise((resolve) => setImmediate(resolve));
  expect(open).not.toHaveBeenCalled();
});

test('RetryingWriter decodes a chunk once, however often it is tried, and forgets it when it is written and told of', async () => {
  let decoded = 0;
  const taken: unknown[] = [];
  const told: unknown[] = [];
  const blocks = [...lineBlocks(rows, [100], () => decoded++)];
  const sink: Sink = {
    name: 'shop',
    guarantee: 'at-least-once',
    write: async (chunk, { attempt }) => {
      const { length } = chunk.records;
      if (attempt < 3) throw Object.assign(new Error('busy'), { code: 'ECONNRESET' });
      taken.push(length);
    },
  };
  const onWritten = (chunk: { readonly records: readonly unknown[] }) => void told.push(chunk.records.length);
  await pipeline(
    Readable.from(blocks),
    new RetryingWriter(sink, { initialDelayMs: 1, onWritten, concurrency: 3 }),
  );
  expect([taken.toSorted(), told, decoded]).toEqual([[100, 100, 50], [100, 100, 50], 3]);
  expect(blocks.flatMap((block) => block.records)).toEqual(rows);
  expect(decoded).toBe(6);
});

test.each([
  [1_000, 1, 2_000],
  [5_000, 1, 6_000],
  [5_000, 2, 11_000],
])('While %i records are written, %i times at once, %i are read', async (batchSize, concurrency, most) => {
  let read = 0;
  let written = 0;
  const seen: number[] = [];
  function* records() {
    while (read < 20_000) yield { id: read++ };
  }
  const sink: Sink = {
    name: 'slow',
    guarantee: 'at-least-once',
    async write(chunk) {
      let before = -1;
      for (; before < read; await new Promise((resolve) => setTimeout(resolve, 5))) before = read;
      seen.push(read - written);
      written += chunk.count;
    },
  };
  const source = Readable.from(records(), { highWaterMark: 1 });
  await pipeline(source, new ChunkTransform({ batchSize }), new RetryingWriter(sink, { concurrency }));
  expect(written).toBe(20_000);
  expect(Math.max(...seen)).toBeGreaterThanOrEqual(most);
  expect(Math.max(...seen)).toBeLessThan(most + 20);
});

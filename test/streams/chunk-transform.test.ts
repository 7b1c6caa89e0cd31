import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Chunk } from '../../src/core/chunk.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { Tally } from '../../src/core/tally.ts';
import { formatNamed } from '../../src/formats/format-named.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { chunksOf } from '../support/blocks.ts';

const BATCH_SIZES = [100, 999, 1_000, 1_001];
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Records 0 … count−1 in blocks of the given sizes, over and over. */
function* blocksOf(count: number, sizes: readonly number[]): Generator<RecordBlock<number>> {
  for (let from = 0, i = 0; from < count; i++) {
    const to = Math.min(from + sizes[i % sizes.length]!, count);
    const records = numbers(to - from).map((n) => n + from);
    yield new ObjectBlock({
      source: 'test',
      start: { source: 0, records: from },
      end: { source: 0, records: to },
      records,
    });
    from = to;
  }
}

function expectWhole(chunks: readonly Chunk<number>[], count: number, batchSize: number): void {
  const sizes = chunks.map((chunk) => chunk.count);
  const full = Math.floor(count / batchSize);
  expect(sizes).toEqual([
    ...Array<number>(full).fill(batchSize),
    ...(count % batchSize > 0 ? [count % batchSize] : []),
  ]);
  expect(chunks.map(({ index }) => index)).toEqual(numbers(chunks.length));
  let next = 0;
  for (const chunk of chunks)
    for (const record of chunk.records)
      if (record !== next++) throw new Error(`${record} is not ${next - 1}`);
  expect(next).toBe(count);
}

describe('ChunkTransform', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each(
    BATCH_SIZES.flatMap((size) => [0, 1, size - 1, size, size + 1, 2 * size].map((count) => [count, size])),
  )('makes whole chunks of %i plain records at a batch size of %i', async (count, batchSize) => {
    expectWhole(await chunksOf(numbers(count), new ChunkTransform({ batchSize })), count, batchSize);
    expectWhole(
      await chunksOf(blocksOf(count, [7, 450]), new ChunkTransform({ batchSize })),
      count,
      batchSize,
    );
  });

  test('cuts by bytes, and gives a record that is larger a chunk of its own', async () => {
    const records = ['a', 'b', 'x'.repeat(50), 'c', 'd'];
    const chunks = await chunksOf(records, new ChunkTransform({ maxBytes: 10 }));
    expect(chunks.map((chunk) => chunk.records)).toEqual([['a', 'b'], ['x'.repeat(50)], ['c', 'd']]);
  });

  test('cuts by age, and leaves no timer', async () => {
    vi.useFakeTimers();
    const stage = new ChunkTransform({ maxWaitMs: 1_000 });
    const chunks: unknown[] = [];
    stage.on('data', (chunk: Chunk) => chunks.push(chunk.records));
    stage.write('a');
    stage.write('b');
    await vi.advanceTimersByTimeAsync(999);
    expect(chunks).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(chunks).toEqual([['a', 'b']]);
    stage.write('c');
    stage.end();
    await vi.advanceTimersByTimeAsync(1);
    expect(chunks).toEqual([['a', 'b'], ['c']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('goes on filling a chunk that is overdue while the one before has not been taken', async () => {
    vi.useFakeTimers();
    const stage = new ChunkTransform({ maxWaitMs: 10 });
    stage.write('a');
    await vi.advanceTimersByTimeAsync(10);
    stage.write('b');
    await vi.advanceTimersByTimeAsync(50);
    stage.write('c');
    await vi.advanceTimersByTimeAsync(50);
    expect(stage.readableLength).toBe(1);
    expect((stage.read() as Chunk).records).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(50);
    expect((stage.read() as Chunk).records).toEqual(['b', 'c']);
    stage.destroy();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('loses and repeats nothing under all three triggers together', async () => {
    const ended = { byCount: 0, byBytes: 0, byAge: 0 };
    const property = fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 150 }), fc.integer({ min: 0, max: 15 })), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.oneof(fc.integer({ min: 20, max: 300 }), fc.integer({ min: 300, max: 3_000 })),
      fc.integer({ min: 0, max: 12 }),
      async (arrivals, maxBytes, readerDelay) => {
        vi.useFakeTimers();
        const stage = new ChunkTransform<number>({ batchSize: 100, maxBytes, maxWaitMs: 10 });
        const source = arrivals.reduce((sum, [count]) => sum + count, 0);
        const seen: number[] = [];
        const sizes: number[] = [];
        const bytesOf = (chunk: Chunk<number>) =>
          chunk.records.reduce((sum, _, i) => sum + chunk.byteLength(i) + 1, 0);
        const reading = (async () => {
          for await (const chunk of stage as AsyncIterable<Chunk<number>>) {
            sizes.push(chunk.count);
            const bytes = bytesOf(chunk);
            expect(chunk.count).toBeLessThanOrEqual(100);
            if (chunk.count > 1) expect(bytes).toBeLessThanOrEqual(maxBytes);
            const isLast = seen.length + chunk.count === source;
            if (chunk.count === 100) ended.byCount++;
            // the next record, of up to five bytes, would have been too much
            else if (bytes + 5 > maxBytes) ended.byBytes++;
            else if (!isLast) ended.byAge++;
            seen.push(...chunk.records);
            if (readerDelay > 0) await new Promise((resolve) => setTimeout(resolve, readerDelay));
          }
        })();
        const writing = (async () => {
          let next = 0;
          for (const [count, pause] of arrivals) {
            const [block] = blocksOf(count, [count]);
            const records = block!.records.map((record) => record + next);
            const start = { source: 0, records: next };
            next += count;
            const item = new ObjectBlock({
              source: 'test',
              start,
              end: { source: 0, records: next },
              records,
            });
            if (!stage.write(item)) await new Promise((resolve) => stage.once('drain', resolve));
            if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
          }
          stage.end();
        })();
        await vi.runAllTimersAsync();
        await Promise.all([reading, writing]);
        expect(seen).toEqual(numbers(source));
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        expect(vi.getTimerCount()).toBe(0);
        vi.useRealTimers();
      },
    );
    await fc.assert(property, { numRuns: 300 });
    for (const times of Object.values(ended)) expect(times).toBeGreaterThan(50);
  });

  test('never has more than one chunk waiting while one is filled', async () => {
    const pulled: number[] = [];
    let taken = 0;
    async function* source() {
      for (const block of blocksOf(2_000, [50])) {
        pulled.push(block.end.records - taken);
        yield block;
      }
    }
    const stage = new ChunkTransform<number>({ batchSize: 100 });
    const { Writable } = await import('node:stream');
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      async write(chunk: Chunk<number>, _encoding, callback) {
        await sleep(1);
        taken += chunk.count;
        callback();
      },
    });
    const { pipeline } = await import('node:stream/promises');
    const { Readable } = await import('node:stream');
    await pipeline(Readable.from(source(), { highWaterMark: 1 }), stage, slow);
    // the chunk that is written, the one that is filled or waits, and two blocks on their way
    expect(Math.max(...pulled)).toBeLessThanOrEqual(100 + 100 + 3 * 50);
    expect(taken).toBe(2_000);
  });

  test('makes one chunk at a time of a large block, when it is asked for', async () => {
    const stage = new ChunkTransform<number>({ batchSize: 100 });
    for (const block of blocksOf(5_000, [5_000])) stage.write(block);
    await sleep(5);
    expect(stage.readableLength).toBe(1);
    let count = 0;
    stage.end();
    for await (const chunk of stage as AsyncIterable<Chunk<number>>) count += chunk.count;
    expect(count).toBe(5_000);
  });

  test('lowers its size to what a sink takes', async () => {
    const chunks = await chunksOf(numbers(25), new ChunkTransform({ limits: { records: 10 } }));
    expect(chunks.map((chunk) => chunk.count)).toEqual([10, 10, 5]);
  });

  test('counts plain records as read', async () => {
    const tally = new Tally();
    await chunksOf(numbers(5), new ChunkTransform({ tally, name: 'numbers' }));
    expect(tally.read).toBe(5);
    expect(tally.unaccounted()).toEqual([{ source: 'numbers', from: 1, to: 5 }]);
  });

  test.each([
    [{ batchSize: 99 }, 'batchSize must be an integer from 100 to 10,000, or "adaptive", got 99'],
    [{ batchSize: 10_001 }, 'batchSize must be an integer from 100 to 10,000, or "adaptive", got 10001'],
    [{ batchSize: Number.NaN }, 'batchSize must be an integer from 100 to 10,000, or "adaptive", got NaN'],
    [
      { batchSize: '500' as never },
      'batchSize must be an integer from 100 to 10,000, or "adaptive", got "500"',
    ],
    [{ maxBytes: 0 }, 'maxBytes must be an integer from 1'],
    [{ maxWaitMs: 2 ** 31 }, 'maxWaitMs must be an integer from 1 to 2,147,483,647, got 2147483648'],
  ])('refuses %j', (options, message) => {
    expect(() => new ChunkTransform(options)).toThrow(RangeError);
    expect(() => new ChunkTransform(options)).toThrow(message);
  });
});

describe('The id of a chunk', () => {
  const bytes = Buffer.from(
    numbers(250)
      .map((id) => JSON.stringify({ id }))
      .join('\n'),
  );
  const idsOf = async (content: Uint8Array, size: number, source = 'a.ndjson') => {
    const decoder = formatNamed('ndjson').decoder({ source, sourceIndex: 0 });
    const blocks: unknown[] = [];
    for (let at = 0; at < content.length; at += size)
      blocks.push(...(decoder.decode(content.subarray(at, at + size)) as Iterable<unknown>));
    blocks.push(...(decoder.end() as Iterable<unknown>));
    return (await chunksOf(blocks, new ChunkTransform({ batchSize: 100 }))).map(({ id }) => id);
  };

  test('is the same for the same bytes of the same source, however they arrive', async () => {
    const whole = await idsOf(bytes, bytes.length);
    expect(new Set(whole).size).toBe(3);
    for (const size of [1, 7, 64, 1_000]) expect(await idsOf(bytes, size)).toEqual(whole);
  });

  test('differs for another source, another place and another content', async () => {
    const [first] = await idsOf(bytes, 1_000);
    const [otherSource] = await idsOf(bytes, 1_000, 'b.ndjson');
    const [otherPlace] = await idsOf(Buffer.concat([Buffer.from('{"id":0}\n'), bytes]), 1_000);
    const changed = Buffer.from(bytes);
    changed[6] = 0x39;
    const [otherContent] = await idsOf(changed, 1_000);
    expect(new Set([first, otherSource, otherPlace, otherContent]).size).toBe(4);
  });
});

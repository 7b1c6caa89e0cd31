import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { Sink } from '../../src/core/sink.ts';
import { Tally } from '../../src/core/tally.ts';
import { HttpError, wait } from '../../src/failures/index.ts';
import { ChunkTransform, type ChunkTransformOptions } from '../../src/streams/chunk-transform.ts';
import { RetryingWriter, type RetryingWriterOptions } from '../../src/streams/retrying-writer.ts';
import { freezeTime, inVirtualTime } from '../simulation/virtual-time.ts';

beforeEach(freezeTime);
afterEach(() => {
  vi.useRealTimers();
});

interface Load {
  /** Milliseconds of a write, or the error that comes of it. */
  readonly takes: (chunk: Chunk<number>, underWay: number) => number | Error;
  readonly records?: number;
  readonly limits?: Sink['limits'];
  readonly options?: RetryingWriterOptions<number>;
  readonly chunking?: ChunkTransformOptions;
}

/** What a sink saw of the chunks, and what the writer told of its pace. */
interface Seen {
  /** Records of each chunk that was sent, as often as it was. */
  readonly counts: readonly number[];
  /** Chunks that were never sent whole. */
  readonly divided: number;
  /** How many were under way when each of them came, itself included. */
  readonly underWay: readonly number[];
  /** What the writer said when each was written. */
  readonly paces: readonly RetryingWriter['pace'][];
  readonly error: unknown;
  readonly tally: Tally;
  /** Most records that were read and not yet written, in chunks that may be in flight at that time, and one. */
  readonly mostWaiting: number;
}

async function run({ takes, records = 100_000, limits, options, chunking }: Load): Promise<Seen> {
  const counts: number[] = [];
  const underWay: number[] = [];
  const paces: RetryingWriter['pace'][] = [];
  const sent = new WeakSet<Chunk>();
  let divided = 0;
  const tally = new Tally();
  const open = new Set<Chunk>();
  let mostWaiting = 0;
  const sink: Sink<number> = {
    name: 'sink',
    guarantee: 'at-least-once',
    ...(limits !== undefined && { limits }),
    async write(chunk, { signal }) {
      open.add(chunk as Chunk);
      counts.push(chunk.count);
      sent.add(chunk as Chunk);
      underWay.push(open.size);
      try {
        const taken = takes(chunk, open.size);
        await wait(Math.ceil(typeof taken === 'number' ? taken : 1), signal);
        if (typeof taken !== 'number') throw taken;
        // by now everything that may be read is read
        const allowed = (writer.pace?.concurrency ?? 1) + 1;
        mostWaiting = Math.max(mostWaiting, (tally.read - tally.written) / chunk.count - allowed);
      } finally {
        open.delete(chunk as Chunk);
      }
    },
  };
  const writer = new RetryingWriter<number>(sink, {
    ...options,
    tally,
    onWritten: (chunk) => {
      paces.push(writer.pace);
      if (!sent.has(chunk)) divided++;
    },
  });
  const stages = [
    Readable.from(Array.from({ length: records }, (_, i) => i)),
    new ChunkTransform<number>({ batchSize: 100, ...chunking, tally }),
    writer,
  ] as const;
  const error: unknown = await inVirtualTime(pipeline(stages)).catch((thrown: unknown) => thrown);
  return { counts, divided, underWay, paces, error, tally, mostWaiting };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const overloaded = () => new HttpError(429, 'HTTP 429 Too Many Requests', 0);

describe("RetryingWriter with concurrency 'adaptive'", () => {
  const options = { concurrency: 'adaptive', initialDelayMs: 10 } as const;

  test('begins with one chunk, and settles near what the sink does as quickly as one', async () => {
    const { underWay, tally, error } = await run({
      takes: (_, count) => 100 * Math.max(count / 6, 1),
      options,
    });
    expect(error).toBeUndefined();
    expect(tally.written).toBe(100_000);
    expect(underWay.slice(0, 2)).toEqual([1, 1]);
    expect(mean(underWay.slice(300))).toBeGreaterThan(5);
    expect(mean(underWay.slice(300))).toBeLessThan(10);
  });

  test('backs off from a sink that asks for time, and loses nothing', async () => {
    const { underWay, tally } = await run({
      takes: (_, count) => (count > 5 ? overloaded() : 100),
      options: { ...options, maxRetries: 100 },
    });
    expect(tally.written).toBe(100_000);
    expect(tally.unaccounted()).toEqual([]);
    expect(tally.retries).toBeGreaterThan(0);
    // each time the brake closes, they come back one after another
    expect(mean(underWay.slice(300))).toBeGreaterThan(2);
    expect(Math.max(...underWay)).toBeLessThanOrEqual(7);
  });

  test('keeps as many chunks as it may write, and one, in memory', async () => {
    const { mostWaiting, paces } = await run({
      takes: (_, count) => 100 * Math.max(count / 6, 1),
      options,
      records: 30_000,
    });
    expect(Math.max(...paces.map((pace) => pace!.concurrency))).toBeGreaterThan(5);
    // a chunk is read a little beyond, on its way through the streams; a limit that falls leaves those that are in flight
    expect(mostWaiting).toBeLessThan(1.5);
  });

  test('tells how many are in flight, and how many may be', async () => {
    const { paces } = await run({ takes: () => 100, options, records: 10_000 });
    for (const pace of paces) expect(pace!.inFlight).toBeLessThanOrEqual(pace!.concurrency);
    expect(paces.some((pace) => pace!.concurrency > 5 && pace!.inFlight > 5)).toBe(true);
    expect(paces.every((pace) => pace!.batchSize === undefined)).toBe(true);
  });
});

describe("RetryingWriter behind a ChunkTransform with batchSize 'adaptive'", () => {
  const chunking = { batchSize: 'adaptive' } as const;

  test('begins with 1,000 records, and climbs while larger chunks bring more records per second', async () => {
    const { counts, tally, paces } = await run({
      takes: ({ count }) => 500 + count * 0.05,
      records: 600_000,
      chunking,
    });
    expect(tally.written).toBe(600_000);
    expect(counts[0]).toBe(1_000);
    expect(Math.max(...counts)).toBe(10_000);
    expect(paces.at(-1)).toMatchObject({ concurrency: 1, batchSize: expect.any(Number) as number });
  });

  test.each<[string, () => Error]>([
    ['are too large', () => new HttpError(413, 'HTTP 413 Content Too Large', undefined)],
    ['time out', () => new HttpError(504, 'HTTP 504 Gateway Timeout', undefined)],
  ])('halves chunks that %s, and writes them all', async (_, failure) => {
    let refused = 0;
    const { counts, tally, error } = await run({
      takes: (chunk) => (chunk.count > 400 && refused++ < 3 ? failure() : 10),
      records: 60_000,
      options: { initialDelayMs: 0, maxRetries: 10 },
      chunking,
    });
    expect(error).toBeUndefined();
    expect(tally.written).toBe(60_000);
    const smallest = Math.min(...counts.slice(0, 20));
    expect(smallest).toBeLessThanOrEqual(500);
    expect(smallest).toBeGreaterThanOrEqual(100);
  });

  test('halves them after its own timeout, too', async () => {
    let attempts = 0;
    const { counts, tally } = await run({
      takes: () => (attempts++ === 0 ? 5_000 : 10),
      records: 20_000,
      options: { timeoutMs: 1_000, initialDelayMs: 0 },
      chunking,
    });
    expect(counts.slice(0, 5)).toEqual([1_000, 1_000, 1_000, 1_000, 500]);
    expect(tally).toMatchObject({ written: 20_000, retries: 1 });
  });

  test('comes back from sizes that are known to be too large, so that chunks need not be divided', async () => {
    const bytesOf = (chunk: Chunk<number>) => chunk.ndjson().length; // more and more a record
    const { divided, paces, tally } = await run({
      takes: (chunk) =>
        bytesOf(chunk) > 4_000 ? new HttpError(413, 'HTTP 413 Content Too Large', undefined) : 100,
      records: 150_000,
      chunking,
    });
    expect(tally.written).toBe(150_000);
    expect(divided).toBeGreaterThan(0);
    expect(divided).toBeLessThan(paces.length / 10);
    expect(mean(paces.slice(20).map((pace) => pace!.batchSize!))).toBeGreaterThan(300);
  });

  test('keeps within the limits of the sink', async () => {
    const { counts } = await run({ takes: () => 100, limits: { records: 150 }, records: 5_000, chunking });
    expect(Math.max(...counts)).toBeLessThanOrEqual(150);
    const few = await run({ takes: () => 1, limits: { records: 1 }, records: 150, chunking });
    expect(few.counts).toEqual(Array.from({ length: 150 }, () => 1));
  });

  test('leaves a single record that is too large to the dead letters, and halves once for it', async () => {
    const letters: number[] = [];
    const { counts, paces, tally } = await run({
      takes: ({ records, count }) =>
        records.includes(555) ? new HttpError(413, 'HTTP 413 Content Too Large', undefined) : count,
      records: 20_000,
      options: {
        deadLetters: {
          add: async ({ position }) => void letters.push(position.record),
          close: async () => {},
        },
      },
      chunking,
    });
    expect(letters).toEqual([556]);
    expect(tally).toMatchObject({ written: 19_999, deadLettered: 1 });
    expect(counts).toContain(1);
    expect(paces[0]!.batchSize).toBe(500);
  });
});

test('RetryingWriter finds a size and a number of chunks at the same time', async () => {
  const { paces, tally } = await run({
    takes: ({ count }, underWay) => (50 + count * 0.02) * Math.max(underWay / 6, 1),
    records: 2_000_000,
    options: { concurrency: 'adaptive' },
    chunking: { batchSize: 'adaptive' },
  });
  expect(tally.written).toBe(2_000_000);
  const late = paces.slice(paces.length / 2);
  expect(mean(late.map((pace) => pace!.concurrency))).toBeGreaterThan(4);
  expect(mean(late.map((pace) => pace!.concurrency))).toBeLessThan(20); // one hides a part of what the other does
  expect(mean(late.map((pace) => pace!.batchSize!))).toBeGreaterThan(2_000);
});

test.each([
  ['one chunk at a time', {}, 0],
  ['three chunks at a time', { concurrency: 3 }, 3],
])('RetryingWriter tells of its pace where that is not always the same: %s', async (_, options, most) => {
  const { paces } = await run({ takes: ({ index }) => 10 + index, records: 2_000, options });
  expect(paces).toHaveLength(20);
  if (most === 0) expect(new Set(paces)).toEqual(new Set([undefined]));
  else expect(Math.max(...paces.map((pace) => pace!.inFlight))).toBe(most);
});

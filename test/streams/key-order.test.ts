import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { Sink } from '../../src/core/sink.ts';
import { Tally } from '../../src/core/tally.ts';
import { HttpError } from '../../src/failures/index.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { decode } from '../../src/streams/decode.ts';
import type { OrderBy } from '../../src/streams/key-order.ts';
import { RetryingWriter, type RetryingWriterOptions } from '../../src/streams/retrying-writer.ts';
import { randomFrom } from '../../src/testing/random.ts';

interface Row {
  readonly id: number;
  readonly key?: unknown;
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

/** A sink in which chunks take as long as they like, and may fail for a while; `stored` are its rows as they came. */
class Place implements Sink<Row> {
  readonly name = 'place';
  readonly guarantee = 'at-least-once';
  readonly stored: Row[] = [];
  /** Keys in two chunks at the same time. */
  readonly clashes: unknown[] = [];
  mostAtOnce = 0;
  readonly #open = new Set<Chunk<Row>>();
  readonly #act: (chunk: Chunk<Row>, attempt: number) => Promise<void>;
  readonly #keyOf: (row: Row) => unknown;

  constructor(act: (chunk: Chunk<Row>, attempt: number) => Promise<void>, keyOf = ({ key }: Row) => key) {
    this.#act = act;
    this.#keyOf = keyOf;
  }

  async write(chunk: Chunk<Row>, { attempt }: { readonly attempt: number }): Promise<void> {
    for (const other of this.#open) this.clashes.push(...this.#shared(chunk, other));
    this.#open.add(chunk);
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open.size);
    try {
      await this.#act(chunk, attempt);
      this.stored.push(...chunk.records);
    } finally {
      this.#open.delete(chunk);
    }
  }

  #shared(chunk: Chunk<Row>, other: Chunk<Row>): readonly unknown[] {
    const theirs = new Set(other.records.map(this.#keyOf));
    return chunk.records.map(this.#keyOf).filter((key) => key !== undefined && theirs.has(key));
  }
}

interface Ran {
  readonly error: unknown;
  readonly tally: Tally;
}

async function write(
  rows: Iterable<Row> | AsyncIterable<Row>,
  place: Sink<Row>,
  options: RetryingWriterOptions<Row>,
): Promise<Ran> {
  const tally = new Tally();
  const stages = [
    Readable.from(rows),
    new ChunkTransform({ batchSize: 100, tally }),
    new RetryingWriter<Row>(place, { concurrency: 4, initialDelayMs: 0, ...options, tally }),
  ] as const;
  const error: unknown = await pipeline(stages).catch((thrown: unknown) => thrown);
  return { error, tally };
}

/** Rows of which each run of 100, a chunk, holds the keys of one letter. */
const lettered = (letters: string) =>
  letters
    .split('')
    .flatMap((key, chunk) => Array.from({ length: 100 }, (_, i) => ({ id: chunk * 100 + i, key })));

describe('RetryingWriter with orderBy', () => {
  test('writes nothing more of a key when a chunk of it has failed, though others are still being written', async () => {
    const place = new Place(async ({ index }) => {
      if (index === 0) await turns(60);
      if (index === 1) throw new HttpError(400, 'HTTP 400', undefined);
    });
    async function* rows() {
      const all = lettered('zaba');
      yield* all.slice(0, 300);
      await turns(20);
      yield* all.slice(300);
    }
    const { error, tally } = await write(rows(), place, { orderBy: 'key' });
    expect(error).toMatchObject({ code: 'WRITE_FAILED' });
    expect(tally).toMatchObject({ written: 200 });
    expect(new Set(place.stored.map(({ key }) => key))).toEqual(new Set(['z', 'b']));
  });

  test('writes every record once, those of a key in the order of the source and never two chunks of them at once', async () => {
    const plans = fc.record({
      seed: fc.integer(),
      keys: fc.constantFrom(1, 100, 3_000, 30_000, 1_000_000),
      concurrency: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.constant('adaptive' as const)),
      failing: fc.double({ min: 0, max: 0.5, noNaN: true }),
      isPath: fc.boolean(),
    });
    let atOnce = 0;
    const property = fc.asyncProperty(plans, async ({ seed, keys, concurrency, failing, isPath }) => {
      const random = randomFrom(seed);
      const rows = Array.from({ length: 1_250 }, (_, id) => ({ id, key: Math.floor(random() * keys) }));
      const place = new Place(async (_chunk, attempt) => {
        await turns(Math.floor(random() * 8));
        if (attempt <= 3 && random() < failing) throw new HttpError(503, 'HTTP 503', 0);
      });
      const orderBy: OrderBy<Row> = isPath ? 'key' : ({ key }) => key;
      // several chunks may be refused in a row, each three times: not enough to give up the sink
      const { error, tally } = await write(rows, place, { concurrency, orderBy, maxRetries: 12 });
      expect(error).toBeUndefined();
      expect(tally).toMatchObject({ written: 1_250 });
      expect(place.stored.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(rows.map(({ id }) => id));
      expect(place.clashes).toEqual([]);
      const last = new Map<unknown, number>();
      for (const { id, key } of place.stored) {
        expect(id).toBeGreaterThan(last.get(key) ?? -1);
        last.set(key, id);
      }
      atOnce = Math.max(atOnce, place.mostAtOnce);
    });
    await fc.assert(property, { numRuns: 60 });
    expect(atOnce).toBeGreaterThan(2);
  });

  test('lets chunks without a key in common overtake those that wait', async () => {
    const begun: string[] = [];
    const place = new Place(async ({ records }) => {
      begun.push(String(records[0]!.key));
      await turns(begun.length === 1 ? 20 : 1);
    });
    await write(lettered('AABC'), place, { orderBy: 'key' });
    expect(begun).toEqual(['A', 'B', 'C', 'A']);
  });

  test('reports chunks in the order of the source all the same', async () => {
    const reported: number[] = [];
    const place = new Place(async ({ index }) => turns(10 - index));
    await write(lettered('AABC'), place, {
      orderBy: 'key',
      onWritten: ({ index }) => void reported.push(index),
    });
    expect(reported).toEqual([0, 1, 2, 3]);
  });

  test('keeps the keys of a chunk until its last retry is done, and what follows it is noted', async () => {
    const steps: string[] = [];
    const place = new Place(async ({ index }, attempt) => {
      steps.push(`${index} attempt ${attempt}`);
      await turns(2);
      if (index === 0 && attempt < 3) throw new HttpError(503, 'HTTP 503', 0);
    });
    const onTaken = async ({ index }: Chunk) => {
      await turns(5);
      steps.push(`${index} noted`);
    };
    await write(lettered('AA'), place, { orderBy: 'key', onTaken });
    expect(steps).toEqual(['0 attempt 1', '0 attempt 2', '0 attempt 3', '0 noted', '1 attempt 1', '1 noted']);
  });

  test('writes no chunk behind one of its keys that failed, and counts it as not written', async () => {
    const place = new Place(async ({ index }) => {
      await turns(3);
      if (index === 1) throw new HttpError(401, 'HTTP 401 Unauthorized', undefined);
      await turns(10);
    });
    const { error, tally } = await write(lettered('CABA'), place, { orderBy: 'key' });
    expect(error).toMatchObject({ code: 'WRITE_FAILED', chunk: { index: 1 } });
    expect(new Set(place.stored.map(({ key }) => key))).toEqual(new Set(['C', 'B']));
    expect(tally.written).toBe(200);
    expect(tally.unaccounted().map(({ from, to }) => [from, to])).toEqual([
      [101, 200],
      [301, 400],
    ]);
  });

  test('begins none of the chunks that wait when another one has failed, and ends what is being written', async () => {
    const place = new Place(async ({ index }) => {
      await turns(3);
      if (index === 0) throw new HttpError(401, 'HTTP 401 Unauthorized', undefined);
      await turns(10);
    });
    const { error, tally } = await write(lettered('BAA'), place, { orderBy: 'key' });
    expect(error).toMatchObject({ code: 'WRITE_FAILED', chunk: { index: 0 } });
    expect(place.stored.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i));
    expect(tally.unaccounted().map(({ from, to }) => [from, to])).toEqual([
      [1, 100],
      [201, 300],
    ]);
  });

  test('begins none of the chunks that wait when the run is aborted', async () => {
    const stopping = new AbortController();
    const begun: number[] = [];
    const place = new Place(async ({ index }) => {
      begun.push(index);
      await turns(3);
      stopping.abort(new Error('enough'));
      await turns(3);
    });
    const { error, tally } = await write(lettered('AAAA'), place, {
      orderBy: 'key',
      signal: stopping.signal,
    });
    expect(error).toMatchObject({ code: 'ABORTED' });
    expect(begun).toEqual([0]);
    expect(tally.written).toBe(100);
    expect(tally.unaccounted().map(({ from, to }) => [from, to])).toEqual([[101, 400]]);
  });

  test.each([
    ['of null', null],
    ['of undefined', undefined],
  ])('lets records with a key %s go in any order', async (_, key) => {
    const rows = lettered('AAAA').map(({ id }) => ({ id, key }));
    const place = new Place(async () => turns(3));
    await write(rows, place, { orderBy: 'key' });
    expect(place.mostAtOnce).toBe(4);
  });

  test.each<[string, OrderBy<Row>]>([
    ['a function that makes objects', ({ key }) => ({ key })],
    ['a function that makes dates', ({ key }) => new Date(String(key).charCodeAt(0))],
    ['a column', 'key'],
    ['a list of keys', ['key']],
  ])('knows the same key by its content: %s', async (_, orderBy) => {
    const place = new Place(async () => turns(3));
    await write(lettered('AABB'), place, { orderBy });
    expect([place.clashes, place.mostAtOnce]).toEqual([[], 2]);
  });

  test.each([
    ['ndjson', (id: number, text: string) => `{"id":${id},"of":{"customer":${JSON.stringify(text)}}}`],
    ['csv', (id: number, text: string) => `${id},${text}`],
  ] as const)('reads keys from %s', async (format, line) => {
    const lines = lettered('AABB').map(({ id, key }) => `${line(id, key)}\n`);
    const bytes = Buffer.from(`${format === 'csv' ? 'id,customer\n' : ''}${lines.join('')}`);
    const orderBy = format === 'csv' ? 'customer' : 'of.customer';
    const keyOf = (row: unknown) =>
      format === 'csv'
        ? (row as { customer: string }).customer
        : (row as { of: { customer: string } }).of.customer;
    const place = new Place(async () => turns(3), keyOf);
    await pipeline(
      Readable.from([bytes]),
      decode<Row>(format),
      new ChunkTransform<Row>({ batchSize: 100 }),
      new RetryingWriter<Row>(place, { orderBy, concurrency: 4 }),
    );
    expect([place.clashes, place.mostAtOnce, place.stored.length]).toEqual([[], 2, 400]);
  });

  test.each<[string, OrderBy<Row>, string]>([
    [
      'throws',
      () => {
        throw new Error('no such customer');
      },
      'records (record 101): orderBy failed: no such customer',
    ],
    ['answers later', async () => 1, 'orderBy failed: a key must be known at once'],
  ])('fails at the record for which the function %s', async (_, fn, message) => {
    const place = new Place(async () => turns(3));
    const orderBy = (row: Row) => (row.id < 100 ? 'A' : (fn as (row: Row) => unknown)(row));
    const { error, tally } = await write(lettered('ABCD'), place, { orderBy });
    expect(error).toMatchObject({ code: 'TRANSFORM_FAILED' });
    expect((error as Error).message).toContain(message);
    expect(tally.written).toBe(100);
  });

  test.each([[3], [''], [[]], [[3]], [null], [{}]])('refuses %j as a key', (orderBy) => {
    const make = () => new RetryingWriter(async () => {}, { orderBy: orderBy as never });
    expect(make).toThrow(TypeError);
    expect(make).toThrow('orderBy must be a function of a record, or a path to its key');
  });
});

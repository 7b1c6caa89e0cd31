import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { flushable, many, none, stop } from 'stream-chain';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import { Tally } from '../../src/core/tally.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { RetryingWriter } from '../../src/streams/retrying-writer.ts';
import { transform } from '../../src/streams/transform.ts';
import { validate } from '../../src/streams/validate.ts';
import { lineBlocks, numbers, objectBlocks, text } from '../core/made-blocks.ts';
import { chunksOf } from '../support/blocks.ts';

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

function collectingLetters() {
  const letters: DeadLetter[] = [];
  return { letters, add: async (letter: DeadLetter) => void letters.push(letter), close: async () => {} };
}

function expectBalanced(tally: Tally): void {
  expect(tally.read + tally.added).toBe(tally.written + tally.filtered + tally.deadLettered);
  expect(tally.unaccounted()).toEqual([]);
}

/** Runs stages between plain records, gathered into small blocks, and a sink; gives what was written. */
async function written(
  input: Iterable<unknown> | AsyncIterable<unknown>,
  tally: Tally,
  ...stages: readonly NodeJS.ReadWriteStream[]
): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  const sink = async (records: readonly unknown[]) => void all.push(...records);
  await pipeline([
    readRecords(input as Iterable<unknown>, { tally }),
    ...stages,
    new ChunkTransform({ batchSize: 100, tally }),
    new RetryingWriter(sink, { tally }),
  ] as unknown as NodeJS.ReadWriteStream[]);
  return all;
}

describe('transform() stops', () => {
  const stopAt = fc.integer({ min: 0, max: 220 });
  const concurrencies = fc.integer({ min: 1, max: 9 });
  const delays = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 9 });

  test('at the record that says so, whatever the blocks, the waits and the concurrency', async () => {
    const property = fc.asyncProperty(
      stopAt,
      concurrencies,
      delays,
      fc.constantFrom('blocks', 'plain', 'lines'),
      async (last, concurrency, waits, way) => {
        const tally = new Tally();
        const stage = transform(
          async (n: number) => {
            await turns(waits[n % waits.length]!);
            return n >= last ? stop : n;
          },
          { concurrency, tally },
        );
        const made = {
          blocks: () => objectBlocks(numbers(200), [1, 2, 17]),
          plain: () => numbers(200),
          lines: () => lineBlocks(numbers(200), [50, 3]),
        }[way as 'plain']();
        const blocks = await chunksOf<number>(made, stage);
        expect(blocks.flatMap((block) => [...block.records])).toEqual(numbers(Math.min(last, 200)));
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });

  test('well: everything before is written, everything behind counts as not read', async () => {
    const property = fc.asyncProperty(
      stopAt,
      concurrencies,
      fc.boolean(),
      async (last, concurrency, isAsync) => {
        const tally = new Tally();
        const decide = (n: number) =>
          n === last ? stop : n % 3 === 0 ? null : n % 7 === 0 ? many([n, n]) : n;
        const stage = isAsync
          ? transform(async (n: number) => decide(n), { concurrency, tally })
          : transform(decide, { tally });
        const all = await written(numbers(200), tally, stage);
        const expected = numbers(Math.min(last, 200)).flatMap((n) =>
          n % 3 === 0 ? [] : n % 7 === 0 ? [n, n] : [n],
        );
        expect(all).toEqual(expected);
        expect(tally.read).toBe(Math.min(last + 1, 200));
        expectBalanced(tally);
      },
    );
    await fc.assert(property, { numRuns: 120 });
  });

  test('behind stages that added, filtered and set aside records of the same source', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 0, max: 450 }), async (last) => {
      const tally = new Tally();
      const deadLetters = collectingLetters();
      let seen = 0;
      const all = await written(
        numbers(200),
        tally,
        validate((n: number) => n % 11 !== 0, { onInvalid: 'dead-letter', deadLetters, tally }),
        transform((n: number) => (n % 2 === 0 ? many([n, n, n]) : n % 5 === 0 ? null : n), { tally }),
        transform((n: number) => (seen++ === last ? stop : n % 4 === 0 ? null : n), { tally }),
      );
      expect(all.length).toBe(tally.written);
      expectBalanced(tally);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  test('a source that never ends and waits for its next record', async () => {
    const tally = new Tally();
    async function* source() {
      yield* numbers(10);
      await new Promise(() => {});
    }
    const all = await written(
      source(),
      tally,
      transform((n: number) => (n === 5 ? stop : n), { tally }),
    );
    expect(all).toEqual(numbers(5));
    expectBalanced(tally);
  });

  test('and brings out what later functions hold back', async () => {
    let held: number[] = [];
    const pairs = flushable(
      (n: number) => {
        held.push(n);
        if (held.length < 2) return none;
        const pair = held;
        held = [];
        return pair;
      },
      () => held,
    ) as (n: number) => unknown;
    const blocks = await chunksOf(
      objectBlocks(numbers(10), [4]),
      transform<number, unknown>([(n: number) => (n === 5 ? stop : n), pairs]),
    );
    expect(blocks.flatMap((block) => [...block.records])).toEqual([[0, 1], [2, 3], [4]]);
  });
});

describe('transform() with an asynchronous function', () => {
  test('keeps order and bound over many tiny blocks and empty ones, and reaches the bound', async () => {
    for (const concurrency of [1, 2, 5, 16]) {
      let running = 0;
      let peak = 0;
      const stage = transform(
        async (n: number) => {
          peak = Math.max(peak, ++running);
          await turns(n % 4);
          running--;
          return n;
        },
        { concurrency },
      );
      const blocks = [...objectBlocks(numbers(120), [1, 2])].flatMap((block) => [block.slice(0, 0), block]);
      const made = await chunksOf<number>(blocks, stage);
      expect(made.flatMap((block) => [...block.records])).toEqual(numbers(120));
      expect(peak).toBeLessThanOrEqual(concurrency);
      expect(peak).toBeGreaterThanOrEqual(Math.min(concurrency, 4));
    }
  });

  test('fails at the first record in the order of the source, and begins none behind it', async () => {
    const begun: number[] = [];
    const stage = transform(
      async (n: number) => {
        begun.push(n);
        await turns(n === 3 ? 5 : 0);
        if (n === 3 || n === 4) throw new Error(`no ${n}`);
        return n;
      },
      { concurrency: 3 },
    );
    await expect(chunksOf(objectBlocks(numbers(50), [50]), stage)).rejects.toMatchObject({
      code: 'TRANSFORM_FAILED',
      message: 'test (record 4): no 3',
    });
    expect(begun.length).toBeLessThanOrEqual(8);
  });

  test('waits for promises of other libraries', async () => {
    const thenable = (value: unknown) => ({
      // biome-ignore lint/suspicious/noThenProperty: what is tested
      then(resolve: (value: unknown) => unknown) {
        setImmediate(resolve, value);
        return 'not a promise';
      },
    });
    const doubled = await chunksOf(
      numbers(3),
      transform((n: number) => thenable(n * 2) as never),
    );
    expect(doubled.flatMap((block) => [...block.records])).toEqual([0, 2, 4]);
    const valid = chunksOf(
      numbers(3),
      validate((n: number) => thenable(n < 2) as never),
    );
    await expect(valid).rejects.toThrow('records (record 3): The record is not valid');
  });
});

describe('transform() hands its function', () => {
  test('records that are null or look like signs, as they are', async () => {
    const odd = [null, { then: 1 }, { next: 'x' }, { values: [1] }, [], 0, ''];
    const seen: unknown[] = [];
    const blocks = await chunksOf(
      objectBlocks(odd, [7]),
      transform((record: unknown) => {
        seen.push(record);
        return { record };
      }),
    );
    expect(seen).toEqual(odd);
    expect(blocks.flatMap((block) => [...block.records])).toEqual(odd.map((record) => ({ record })));
  });
});

describe('validate() with a predicate', () => {
  test('sets records aside without giving up the bytes of the others', async () => {
    const deadLetters = collectingLetters();
    const tally = new Tally();
    const stage = validate((n: number) => n % 10 !== 3, { onInvalid: 'dead-letter', deadLetters, tally });
    const chunks = await chunksOf<number>(
      lineBlocks(numbers(100), [30]),
      stage,
      new ChunkTransform({ batchSize: 100 }),
    );
    const kept = numbers(100).filter((n) => n % 10 !== 3);
    expect(chunks).toHaveLength(1);
    expect(chunks[0]!.blocks.every(({ encoded }) => encoded !== undefined)).toBe(true);
    expect(text(chunks[0]!.ndjson())).toBe(kept.map((n) => `${n}\n`).join(''));
    expect(kept.map((n, i) => chunks[0]!.position(i).record === n + 1)).not.toContain(false);
    expect(chunks[0]).toMatchObject({ start: { records: 0 }, end: { records: 100 } });
    expect(chunks[0]!.ranges).toHaveLength(1);
    expect(deadLetters.letters.map(({ raw }) => Buffer.from(raw!).toString())).toEqual(
      numbers(10)
        .map((n) => `${n}3`)
        .map((n) => String(Number(n))),
    );
  });

  test('gives chunks ids that do not depend on the blocks in which an invalid record lay', async () => {
    const idsOf = async (sizes: readonly number[]) => {
      const stage = validate((n: number) => n % 9 !== 0, {
        onInvalid: 'dead-letter',
        deadLetters: collectingLetters(),
      });
      const chunks = await chunksOf(
        lineBlocks(numbers(350), sizes),
        stage,
        new ChunkTransform({ batchSize: 100 }),
      );
      return chunks.map(({ id }: Chunk) => id);
    };
    const whole = await idsOf([350]);
    expect(whole).toHaveLength(4);
    for (const sizes of [[1], [9], [7, 100], [349]]) expect(await idsOf(sizes)).toEqual(whole);
  });

  test('writes nothing of the chunk of an invalid record, and tries nothing again', async () => {
    let writes = 0;
    const tally = new Tally();
    const run = pipeline(
      readRecords(numbers(250), { tally }),
      validate((n: number) => n !== 220, { tally }),
      new ChunkTransform({ batchSize: 100, tally }),
      new RetryingWriter(async () => void writes++, { tally }),
    );
    await expect(run).rejects.toMatchObject({ code: 'INVALID_RECORD', position: { record: 221 } });
    expect(writes).toBeLessThanOrEqual(2);
    expect(tally).toMatchObject({ invalid: 1, retries: 0, written: writes * 100 });
  });
});

test('A transform whose flush throws says that it was the end of the input', async () => {
  const failing = flushable(
    (n: number) => n,
    () => {
      throw new Error('no end');
    },
  ) as (n: number) => unknown;
  await expect(chunksOf(Readable.from(numbers(2)), transform(failing))).rejects.toMatchObject({
    code: 'TRANSFORM_FAILED',
    message: 'records: The end of the input could not be dealt with: no end',
  });
});

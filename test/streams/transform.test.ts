import { setTimeout as sleep } from 'node:timers/promises';
import { type as ark } from 'arktype';
import fc from 'fast-check';
import { flushable, many, none, stop } from 'stream-chain';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { Tally } from '../../src/core/tally.ts';
import { formatNamed } from '../../src/formats/format-named.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { transform } from '../../src/streams/transform.ts';
import { validate } from '../../src/streams/validate.ts';
import { chunksOf as blocksFrom } from '../support/blocks.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

function collectingLetters() {
  const letters: DeadLetter[] = [];
  return { letters, add: async (letter: DeadLetter) => void letters.push(letter), close: async () => {} };
}

async function outputsOf(input: Iterable<unknown>, stage: NodeJS.ReadWriteStream): Promise<unknown[]> {
  return (await blocksFrom(input, stage)).flatMap((block) => [...block.records]);
}

function ndjsonBlocks(count: number): RecordBlock[] {
  const decoder = formatNamed('ndjson').decoder({ source: 'in.ndjson', sourceIndex: 0 });
  const bytes = Buffer.from(
    numbers(count)
      .map((id) => `{"id":${id}}\n`)
      .join(''),
  );
  return [...(decoder.decode(bytes) as Iterable<RecordBlock>), ...(decoder.end() as Iterable<RecordBlock>)];
}

describe('transform() takes from a function', () => {
  const cases: readonly (readonly [string, (n: number) => unknown, readonly unknown[]])[] = [
    ['a value', (n) => n * 2, [0, 2, 4, 6]],
    ['null as nothing', (n) => (n % 2 === 0 ? null : n), [1, 3]],
    ['undefined as nothing', (n) => (n % 2 === 0 ? undefined : n), [1, 3]],
    ['none as nothing', (n) => (n % 2 === 0 ? none : n), [1, 3]],
    ['many values', (n) => many([n, -n]), [0, -0, 1, -1, 2, -2, 3, -3]],
    ['many of nothing', () => many([]), []],
    ['a promise', async (n) => n + 1, [1, 2, 3, 4]],
    ['a promise of nothing', async (n) => (n > 1 ? null : n), [0, 1]],
    ['stop', (n) => (n === 2 ? stop : n), [0, 1]],
    ['a promise of stop', async (n) => (n === 2 ? stop : n), [0, 1]],
    ['0, false and the empty text as values', (n) => [0, false, '', 'x'][n], [0, false, '', 'x']],
  ];

  test.each(cases)('%s', async (_what, fn, expected) => {
    expect(await outputsOf(numbers(4), transform(fn))).toEqual(expected);
  });

  test('what a generator yields, also before it stops', async () => {
    const twice = transform(function* (n: number) {
      yield n;
      if (n === 2) yield stop as never;
      yield n;
    });
    expect(await outputsOf(numbers(4), twice)).toEqual([0, 0, 1, 1, 2]);
  });

  test('what an asynchronous generator yields', async () => {
    const stage = transform(async function* (n: number) {
      await sleep(1);
      yield n;
      yield n + 10;
    });
    expect(await outputsOf(numbers(2), stage)).toEqual([0, 10, 1, 11]);
  });

  test('several functions in a row, with nothing after a filter', async () => {
    const seen: number[] = [];
    const stage = transform(
      (n: number) => (n === 1 ? null : n),
      (n: number) => {
        seen.push(n);
        return many([n, n]);
      },
      async (n: number) => `${n}`,
    );
    expect(await outputsOf(numbers(3), stage)).toEqual(['0', '0', '2', '2']);
    expect(seen).toEqual([0, 2]);
  });

  test('what a flushable function holds back until the end', async () => {
    let held: number[] = [];
    const pairs = flushable(
      (n: number) => {
        held.push(n);
        if (held.length < 2) return none;
        const pair = held;
        held = [];
        return pair;
      },
      () => (held.length > 0 ? held : none),
    ) as (n: number) => unknown;
    expect(await outputsOf(numbers(3), transform(pairs))).toEqual([[0, 1], [2]]);
  });
});

describe('transform()', () => {
  test('keeps the positions of the records that it was given', async () => {
    const [block] = await blocksFrom(
      ndjsonBlocks(4),
      transform(({ id }: { id: number }) => (id === 1 ? null : many([id, id]))),
    );
    expect([...block!.records]).toEqual([0, 0, 2, 2, 3, 3]);
    expect([0, 2, 5].map((i) => block!.describe(i))).toEqual([
      'in.ndjson:1 (record 1, byte 0)',
      'in.ndjson:3 (record 3, byte 18)',
      'in.ndjson:4 (record 4, byte 27)',
    ]);
    expect(block!.slice(0, 1).end).toMatchObject({ records: 0, made: 1 });
    expect(block!.slice(1, 6).start).toMatchObject({ records: 0, made: 1 });
    expect(block!.slice(2, 6).start).toEqual({ source: 0, records: 2, bytes: 18, lines: 2 });
  });

  test('counts what it filters and adds', async () => {
    const tally = new Tally();
    await blocksFrom(
      ndjsonBlocks(5),
      transform(({ id }: { id: number }) => [null, many([1, 2, 3]), many([]), 1, 1][id], { tally }),
    );
    expect(tally).toMatchObject({ filtered: 2, added: 2 });
  });

  test('names the record at which a function throws', async () => {
    const stage = transform(({ id }: { id: number }) => {
      if (id === 2) throw new Error('no twos');
      return id;
    });
    await expect(blocksFrom(ndjsonBlocks(4), stage)).rejects.toMatchObject({
      code: 'TRANSFORM_FAILED',
      message: 'in.ndjson:3 (record 3, byte 18): no twos',
    });
  });

  test('sets records aside at which a function throws, when asked', async () => {
    const deadLetters = collectingLetters();
    const tally = new Tally();
    const stage = transform(
      async ({ id }: { id: number }) => {
        if (id % 2 === 0) throw new Error('even');
        return id;
      },
      { onInvalid: 'dead-letter', deadLetters, tally },
    );
    expect(await outputsOf(ndjsonBlocks(4), stage)).toEqual([1, 3]);
    expect(deadLetters.letters.map(({ reason, raw }) => [reason, Buffer.from(raw!).toString()])).toEqual([
      ['in.ndjson:1 (record 1, byte 0): even', '{"id":0}'],
      ['in.ndjson:3 (record 3, byte 18): even', '{"id":2}'],
    ]);
    expect(tally).toMatchObject({ invalid: 2, deadLettered: 2, filtered: 0 });
  });

  test('runs an asynchronous function on as many records as allowed, in the order of the source', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 8 }),
      fc.boolean(),
      async (delays, concurrency, isPlain) => {
        let running = 0;
        let peak = 0;
        const stage = transform(
          async (n: number) => {
            peak = Math.max(peak, ++running);
            for (let i = 0; i < delays[n]!; i++) await new Promise(setImmediate);
            running--;
            return n;
          },
          { concurrency },
        );
        const input = isPlain ? numbers(delays.length) : readRecords(numbers(delays.length));
        expect(await outputsOf(input as Iterable<unknown>, stage)).toEqual(numbers(delays.length));
        expect(peak).toBeLessThanOrEqual(concurrency);
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });

  test.each([true, false])('reaches the bound (plain records one by one: %s)', async (isPlain) => {
    let running = 0;
    let peak = 0;
    const stage = transform(
      async (n: number) => {
        peak = Math.max(peak, ++running);
        await sleep(3);
        running--;
        return n;
      },
      { concurrency: 4 },
    );
    const input = isPlain ? numbers(20) : readRecords(numbers(20));
    expect(await outputsOf(input as Iterable<unknown>, stage)).toEqual(numbers(20));
    expect(peak).toBe(4);
  });

  test('stops a source that never ends, and counts what is behind the stop as unread', async () => {
    const tally = new Tally();
    function* endless() {
      for (let n = 0; ; n++) yield n;
    }
    const { pipeline } = await import('node:stream/promises');
    const { ChunkTransform } = await import('../../src/streams/chunk-transform.ts');
    const { RetryingWriter } = await import('../../src/streams/retrying-writer.ts');
    const written: unknown[] = [];
    await pipeline(
      readRecords(endless(), { tally }),
      transform((n: number) => (n === 1_500 ? stop : n), { tally }),
      new ChunkTransform({ tally }),
      new RetryingWriter(async (records: readonly unknown[]) => void written.push(...records), { tally }),
    );
    expect(written).toEqual(numbers(1_500));
    expect(tally.unaccounted()).toEqual([]);
    expect(tally.read + tally.added).toBe(tally.written + tally.filtered + tally.deadLettered);
  });

  test.each([
    [() => transform([]), 'transform must be at least one function, got undefined'],
    [() => transform('x' as never), 'transform must be a function, got "x"'],
    [() => transform((n) => n, { concurrency: 0 }), 'concurrency must be an integer from 1 to 1,000, got 0'],
    [
      () => transform((n) => n, { onInvalid: 'skip' as never }),
      'onInvalid must be one of fail, dead-letter, got "skip"',
    ],
    [() => transform((n) => n, { onInvalid: 'dead-letter' }), 'deadLetters must be a place for dead letters'],
  ])('refuses wrong options %#', (create, message) => {
    expect(create).toThrow(message);
  });
});

describe('validate()', () => {
  const schemas = [
    ['zod', z.object({ id: z.number().max(2) })],
    ['valibot', v.object({ id: v.pipe(v.number(), v.maxValue(2)) })],
    ['arktype', ark({ id: 'number <= 2' })],
    ['a predicate', ({ id }: { id: number }) => id <= 2],
    ['an asynchronous predicate', async ({ id }: { id: number }) => id <= 2],
  ] as const;

  test.each(schemas)(
    'fails at the first record that does not match a schema of %s',
    async (_kind, schema) => {
      await expect(blocksFrom(ndjsonBlocks(5), validate(schema as never))).rejects.toMatchObject({
        code: 'INVALID_RECORD',
        message: expect.stringMatching(/^in\.ndjson:4 \(record 4, byte 27\): ./),
      });
    },
  );

  test.each(schemas)('sets records aside that do not match a schema of %s', async (_kind, schema) => {
    const deadLetters = collectingLetters();
    const stage = validate(schema as never, { onInvalid: 'dead-letter', deadLetters });
    expect(await outputsOf(ndjsonBlocks(5), stage)).toEqual([{ id: 0 }, { id: 1 }, { id: 2 }]);
    expect(deadLetters.letters.map(({ position }) => position.record)).toEqual([4, 5]);
  });

  test('gives on what the schema makes of a record', async () => {
    const stage = validate(z.object({ id: z.number().transform((n) => `#${n}`) }) as never);
    expect(await outputsOf(ndjsonBlocks(2), stage)).toEqual([{ id: '#0' }, { id: '#1' }]);
  });

  test('leaves the bytes of records that a predicate accepts', async () => {
    const [block] = await blocksFrom(
      ndjsonBlocks(2),
      validate(() => true),
    );
    expect(Buffer.from(block!.ndjson()).toString()).toBe('{"id":0}\n{"id":1}\n');
    expect(block!.blocks ?? block!.encoded).toBeDefined();
  });

  test('refuses what is neither a schema nor a predicate', () => {
    expect(() => validate({} as never)).toThrow(
      'validate must be a Standard Schema or a predicate, got a Object',
    );
  });
});

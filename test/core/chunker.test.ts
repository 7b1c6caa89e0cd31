import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { Chunker } from '../../src/core/chunker.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { cutAll, lineBlocks, numbers, objectBlocks, sizesOf } from './made-blocks.ts';

const BATCH_SIZES = [100, 999, 1_000, 1_001];

/** What a number of records comes as, over all the tests below. */
const ways: Readonly<Record<string, (count: number) => Iterable<RecordBlock<number> | number>>> = {
  'plain records': (count) => numbers(count),
  'one block': (count) => objectBlocks(numbers(count), [5_000]),
  'blocks of uneven sizes': (count) => objectBlocks(numbers(count), [1, 700, 99, 3, 1_500]),
  'blocks with empty ones between them': (count) => withEmptyBlocks(objectBlocks(numbers(count), [333, 50])),
  'blocks and plain records': (count) => mixed(count, [30, 1, 400]),
};

function* withEmptyBlocks<T>(blocks: Iterable<RecordBlock<T>>): Generator<RecordBlock<T>> {
  for (const block of blocks) {
    yield block.slice(0, 0);
    yield block;
    yield block.slice(block.count, block.count);
  }
}

function* mixed(count: number, sizes: readonly number[]): Generator<RecordBlock<number> | number> {
  let from = 0;
  let isPlain = false;
  for (const size of sizesOf(count, sizes)) {
    const records = numbers(size, from);
    if (isPlain) yield* records;
    else yield* objectBlocks(records, [size], from);
    isPlain = !isPlain;
    from += size;
  }
}

/** Quicker than a matcher for each of millions of records. */
function expectWhole(chunks: readonly Chunk<number>[], count: number, batchSize: number): void {
  const rest = count % batchSize;
  const sizes = Array<number>(Math.floor(count / batchSize)).fill(batchSize);
  expect(chunks.map((chunk) => chunk.count)).toEqual(rest > 0 ? [...sizes, rest] : sizes);
  expect(chunks.map(({ index }) => index)).toEqual(numbers(chunks.length));
  let next = 0;
  for (const chunk of chunks)
    for (const record of chunk.records)
      if (record !== next++) throw new Error(`${record} is not ${next - 1}`);
  expect(next).toBe(count);
}

describe('Chunker cuts every count from 0 to 2,101 whole', () => {
  const cases = Object.keys(ways).flatMap((way) => BATCH_SIZES.map((size) => [way, size] as const));
  test.each(cases)('as %s, at a batch size of %i', (way, batchSize) => {
    for (let count = 0; count <= 2_101; count++)
      expectWhole(cutAll(ways[way]!(count), batchSize), count, batchSize);
  });
});

describe('Chunker, whatever it is given,', () => {
  const input = fc.record({
    count: fc.integer({ min: 0, max: 300 }),
    sizes: fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 }),
    records: fc.integer({ min: 1, max: 120 }),
    bytes: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constant(Number.POSITIVE_INFINITY)),
    way: fc.constantFrom('objects', 'lines', 'mixed', 'plain'),
  });

  test('keeps order and bounds, fills each chunk, and leaves none empty', () => {
    const property = fc.property(input, ({ count, sizes, records, bytes, way }) => {
      const made = {
        objects: () => objectBlocks(numbers(count), sizes),
        lines: () => lineBlocks(numbers(count), sizes),
        mixed: () => mixed(count, sizes),
        plain: () => numbers(count),
      }[way as 'objects']();
      const chunks = cutAll<number>(made, records, bytes);
      const sizeOf = (record: number) => String(record).length + 1;
      const byteSizes = chunks.map((chunk) => chunk.records.reduce((sum, record) => sum + sizeOf(record), 0));
      expect(chunks.flatMap((chunk) => chunk.records)).toEqual(numbers(count));
      expect(chunks.map(({ index }) => index)).toEqual(numbers(chunks.length));
      for (const [i, chunk] of chunks.entries()) {
        const next = chunks[i + 1]?.records[0];
        expect(chunk.count).toBeGreaterThan(0);
        expect(chunk.count).toBeLessThanOrEqual(records);
        expect(byteSizes[i]! <= bytes || chunk.count === 1).toBe(true);
        expect(next === undefined || chunk.count === records || byteSizes[i]! + sizeOf(next) > bytes).toBe(
          true,
        );
      }
    });
    fc.assert(property, { numRuns: 6_000 });
  });

  test('gives its chunks ranges that follow each other from the first record to the last', () => {
    const property = fc.property(input, ({ count, sizes, records, bytes }) => {
      const chunks = cutAll<number>(withEmptyBlocks(lineBlocks(numbers(count), sizes)), records, bytes);
      let next = 0;
      for (const { start, end, ranges, count: size } of chunks) {
        expect(ranges).toHaveLength(1);
        expect([start.records, end.records - start.records]).toEqual([next, size]);
        next = end.records;
      }
      expect(next).toBe(count);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  test('keeps positions: each record is where it was', () => {
    const property = fc.property(input, ({ count, sizes, records, bytes }) => {
      const [whole] = lineBlocks(numbers(count));
      let next = 0;
      for (const chunk of cutAll<number>(lineBlocks(numbers(count), sizes), records, bytes))
        for (let i = 0; i < chunk.count; i++) expect(chunk.describe(i)).toBe(whole!.describe(next++));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('Chunker', () => {
  test('slices a large block without decoding it', () => {
    let decoded = 0;
    const blocks = lineBlocks(numbers(5_000), [5_000], () => decoded++);
    const chunks = cutAll<number>(blocks, 100, 350);
    expect(chunks.map((chunk) => chunk.ndjson().length).every((size) => size <= 350)).toBe(true);
    expect(decoded).toBe(0);
  });

  test.each([
    ['first', ['x'.repeat(50), 'a', 'b'], [1, 2]],
    ['in the middle', ['a', 'x'.repeat(50), 'b'], [1, 1, 1]],
    ['last', ['a', 'b', 'x'.repeat(50)], [2, 1]],
    ['alone', ['x'.repeat(50)], [1]],
  ])('gives a record over the bytes a chunk of its own: %s', (_where, records, counts) => {
    for (const items of [records, objectBlocks(records, [1]), lineBlocks(records, [3])])
      expect(cutAll<string>(items, 100, 20).map((chunk) => chunk.count)).toEqual(counts);
  });

  test.each([
    [9, [1, 1, 1, 1]],
    [10, [2, 2]],
    [14, [2, 2]],
    [15, [3, 1]],
    [20, [4]],
  ])('counts bytes, not characters: at most %i of records of 5', (bytes, counts) => {
    expect(cutAll<string>(['é', 'é', 'é', 'é'], 100, bytes).map((chunk) => chunk.count)).toEqual(counts);
  });

  test('gives what was filtered behind the last chunk as a remainder', () => {
    const chunker = new Chunker<number>({ records: 2, bytes: Number.POSITIVE_INFINITY, source: 'test' });
    const [block, rest] = [...objectBlocks(numbers(4), [2, 2])];
    expect([...chunker.add(block!)]).toHaveLength(1);
    expect([...chunker.add(rest!.slice(0, 0))]).toEqual([]);
    expect(chunker.cut()).toBeUndefined();
    expect(chunker.remainder()).toEqual([
      { source: 'test', start: { source: 0, records: 2 }, end: { source: 0, records: 2 } },
    ]);
  });

  test('can be lowered between two chunks, and goes on counting', () => {
    const chunker = new Chunker<number>({ records: 100, bytes: Number.POSITIVE_INFINITY, source: 'test' });
    const first = [...numbers(100).flatMap((n) => [...chunker.add(n)])];
    chunker.lower({ records: 10, bytes: Number.POSITIVE_INFINITY });
    const second = [...numbers(25, 100).flatMap((n) => [...chunker.add(n)])];
    expect([...first, ...second].map(({ index, count }) => [index, count])).toEqual([
      [0, 100],
      [1, 10],
      [2, 10],
    ]);
    expect(second[0]!.describe(0)).toBe('test (record 101)');
    chunker.lower({ records: 3, bytes: Number.POSITIVE_INFINITY });
    expect(chunker.waiting).toBe(5);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Chunk, createChunk } from '../../src/core/chunk.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { cutAll, lineBlocks, numbers, objectBlocks, text } from './made-blocks.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
const idsOf = (chunks: readonly Chunk[]) => chunks.map(({ id }) => id);

/** Blocks without the records that a transform filtered, which the cursors still cover. */
function* withoutOdd(blocks: Iterable<RecordBlock<number>>): Generator<RecordBlock<number>> {
  for (const block of blocks) {
    const kept = numbers(block.count).filter((i) => block.records[i]! % 2 === 0);
    const { source, start, end } = block;
    const records = kept.map((i) => block.records[i]!);
    yield new ObjectBlock({ source, start, end, records, positions: kept.map((i) => block.position(i)) });
  }
}

describe('The id of a chunk', () => {
  test('is the same however its records were cut into blocks', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 250 }),
      sizes,
      fc.integer({ min: 1, max: 120 }),
      (count, blockSizes, batchSize) => {
        for (const blocks of [lineBlocks<number>, objectBlocks<number>]) {
          const whole = idsOf(cutAll(blocks(numbers(count), [count]), batchSize));
          expect(idsOf(cutAll(blocks(numbers(count), blockSizes), batchSize))).toEqual(whole);
          expect(new Set(whole).size).toBe(whole.length);
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  test('is the same wherever filtered records fall between blocks', () => {
    const property = fc.property(fc.integer({ min: 1, max: 200 }), sizes, (count, blockSizes) => {
      const whole = idsOf(cutAll(withoutOdd(lineBlocks(numbers(count), [count])), 7));
      expect(idsOf(cutAll(withoutOdd(lineBlocks(numbers(count), blockSizes)), 7))).toEqual(whole);
    });
    fc.assert(property, { numRuns: 500 });
  });

  const block = (records: readonly unknown[], before = 0, source = 'a') =>
    new ObjectBlock({
      source,
      start: { source: 0, records: before },
      end: { source: 0, records: before + records.length },
      records,
    });
  const made = (start: number) =>
    new ObjectBlock({
      source: 'a',
      start: { source: 0, records: 0, ...(start > 0 && { made: start }) },
      end: { source: 0, records: 1 },
      records: ['x'],
      positions: [{ record: 1 }],
    });

  test.each([
    ['another source', block([1, 2]), block([1, 2], 0, 'b')],
    ['another place', block([1, 2]), block([1, 2], 2)],
    ['another record', block([1, 2]), block([1, 3])],
    ['one record more', block([1, 2]), block([1, 2, 3])],
    ['records in another order', block([1, 2]), block([2, 1])],
    ['records divided elsewhere', block(['a', 'b']), block(['a","b'])],
    ['another of the records made of one', made(0), made(1)],
  ])('differs for %s', (_what, one, other) => {
    const ids = [one, other].map((each) => createChunk({ index: 0, blocks: [each] }).id);
    expect(ids[0]).not.toBe(ids[1]);
    expect(ids.every((id) => /^[0-9a-f]{64}$/.test(id))).toBe(true);
  });

  test('stays that of the chunk in its copies, whatever becomes of the copied records', () => {
    const record = { n: 1 };
    const chunk = createChunk({ index: 0, blocks: [block([record])] });
    const copy = chunk.copy();
    (copy.records[0] as { n: number }).n = 2;
    expect(copy.id).toBe(createChunk({ index: 5, blocks: [block([{ n: 1 }])] }).id);
    expect(chunk.records[0]).toEqual({ n: 1 });
  });
});

describe('A chunk of several blocks', () => {
  const records = numbers(10).map((id) => ({ id }));
  const chunk = createChunk({ index: 3, blocks: [...lineBlocks(records, [3, 1, 6])] });

  test('is what its blocks are, one after another', () => {
    expect(chunk.count).toBe(10);
    expect(chunk.records).toEqual(records);
    expect([...chunk]).toEqual(records);
    expect(text(chunk.ndjson())).toBe(records.map((r) => `${JSON.stringify(r)}\n`).join(''));
    expect(JSON.parse(text(chunk.jsonArray()))).toEqual(records);
    expect(chunk.encoded).toBeUndefined();
    const [whole] = lineBlocks(records);
    for (let i = 0; i < 10; i++) {
      expect(chunk.position(i)).toEqual(whole!.position(i));
      expect(chunk.byteLength(i)).toBe(whole!.byteLength(i));
    }
    expect(() => chunk.position(10)).toThrow('index must be an integer from 0 to 9, got 10');
  });

  test('forgets what its blocks have decoded, and decodes the same again', () => {
    let decoded = 0;
    const again = createChunk({ index: 0, blocks: [...lineBlocks(records, [3, 7], () => decoded++)] });
    expect(again.records).toEqual(records);
    again.forget();
    expect(again.records).toEqual(records);
    expect(decoded).toBe(4);
    expect(again.id).toBe(createChunk({ index: 0, blocks: [...lineBlocks(records, [3, 7])] }).id);
  });

  test('is sliced across its blocks', () => {
    for (let from = 0; from < 10; from++)
      for (let to = from + 1; to <= 10; to++) {
        const part = chunk.slice(from, to);
        expect(part.records).toEqual(records.slice(from, to));
        expect(part.describe(0)).toBe(chunk.describe(from));
        expect([part.start.records, part.end.records]).toEqual([from, to]);
      }
  });
});

import { expect, test } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import { describeRange } from '../../src/delivery/describe-range.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';

const records = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));

test.each([
  ['one record', 1, 0, 'orders.ndjson: record 1'],
  ['the first thousand', 1_000, 0, 'orders.ndjson: records 1–1,000'],
  ['the second thousand', 1_000, 1_000, 'orders.ndjson: records 1,001–2,000'],
  ['one far in', 1, 1_234_566, 'orders.ndjson: record 1,234,567'],
])('describeRange() of %s', (_, count, before, expected) => {
  expect(describeRange(chunkOf(records(count), { source: 'orders.ndjson', before }))).toBe(expected);
});

test('describeRange() of records of several sources', () => {
  const blocks = ['a', 'b', 'c'].flatMap(
    (source, i) => chunkOf(records(10), { source, before: i === 0 ? 900 : 0 }).blocks,
  );
  expect(describeRange(createChunk({ index: 0, blocks }))).toBe('a: record 901 to c: record 10 (30 records)');
});

import { expect, test } from 'vitest';
import { newPiece } from '../../src/core/piece-pool.ts';
import { Carry } from '../../src/formats/carry.ts';

function take(
  carry: Carry,
  piece: string | Buffer,
  records: readonly (readonly [number, number])[],
  rest: number,
) {
  const starts = Int32Array.from(records, ([start]) => start);
  const ends = Int32Array.from(records, ([, end]) => end);
  const regions = carry.take(typeof piece === 'string' ? Buffer.from(piece) : piece, {
    count: records.length,
    starts,
    ends,
    rest,
  });
  return Array.from(regions, (region) => [
    region.offset,
    Buffer.from(region.bytes).toString(),
    ...Array.from(region.starts, (start, i) =>
      Buffer.from(region.bytes.subarray(start, region.ends[i])).toString(),
    ),
  ]);
}

test('Carry leaves records that lie in a piece where they are', () => {
  const carry = new Carry();
  expect(
    take(
      carry,
      'aa,bb,',
      [
        [0, 2],
        [3, 5],
      ],
      6,
    ),
  ).toEqual([[0, 'aa,bb,', 'aa', 'bb']]);
  expect(carry.length).toBe(0);
});

test('Carry joins a record that spans pieces, by itself', () => {
  const carry = new Carry();
  expect(take(carry, 'aa,b', [[0, 2]], 3)).toEqual([[0, 'aa,', 'aa']]);
  expect(take(carry, 'bb', [], -1)).toEqual([]);
  expect([carry.length, carry.offset]).toEqual([3, 3]);
  expect(
    take(
      carry,
      'b,cc,d',
      [
        [-3, 1],
        [2, 4],
      ],
      5,
    ),
  ).toEqual([
    [3, 'bbbb', 'bbbb'],
    [7, ',cc,', 'cc'],
  ]);
  expect([carry.length, carry.offset]).toEqual([1, 11]);
});

test('Carry writes what it carries in front of a piece that has room there', () => {
  const carry = new Carry();
  const memory = newPiece();
  memory.write('b,cc,d');
  take(carry, 'aa,bb', [[0, 2]], 3);
  const records = [
    [-2, 1],
    [2, 4],
  ] as const;
  expect(take(carry, memory.subarray(0, 6), records, 5)).toEqual([[3, 'bbb,cc,', 'bbb', 'cc']]);
  expect([carry.length, carry.offset]).toEqual([1, 10]);
});

test('Carry joins a record whose end lies before the piece that shows it', () => {
  const carry = new Carry();
  expect(take(carry, 'a\r', [], 0)).toEqual([]);
  expect(take(carry, '\nb', [[-2, -1]], 1)).toEqual([[0, 'a\r\n', 'a']]);
});

test('Carry keeps nothing of a record that is given up, and all that comes behind it', () => {
  const carry = new Carry();
  expect(take(carry, 'a,bb', [[0, 1]], 2)).toEqual([[0, 'a,', 'a']]);
  expect(Buffer.from(carry.prefix(1)).toString()).toBe('b');
  expect(carry.giveUp()).toMatchObject({ offset: 2, bytes: Uint8Array.of(0x62, 0x62) });
  expect(take(carry, 'bbb', [], -2)).toEqual([[4, 'bbb']]);
  expect(carry.length).toBe(0);
  expect(
    take(
      carry,
      'b,c,d',
      [
        [-5, 1],
        [2, 3],
      ],
      4,
    ),
  ).toEqual([
    [7, 'b'],
    [8, ',c,', 'c'],
  ]);
  expect([carry.length, carry.offset]).toEqual([1, 11]);
});

test('Carry forgets what turns out to be no record, also when it is given up', () => {
  const carry = new Carry();
  take(carry, '  ', [], 0);
  carry.giveUp();
  expect(take(carry, ' \n1', [], 2)).toEqual([[2, ' \n']]);
  expect(take(carry, '\n', [[-1, 0]], 1)).toEqual([[4, '1\n', '1']]);
});

import { describe, expect, test } from 'vitest';
import { Tally } from '../../src/core/tally.ts';

const at = (records: number, made?: number, source = 0) => ({
  source,
  records,
  ...(made !== undefined && { made }),
});
const range = (start: ReturnType<typeof at>, end: ReturnType<typeof at>, source = 'a') => ({
  source,
  start,
  end,
});

describe('Tally', () => {
  test('lists the records that were read and not settled, source by source', () => {
    const tally = new Tally();
    tally.see(range(at(0), at(10)));
    tally.see(range(at(0, undefined, 1), at(5, undefined, 1), 'b'));
    tally.settle(range(at(2), at(4)));
    tally.settleRecord('a', 0, 10);
    tally.settle(range(at(0, undefined, 1), at(5, undefined, 1), 'b'));
    expect(tally.unaccounted()).toEqual([
      { source: 'a', from: 1, to: 2 },
      { source: 'a', from: 5, to: 9 },
    ]);
  });

  test('sees plain records one by one', () => {
    const tally = new Tally();
    for (const record of [1, 2, 3]) tally.seeRecord('a', 0, record);
    expect(tally.unaccounted()).toEqual([{ source: 'a', from: 1, to: 3 }]);
  });

  test.each([
    ['in order', [0, 1, 2]],
    ['in reverse', [2, 1, 0]],
    ['the middle last', [0, 2, 1]],
  ])('settles a record of which three chunks hold a part when all are written: %s', (_order, order) => {
    const parts = [range(at(0), at(4, 1)), range(at(4, 1), at(4, 3)), range(at(4, 3), at(6))];
    const tally = new Tally();
    tally.see(range(at(0), at(6)));
    for (const [i, part] of order.entries()) {
      const isMissing = tally.unaccounted().some(({ from, to }) => from <= 5 && 5 <= to);
      expect(isMissing, `before part ${i}`).toBe(true);
      tally.settle(parts[part]!);
    }
    expect(tally.unaccounted()).toEqual([]);
  });

  test('does not settle a record whose first part was never written', () => {
    const tally = new Tally();
    tally.see(range(at(0), at(6)));
    tally.settle(range(at(4, 1), at(6)));
    expect(tally.unaccounted()).toEqual([{ source: 'a', from: 1, to: 5 }]);
  });

  test('takes back what is behind a stop, but not what was filtered or set aside there', () => {
    const tally = new Tally();
    tally.see(range(at(0), at(10)));
    tally.read = 10;
    tally.settle(range(at(0), at(4)));
    tally.settleRecord('a', 0, 7);
    tally.unsee(range(at(4), at(10)), 5);
    expect(tally.read).toBe(5);
    expect(tally.added).toBe(0);
    expect(tally.unaccounted()).toEqual([]);
  });

  test('takes back what a transform added behind a stop', () => {
    const tally = new Tally();
    tally.see(range(at(0), at(3)));
    tally.read = 3;
    tally.added = 6;
    tally.settle(range(at(0), at(1)));
    tally.unsee(range(at(1), at(3)), 6);
    expect([tally.read, tally.added]).toEqual([1, 2]);
  });

  test('keeps no gap when blocks behind a stop are seen after it', () => {
    const tally = new Tally();
    tally.see(range(at(0), at(4)));
    tally.unsee(range(at(2), at(4)), 2);
    tally.see(range(at(4), at(8)));
    tally.unsee(range(at(4), at(8)), 4);
    tally.settle(range(at(0), at(2)));
    expect(tally.unaccounted()).toEqual([]);
  });
});

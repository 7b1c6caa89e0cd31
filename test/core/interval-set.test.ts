import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IntervalSet } from '../../src/core/interval-set.ts';

const END = 40;

test('IntervalSet holds what a set of numbers holds, however it is added', () => {
  const interval = fc.tuple(fc.integer({ min: 0, max: END }), fc.integer({ min: 0, max: END }));
  const property = fc.property(fc.array(interval, { maxLength: 12 }), interval, (intervals, [from, to]) => {
    const set = new IntervalSet();
    const numbers = new Set<number>();
    for (const [first, end] of intervals) {
      set.add(first, end);
      for (let n = first; n < end; n++) numbers.add(n);
    }
    const missing = Array.from({ length: END }, (_, n) => n).filter((n) => !numbers.has(n));
    const gaps = set.gaps(END);
    expect(gaps.flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i))).toEqual(missing);
    const runs = set.runs(from).flatMap(([a, b]) => Array.from({ length: b - a }, (_, i) => a + i));
    expect(runs).toEqual([...numbers].filter((n) => n >= from).toSorted((a, b) => a - b));
    for (let i = 1; i < gaps.length; i++) expect(gaps[i]![0]).toBeGreaterThan(gaps[i - 1]![1]);
    expect(set.countBetween(from, to)).toBe([...numbers].filter((n) => n >= from && n < to).length);
  });
  fc.assert(property, { numRuns: 2_000 });
});

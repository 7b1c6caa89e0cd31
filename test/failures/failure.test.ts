import { expect, test } from 'vitest';
import { FAILURE_KINDS, type Failure, failureTable, worstOf } from '../../src/failures/failure.ts';

const failure = (kind: Failure['kind'], retryAfterMs?: number): Failure => ({
  kind,
  why: kind,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

test('worstOf() takes the worst of any two kinds, in any order', () => {
  for (const [i, worse] of FAILURE_KINDS.entries()) {
    for (const better of FAILURE_KINDS.slice(i)) {
      expect(worstOf([failure(worse), failure(better)])?.kind).toBe(worse);
      expect(worstOf([failure(better), failure(worse)])?.kind).toBe(worse);
    }
  }
});

test('worstOf() keeps the longest wait, whoever asks for it', () => {
  expect(worstOf([failure('not-applied', 9), failure('throttled', 5)])).toEqual(failure('throttled', 9));
  expect(worstOf([failure('not-applied'), failure('bad-records')])).toEqual(failure('bad-records'));
});

test('worstOf() of none is undefined', () => {
  expect(worstOf([])).toBeUndefined();
});

test('failureTable() refuses a name that is in two rows, or twice in one', () => {
  expect(() => failureTable({ throttled: [429], 'bad-records': [400, '429'] })).toThrow(
    '429 is in two rows of the table',
  );
  expect(() => failureTable({ throttled: [429, 429] })).toThrow('429 is in two rows of the table');
});

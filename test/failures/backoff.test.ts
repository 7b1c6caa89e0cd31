import { expect, test } from 'vitest';
import { type BackoffOptions, backoff } from '../../src/failures/index.ts';

const delays = (options: BackoffOptions | undefined, retries: number) =>
  Array.from({ length: retries }, (_, i) => backoff(options)(i + 1));

test.each([
  ['1 s, 2 s, 4 s … 30 s', undefined, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
  ['from another start', { initialDelayMs: 10 }, [10, 20, 40, 80]],
  ['up to another cap', { maxDelayMs: 1_500 }, [1_000, 1_500, 1_500]],
  ['with a cap below the start', { initialDelayMs: 5_000, maxDelayMs: 100 }, [100, 100]],
  ['without waiting', { initialDelayMs: 0 }, [0, 0, 0]],
] as const)('backoff() waits %s', (_, options, expected) => {
  expect(delays(options, expected.length)).toEqual(expected);
});

test('backoff() stays a number however many retries there are', () => {
  expect(backoff({ initialDelayMs: 0 })(5_000)).toBe(0);
  expect(backoff({ initialDelayMs: Number.MIN_VALUE })(Number.MAX_SAFE_INTEGER)).toBeLessThanOrEqual(30_000);
  expect(backoff()(Number.MAX_SAFE_INTEGER)).toBe(30_000);
});

test.each([
  [0, [0, 0, 0]],
  [0.5, [500, 1_000, 2_000]],
  [0.999999, [1_000, 2_000, 4_000]],
])('backoff() with full jitter waits a part of the delay, the chance being %d', (chance, expected) => {
  expect(delays({ jitter: 'full', random: () => chance }, 3)).toEqual(expected);
});

test('backoff() with full jitter never goes above the cap', () => {
  for (let retry = 1; retry < 50; retry++) {
    const delay = backoff({ jitter: 'full' })(retry);
    expect(delay).toBeGreaterThanOrEqual(0);
    expect(delay).toBeLessThanOrEqual(Math.min(30_000, 1_000 * 2 ** (retry - 1)));
    expect(Number.isInteger(delay)).toBe(true);
  }
});

const wrong = [Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 31, '1000', null];

test.each(wrong)('backoff() refuses a delay of %s', (value) => {
  const name = /^(initial|max)DelayMs must be a number from 0 to 2,147,483,647, got /;
  expect(() => backoff({ initialDelayMs: value as number })).toThrow(RangeError);
  expect(() => backoff({ initialDelayMs: value as number })).toThrow(name);
  expect(() => backoff({ maxDelayMs: value as number })).toThrow(name);
});

test('backoff() takes the longest delay that a timer can wait', () => {
  expect(backoff({ initialDelayMs: 2 ** 31 - 1, maxDelayMs: 2 ** 31 - 1 })(2)).toBe(2 ** 31 - 1);
});

test('backoff() refuses another jitter, and a retry before the first', () => {
  expect(() => backoff({ jitter: 'some' as 'full' })).toThrow('jitter must be one of none, full, got "some"');
  expect(() => backoff()(0)).toThrow(RangeError);
});

import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { wait } from '../../src/failures/index.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function watch(promise: Promise<void>) {
  const seen = { state: 'waiting' as string, reason: undefined as unknown };
  promise.then(
    () => (seen.state = 'over'),
    (reason: unknown) => Object.assign(seen, { state: 'rejected', reason }),
  );
  return seen;
}

test('wait() waits exactly as long as it says', async () => {
  const { signal } = new AbortController();
  const seen = watch(wait(1_000, signal));
  await vi.advanceTimersByTimeAsync(999);
  expect(seen.state).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(seen.state).toBe('over');
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('wait() ends at once when it is aborted, with the reason, and leaves no timer and no listener', async () => {
  const stop = new AbortController();
  const seen = watch(wait(30_000, stop.signal));
  await vi.advanceTimersByTimeAsync(10);
  stop.abort('enough');
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toEqual({ state: 'rejected', reason: 'enough' });
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('wait() does not begin when it is aborted already', async () => {
  await expect(wait(1_000, AbortSignal.abort('before'))).rejects.toBe('before');
  expect(vi.getTimerCount()).toBe(0);
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 31])('wait() refuses %d', async (ms) => {
  await expect(wait(ms, new AbortController().signal)).rejects.toThrow(RangeError);
  expect(vi.getTimerCount()).toBe(0);
});

test('wait() waits as long as a timer can', async () => {
  const seen = watch(wait(2 ** 31 - 1, new AbortController().signal));
  await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
  expect(seen.state).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1);
  expect(seen.state).toBe('over');
});

test('wait() of 0 ms needs no timer', async () => {
  await wait(0, new AbortController().signal);
  expect(vi.getTimerCount()).toBe(0);
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PartialWriteError } from '../../src/core/errors.ts';
import { errorWith } from '../failures/cases.ts';
import { begin, done, failureOf, pause, sinkThat, throws, timesOf } from './deliveries.ts';

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

type Context = { readonly signal: AbortSignal };

/** An attempt that obeys its signal at once. */
const obeying = (_: unknown, { signal }: Context) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

/** An attempt that takes its time whatever its signal says. */
const lasting = (ms: number, end: () => unknown) => async () => {
  await pause(ms);
  end();
};

describe('retrying() with timeoutMs', () => {
  test('aborts an attempt that takes longer, with a TimeoutError, and retries it', async () => {
    const sink = sinkThat(obeying, done);
    const delivery = begin(sink, { timeoutMs: 5_000 });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(sink.attempts[0]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(sink.attempts[0]?.signal.reason).toMatchObject({
      name: 'TimeoutError',
      message: 'The attempt took longer than 5,000 ms',
    });
    expect(delivery.outcome).toBe('written');
    expect(timesOf(sink)).toEqual([0, 6_000]);
    expect(delivery.events[0]?.failure).toEqual({ kind: 'unknown-outcome', why: 'timeout' });
  });

  test('is a minute unless said otherwise', async () => {
    const sink = sinkThat(obeying, done);
    begin(sink);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(sink.attempts[0]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1_001);
    expect(timesOf(sink)).toEqual([0, 61_000]);
  });

  test('gives each attempt the whole time and a signal of its own', async () => {
    const sink = sinkThat(obeying);
    const delivery = begin(sink, { timeoutMs: 2_000 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(timesOf(sink)).toEqual([0, 3_000, 7_000, 13_000]);
    expect(new Set(sink.attempts.map(({ signal }) => signal)).size).toBe(4);
    expect(failureOf(delivery)).toMatchObject({
      attempts: 4,
      failure: { kind: 'unknown-outcome', why: 'timeout' },
      cause: { name: 'TimeoutError', message: 'The attempt took longer than 2,000 ms' },
    });
  });

  test('waits for the end of an attempt that ignores its signal, so that no two overlap', async () => {
    let inFlight = 0;
    let most = 0;
    const sink = sinkThat(async () => {
      most = Math.max(most, ++inFlight);
      await pause(10_000);
      inFlight--;
      throw new Error('ended at last');
    });
    const delivery = begin(sink, { timeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(9_999);
    expect(sink.attempts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(timesOf(sink)).toEqual([0, 11_000, 23_000, 37_000]);
    expect(most).toBe(1);
    expect(failureOf(delivery).cause).toMatchObject({
      name: 'TimeoutError',
      cause: { message: 'ended at last' },
    });
  });

  test('takes an attempt that succeeds late as a success', async () => {
    const sink = sinkThat(lasting(10_000, done));
    const delivery = begin(sink, { timeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(delivery.outcome).toBe('written');
    expect(sink.attempts).toHaveLength(1);
  });

  test.each([
    ['an abort', new DOMException('stop', 'AbortError')],
    ['an error that no table knows', new Error('canceled')],
    ['a lost connection', errorWith({ code: 'ECONNRESET' })],
    ['a cancelled statement', errorWith({ code: '57014' }, 'canceling statement due to user request')],
  ])('takes %s after the time is over for the timeout that it comes of', async (_, error) => {
    const sink = sinkThat(lasting(2_000, throws(error)), done);
    const delivery = begin(sink, { timeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(delivery.outcome).toBe('written');
    expect(delivery.events[0]).toMatchObject({
      failure: { kind: 'unknown-outcome', why: 'timeout' },
      error: { name: 'TimeoutError', cause: error },
    });
  });

  test.each([
    ['bad records', errorWith({ status: 422 }), 'bad-records'],
    ['too large', errorWith({ status: 413 }), 'too-large'],
  ])('believes a late answer of %s', async (_, error, kind) => {
    const delivery = begin(sinkThat(lasting(2_000, throws(error))), { timeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(failureOf(delivery)).toMatchObject({ attempts: 1, cause: error, failure: { kind } });
  });

  test('obeys the Retry-After of a late answer', async () => {
    const late = throws(errorWith({ status: 503, retryAfterMs: 9_000 }));
    const delivery = begin(sinkThat(lasting(2_000, late), done), { timeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(11_000);
    expect(delivery.outcome).toBe('written');
    expect(delivery.events[0]?.delayMs).toBe(9_000);
  });

  test('believes a late answer about single records', async () => {
    const partial = throws(new PartialWriteError(new Map([[2, errorWith({ status: 429 })]])));
    const sink = sinkThat(lasting(2_000, partial), done);
    const delivery = begin(sink, { timeoutMs: 1_000 });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(delivery.outcome).toBe('written');
    expect(sink.attempts[1]?.chunk.records).toEqual([{ id: 3 }]);
  });

  test('of Infinity sets no bound and no timer', async () => {
    const sink = sinkThat(lasting(100_000_000, done));
    const delivery = begin(sink, { timeoutMs: Number.POSITIVE_INFINITY });
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(100_000_000);
    expect(delivery.outcome).toBe('written');
  });
});

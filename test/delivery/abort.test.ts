import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PartialWriteError } from '../../src/core/errors.ts';
import { retrying } from '../../src/delivery/retrying.ts';
import { errorWith } from '../failures/cases.ts';
import { begin, CHUNK, type Delivery, done, failureOf, pause, sinkThat, throws } from './deliveries.ts';

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const busy = errorWith({ status: 503 });
const reason = new Error('the user has had enough');

/** Lets everything happen that needs no time. */
const settle = () => vi.advanceTimersByTimeAsync(0);

function expectAborted(delivery: Delivery, attempts: number): void {
  expect(failureOf(delivery)).toMatchObject({
    code: 'ABORTED',
    cause: reason,
    attempts,
    failure: { kind: 'aborted' },
  });
  expect(getEventListeners(delivery.stop.signal, 'abort')).toHaveLength(0);
}

/** An attempt that ends a while after its signal aborts, as it was told to. */
const endingLate =
  (ms: number, end: () => unknown) =>
  async (_: unknown, { signal }: { signal: AbortSignal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await pause(ms);
    end();
  };

describe('retrying(), when the run is aborted', () => {
  test('before the first attempt: makes none', async () => {
    const sink = sinkThat(done);
    const stop = new AbortController();
    stop.abort(reason);
    await expect(retrying(sink).write(CHUNK, { attempt: 1, signal: stop.signal })).rejects.toMatchObject({
      code: 'ABORTED',
      cause: reason,
      attempts: 0,
    });
    expect(sink.attempts).toHaveLength(0);
  });

  test.each([0, 1, 500, 999])('during a wait, after %i ms: ends at once', async (ms) => {
    const sink = sinkThat(throws(busy));
    const delivery = begin(sink);
    await vi.advanceTimersByTimeAsync(ms);
    expect(delivery.outcome).toBeUndefined();
    delivery.stop.abort(reason);
    // The package that drives the attempts may be in its own wait of 1 ms.
    await vi.advanceTimersByTimeAsync(1);
    expectAborted(delivery, 1);
    expect(sink.attempts).toHaveLength(1);
  });

  test('during a wait that the receiver asked for: ends at once', async () => {
    const delivery = begin(sinkThat(throws(errorWith({ status: 429, retryAfterMs: 200_000 }))));
    await vi.advanceTimersByTimeAsync(100_000);
    delivery.stop.abort(reason);
    await settle();
    expectAborted(delivery, 1);
  });

  test('during an attempt: aborts it with the reason and waits for its end', async () => {
    const sink = sinkThat(endingLate(700, throws(new Error('stopped'))));
    const delivery = begin(sink);
    await settle();
    delivery.stop.abort(reason);
    await vi.advanceTimersByTimeAsync(699);
    expect(sink.attempts[0]?.signal.reason).toBe(reason);
    expect(delivery.outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expectAborted(delivery, 1);
  });

  test('during an attempt that succeeds all the same: the chunk is written', async () => {
    const delivery = begin(sinkThat(endingLate(700, done)));
    await settle();
    delivery.stop.abort(reason);
    await vi.advanceTimersByTimeAsync(700);
    expect(delivery.outcome).toBe('written');
  });

  test('during an attempt that takes a part: tells which records are safe', async () => {
    const partial = throws(new PartialWriteError(new Map([[1, busy]])));
    const delivery = begin(sinkThat(endingLate(0, partial)));
    await settle();
    delivery.stop.abort(reason);
    await vi.advanceTimersByTimeAsync(10);
    expectAborted(delivery, 1);
    expect(failureOf(delivery).taken).toBe(2);
    expect(failureOf(delivery).message).toBe(
      'orders.ndjson (record 2) (chunk 1) could not be written to shop: ' +
        'the user has had enough (1 attempt; 2 of 3 records are safe)',
    );
  });

  test('during the wait after a part was taken: tells which records are safe', async () => {
    const delivery = begin(sinkThat(throws(new PartialWriteError(new Map([[0, busy]])))));
    await vi.advanceTimersByTimeAsync(500);
    delivery.stop.abort(reason);
    await settle();
    expectAborted(delivery, 1);
    expect(failureOf(delivery)).toMatchObject({ taken: 2, refusals: new Map([[0, busy]]) });
  });

  test('after the end: nothing happens', async () => {
    const delivery = begin(sinkThat(done));
    await settle();
    expect(delivery.outcome).toBe('written');
    delivery.stop.abort(reason);
    await settle();
    expect(delivery.outcome).toBe('written');
  });

  test('by onRetry: does not begin to wait', async () => {
    const stop = new AbortController();
    const sink = sinkThat(throws(busy));
    const failed = expect(
      retrying(sink, { onRetry: () => stop.abort(reason) }).write(CHUNK, { attempt: 1, signal: stop.signal }),
    ).rejects.toMatchObject({ code: 'ABORTED', cause: reason, attempts: 1 });
    await vi.advanceTimersByTimeAsync(1);
    await failed;
  });

  test('leaves no listener on the signal of the run after many chunks', async () => {
    const stop = new AbortController();
    const sink = retrying(sinkThat(throws(busy), done));
    for (let i = 0; i < 20; i++) {
      const written = sink.write(CHUNK, { attempt: 1, signal: stop.signal });
      await vi.advanceTimersByTimeAsync(2_000);
      await written;
    }
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });
});

describe('retrying(), with real timers', () => {
  test('an abort ends a wait of 30 s in no time', async () => {
    vi.useRealTimers();
    const stop = new AbortController();
    const sink = retrying(sinkThat(throws(busy)), { initialDelayMs: 30_000 });
    const written = sink.write(CHUNK, { attempt: 1, signal: stop.signal });
    setTimeout(() => stop.abort(reason), 5);
    await expect(written).rejects.toMatchObject({ code: 'ABORTED' });
    vi.useFakeTimers();
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Guarantee, Sink } from '../../src/core/sink.ts';
import { Tally } from '../../src/core/tally.ts';
import { RetryingWriter } from '../../src/index.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { type Act, deliver, done, failureOf, sinkThat, throws } from './deliveries.ts';

const lost = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const busy = () => Object.assign(new Error('HTTP 429'), { status: 429 });

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe('a write whose outcome is unknown', () => {
  test('is made again, and its records are counted as possible duplicates', async () => {
    const delivery = await deliver(sinkThat(throws(lost()), done));
    expect(delivery.outcome).toBe('written');
    expect(delivery.events.map(({ possibleDuplicates }) => possibleDuplicates)).toEqual([3]);
  });

  test.each<Guarantee>(['exactly-once', 'effectively-once'])(
    'leaves no duplicates where the sink is %s',
    async (guarantee) => {
      const delivery = await deliver(safe(guarantee, throws(lost()), done), { onUnknownOutcome: 'fail' });
      expect(delivery.outcome).toBe('written');
      expect(delivery.events.map(({ possibleDuplicates }) => possibleDuplicates)).toEqual([0]);
    },
  );

  test('counts a record once, however often its outcome is unknown', async () => {
    const delivery = await deliver(sinkThat(throws(lost()), throws(lost()), throws(lost()), done));
    expect(delivery.events.map(({ possibleDuplicates }) => possibleDuplicates)).toEqual([3, 0, 0]);
  });

  test.each<[string, unknown]>([
    ['certainly changed nothing', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['was asked to come later', busy()],
  ])('is not what one is that %s', async (_, error) => {
    const delivery = await deliver(sinkThat(throws(error), done), { onUnknownOutcome: 'fail' });
    expect(delivery.outcome).toBe('written');
    expect(delivery.events.map(({ possibleDuplicates }) => possibleDuplicates)).toEqual([0]);
  });

  test('counts of a chunk that was taken in part the records alone of which nothing is known', async () => {
    const refusals = new Map<number, unknown>([
      [0, lost()],
      [1, busy()],
    ]);
    const delivery = await deliver(sinkThat(throws(new PartialWriteError(refusals)), throws(lost()), done));
    expect(delivery.events.map(({ possibleDuplicates }) => possibleDuplicates)).toEqual([1, 1]);
  });

  test("fails at once with onUnknownOutcome: 'fail', and the error says why", async () => {
    const sink = sinkThat(throws(lost()));
    const error = failureOf(await deliver(sink, { onUnknownOutcome: 'fail' }));
    expect(sink.attempts).toHaveLength(1);
    expect(error.failure.kind).toBe('unknown-outcome');
    expect(error.message).toContain('(1 attempt; it may be written or not, and onUnknownOutcome is fail)');
  });

  test('is what an attempt has that took too long', async () => {
    const slow: Act = (_chunk, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const delivery = await deliver(sinkThat(slow, done), { timeoutMs: 10 });
    expect(delivery.events.map(({ possibleDuplicates }) => possibleDuplicates)).toEqual([3]);
  });

  test.each([0, 'stop', null])('refuses onUnknownOutcome: %j', (onUnknownOutcome) => {
    expect(
      () => new RetryingWriter(sinkThat(done), { onUnknownOutcome: onUnknownOutcome as 'retry' }),
    ).toThrow('onUnknownOutcome must be one of retry, fail, got ');
  });

  test('is counted in the tally of the run', async () => {
    vi.useRealTimers();
    const tally = new Tally();
    const writer = new RetryingWriter(sinkThat(throws(lost()), throws(busy()), done), {
      tally,
      initialDelayMs: 0,
    });
    for (const index of [0, 1]) writer.write(chunkOf([{ index }, { index }], { index, before: 2 * index }));
    await new Promise<void>((resolve) => writer.end(() => resolve()));
    expect(tally).toMatchObject({ written: 4, retries: 2, possibleDuplicates: 2 });
  });
});

function safe(guarantee: Guarantee, ...acts: readonly Act[]): Sink {
  return { ...sinkThat(...acts), guarantee };
}

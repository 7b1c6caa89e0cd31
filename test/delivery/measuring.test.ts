import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { type AttemptObserver, type AttemptOutcome, measuring } from '../../src/delivery/measuring.ts';
import { protect } from '../../src/delivery/protect.ts';
import { HttpError, wait } from '../../src/failures/index.ts';
import { FAULT_ERRORS, type WriteFault } from '../../src/testing/fault-errors.ts';
import { CHUNK, sinkThat, throws } from './deliveries.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What an observer is told of a delivery with retries. */
async function told(sink: Sink): Promise<(AttemptOutcome | number)[]> {
  const seen: (AttemptOutcome | number)[] = [];
  const observer: AttemptObserver = {
    onBegin: (chunk) => void seen.push(chunk.count),
    onEnd: (_, outcome, ms) => void seen.push(outcome, ms),
  };
  const delivery = protect(
    measuring(sink, () => observer, {}),
    { timeoutMs: 1_000, maxRetries: 1 },
  )
    .write(CHUNK, { attempt: 1, signal: new AbortController().signal })
    .catch(() => {});
  await vi.runAllTimersAsync();
  await delivery;
  return seen;
}

describe('measuring()', () => {
  test('tells of each attempt how long it took, without the waits between them', async () => {
    const sink = sinkThat(
      async (_, { signal }) => {
        await wait(30, signal);
        throw new HttpError(503, 'HTTP 503', 20_000);
      },
      (_, { signal }) => wait(50, signal),
    );
    expect(await told(sink)).toEqual([3, 'busy', 30, 3, 'written', 50]);
  });

  test('knows an attempt that was ended because it took too long', async () => {
    const sink = sinkThat((_, { signal }) => wait(5_000, signal));
    expect(await told(sink)).toEqual([3, 'timed-out', 1_000, 3, 'timed-out', 1_000]);
  });

  test.each<[WriteFault, 'http' | 'postgres' | 'mysql', AttemptOutcome]>([
    ['throttle', 'http', 'busy'],
    ['throttle', 'postgres', 'busy'],
    ['unreachable', 'mysql', 'busy'],
    ['cut', 'http', 'busy'],
    ['timeOut', 'http', 'timed-out'],
    ['timeOut', 'postgres', 'timed-out'],
    ['timeOut', 'mysql', 'timed-out'],
    ['refuse', 'http', 'failed'],
  ])('knows what it means when %s comes as an error of %s', async (fault, style, outcome) => {
    expect((await told(sinkThat(throws(FAULT_ERRORS[style][fault]()))))[1]).toBe(outcome);
  });

  test.each([
    [new HttpError(413, 'HTTP 413', undefined), 'too-large'],
    [new HttpError(504, 'HTTP 504', undefined), 'timed-out'],
    [new HttpError(500, 'HTTP 500', undefined), 'busy'],
    [new TypeError('a bug'), 'failed'],
    [new PartialWriteError(new Map([[1, new HttpError(429, 'HTTP 429', 0)]])), 'busy'],
    [new PartialWriteError(new Map([[1, new HttpError(413, 'HTTP 413', undefined)]])), 'failed'],
  ] as const)('takes %o for %s', async (error, outcome) => {
    expect((await told(sinkThat(throws(error))))[1]).toBe(outcome);
  });

  test('measures nothing where nobody wants to know', async () => {
    const sink = sinkThat();
    const now = vi.spyOn(performance, 'now');
    await measuring(sink, () => undefined, {}).write(CHUNK, { attempt: 1, signal: AbortSignal.any([]) });
    expect(sink.attempts).toHaveLength(1);
    expect(now).not.toHaveBeenCalled();
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PipelineError } from '../../src/core/errors.ts';
import { functionSink } from '../../src/core/function-sink.ts';
import type { RetryOptions } from '../../src/delivery/retry-options.ts';
import { retrying } from '../../src/delivery/retrying.ts';
import { WriteError } from '../../src/delivery/write-error.ts';
import { type Failure, isTransientKind } from '../../src/failures/index.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { CASES, errorWith } from '../failures/cases.ts';
import { begin, CHUNK, deliver, done, failureOf, sinkThat, throws, timesOf } from './deliveries.ts';

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const busy = errorWith({ status: 503 });
const refused = errorWith({ code: 'ECONNREFUSED' });
const lost = errorWith({ code: 'ENOTFOUND' });

describe('retrying() writes and waits as the error asks:', () => {
  test.each(CASES)('$what', async ({ error, kind, attempts: expected, retryAfterMs = 0 }) => {
    const attempts = expected ?? (isTransientKind(kind) ? 4 : 1);
    const sink = sinkThat(throws(error));
    const delivery = await deliver(sink);
    const waits = [1_000, 2_000, 4_000].slice(0, attempts - 1).map((ms) => Math.max(ms, retryAfterMs));
    expect(delivery.events.map(({ delayMs }) => delayMs)).toEqual(waits);
    expect(timesOf(sink)).toEqual([0, ...waits].map((_, i, all) => sum(all.slice(0, i + 1))));
    expect(failureOf(delivery)).toMatchObject({ attempts, failure: { kind } });
  });
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

describe('retrying()', () => {
  test('writes once what is taken at once', async () => {
    const sink = sinkThat(done);
    const { outcome, events } = await deliver(sink);
    expect(outcome).toBe('written');
    expect(events).toEqual([]);
    expect(sink.attempts.map(({ attempt }) => attempt)).toEqual([1]);
  });

  test('waits exactly 1, 2 and 4 s, not a millisecond less', async () => {
    const sink = sinkThat(throws(busy));
    const delivery = begin(sink);
    for (const [i, ms] of [1_000, 2_000, 4_000].entries()) {
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(sink.attempts).toHaveLength(i + 1);
      await vi.advanceTimersByTimeAsync(1);
      expect(sink.attempts).toHaveLength(i + 2);
    }
    expect(failureOf(delivery).attempts).toBe(4);
  });

  test('waits at most 30 s', async () => {
    const sink = sinkThat(throws(busy));
    const { events } = await deliver(sink, { maxRetries: 8 });
    expect(events.map(({ delayMs }) => delayMs / 1_000)).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    expect(timesOf(sink).at(-1)).toBe(121_000);
  });

  test.each([0, 1, 2, 10])(
    'retries %i times, and then neither waits nor tells of a retry',
    async (maxRetries) => {
      const sink = sinkThat(throws(busy));
      const delivery = await deliver(sink, { maxRetries, initialDelayMs: 0 });
      expect(sink.attempts.map(({ attempt }) => attempt)).toEqual(
        Array.from({ length: maxRetries + 1 }, (_, i) => i + 1),
      );
      expect(delivery.events.map(({ retry }) => retry)).toEqual(
        Array.from({ length: maxRetries }, (_, i) => i + 1),
      );
      expect(failureOf(delivery).attempts).toBe(maxRetries + 1);
    },
  );

  test.each([1, 2, 3])('succeeds after %i failures', async (failures) => {
    const sink = sinkThat(...Array.from({ length: failures }, () => throws(busy)), done);
    const { outcome, events } = await deliver(sink);
    expect(outcome).toBe('written');
    expect(events).toHaveLength(failures);
    expect(sink.attempts).toHaveLength(failures + 1);
  });

  test('stops retrying when a transient failure gives way to a permanent one', async () => {
    const sink = sinkThat(throws(busy), throws(errorWith({ status: 400 })), done);
    const error = failureOf(await deliver(sink));
    expect(error).toMatchObject({ attempts: 2, failure: { kind: 'bad-records' } });
  });

  test('tells of each retry what failed and how long it waits', async () => {
    const { events } = await deliver(sinkThat(throws(busy), throws(refused), done));
    expect(events).toEqual([
      {
        chunk: CHUNK,
        attempt: 1,
        retry: 1,
        delayMs: 1_000,
        failure: { kind: 'throttled', why: 'HTTP 503' },
        error: busy,
        possibleDuplicates: 0,
      },
      {
        chunk: CHUNK,
        attempt: 2,
        retry: 2,
        delayMs: 2_000,
        failure: { kind: 'not-applied', why: 'ECONNREFUSED' },
        error: refused,
        possibleDuplicates: 0,
      },
    ]);
  });

  test('waits a part of the delay with full jitter', async () => {
    const chances = [0, 0.5, 0.25];
    const options: RetryOptions = { jitter: 'full', random: () => chances.shift()! };
    const { events } = await deliver(sinkThat(throws(refused)), options);
    expect(events.map(({ delayMs }) => delayMs)).toEqual([0, 1_000, 1_000]);
  });

  test('waits the whole delay, whatever the jitter, when the sink asks for time', async () => {
    const sink = sinkThat(throws(busy));
    await deliver(sink, { jitter: 'full', random: () => 0 });
    expect(timesOf(sink)).toEqual([0, 1_000, 3_000, 7_000]);
  });

  test('takes a sink that throws instead of rejecting', async () => {
    const sink = {
      name: 'shop',
      guarantee: 'at-least-once' as const,
      write: (): Promise<void> => {
        throw busy;
      },
    };
    expect(failureOf(await deliver(sink)).attempts).toBe(4);
  });

  test('keeps name, guarantee, limits, open and close of the sink', async () => {
    const calls: unknown[] = [];
    const sink = retrying({
      name: 'shop',
      guarantee: 'exactly-once',
      limits: { records: 7 },
      open: async ({ signal }) => void calls.push(['open', signal.aborted]),
      write: async () => undefined,
      close: async (context) => void calls.push(['close', context]),
    });
    expect(sink).toMatchObject({ name: 'shop', guarantee: 'exactly-once', limits: { records: 7 } });
    await sink.open({ signal: new AbortController().signal });
    await sink.close({ complete: true });
    expect(calls).toEqual([
      ['open', false],
      ['close', { complete: true }],
    ]);
  });
});

describe('retrying() obeys Retry-After:', () => {
  const asking = (retryAfterMs: number) => errorWith({ status: 429, retryAfterMs });

  test.each([
    ['longer than the backoff', 5_000, [5_000, 5_000, 5_000]],
    ['shorter than the backoff', 1_500, [1_500, 2_000, 4_000]],
    ['none at all', 0, [1_000, 2_000, 4_000]],
    ['as long as allowed', 300_000, [300_000, 300_000, 300_000]],
  ])('%s', async (_, retryAfterMs, waits) => {
    const { events } = await deliver(sinkThat(throws(asking(retryAfterMs))));
    expect(events.map(({ delayMs }) => delayMs)).toEqual(waits);
  });

  test('longer than allowed: fails now, and never writes earlier', async () => {
    const sink = sinkThat(throws(asking(300_001)));
    const delivery = begin(sink);
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.attempts).toHaveLength(1);
    expect(failureOf(delivery).message).toBe(
      'orders.ndjson: records 1–3 (chunk 1) could not be written to shop: it failed' +
        ' (1 attempt; asked to wait 301 s, longer than maxRetryAfterMs)',
    );
  });

  test('longer than the user allows', async () => {
    const sink = sinkThat(throws(asking(5_001)));
    await deliver(sink, { maxRetryAfterMs: 5_000 });
    expect(sink.attempts).toHaveLength(1);
  });

  test('longer than allowed, on the last attempt: says so as well', async () => {
    const sink = sinkThat(throws(busy), throws(asking(400_000)));
    const error = failureOf(await deliver(sink, { maxRetries: 1 }));
    expect(error.message).toContain('(2 attempts; asked to wait 400 s, longer than maxRetryAfterMs)');
  });

  test('given as a date', async () => {
    const headers = { 'retry-after': new Date(9_000).toUTCString() };
    const { events } = await deliver(sinkThat(throws(errorWith({ status: 503, headers })), done));
    expect(events[0]?.delayMs).toBe(9_000);
  });
});

describe('retrying() tries what is hardly mended by waiting', () => {
  test('once more, as long as the host was never found', async () => {
    const sink = sinkThat(throws(lost));
    await deliver(sink);
    expect(sink.attempts).toHaveLength(2);
  });

  test('as often as anything else, once the host was found', async () => {
    const sink = sinkThat(done, throws(lost));
    const full = retrying(sink);
    const context = { attempt: 1, signal: new AbortController().signal };
    await full.write(CHUNK, context);
    const failed = expect(full.write(CHUNK, context)).rejects.toMatchObject({ attempts: 4 });
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
  });

  test('as often as anything else, once the host has refused', async () => {
    const sink = sinkThat(throws(refused), throws(lost));
    await deliver(sink);
    expect(sink.attempts).toHaveLength(4);
  });

  test('once more, when the answer is no HTTP, however often it was before', async () => {
    const sink = sinkThat(throws(errorWith({ code: 'HPE_INVALID_CONSTANT' })));
    await deliver(sink, { maxRetries: 10 });
    expect(sink.attempts).toHaveLength(2);
  });

  test('not at all, when there are no retries', async () => {
    const sink = sinkThat(throws(lost));
    await deliver(sink, { maxRetries: 0 });
    expect(sink.attempts).toHaveLength(1);
  });
});

describe('retrying() with the option classify', () => {
  test('retries what it calls transient and fails what it calls permanent', async () => {
    const own = (error: unknown, otherwise: Failure): Failure | undefined => {
      if (error === 'again') return { kind: 'throttled', why: 'again', retryAfterMs: 3_000 };
      return otherwise.kind === 'throttled' ? { ...otherwise, kind: 'run-wide' } : undefined;
    };
    const again = await deliver(sinkThat(throws('again'), done), { classify: own });
    expect(again.outcome).toBe('written');
    expect(again.events[0]?.delayMs).toBe(3_000);
    const sink = sinkThat(throws(busy));
    expect(failureOf(await deliver(sink, { classify: own })).failure.kind).toBe('run-wide');
    expect(sink.attempts).toHaveLength(1);
    expect(failureOf(await deliver(sinkThat(throws(refused)), { classify: own })).attempts).toBe(4);
  });

  test('asks it once for each failed attempt', async () => {
    let asked = 0;
    const options: RetryOptions = {
      classify: () => {
        asked++;
        return undefined;
      },
    };
    await deliver(sinkThat(throws(busy)), options);
    expect(asked).toBe(4);
  });

  test('fails the chunk when it throws or answers nonsense', async () => {
    const bug = new TypeError('a bug in the option');
    const sink = sinkThat(throws(busy));
    expect(failureOf(await deliver(sink, { classify: throws(bug) as never })).cause).toBe(bug);
    expect(sink.attempts).toHaveLength(1);
    const nonsense = { classify: () => 'transient' as unknown as Failure };
    expect(failureOf(await deliver(sinkThat(throws(busy)), nonsense)).message).toContain(
      'classify must return undefined or a failure of kind',
    );
  });
});

test('retrying() fails the chunk when onRetry throws', async () => {
  const bug = new Error('a bug in the option');
  const sink = sinkThat(throws(busy));
  const error = failureOf(await deliver(sink, { onRetry: throws(bug) as never }));
  expect(error).toMatchObject({ cause: bug, attempts: 1, failure: { kind: 'unrecognised' } });
});

describe('retrying() keeps what it sends:', () => {
  test('every attempt has the same chunk', async () => {
    const sink = sinkThat(throws(busy));
    await deliver(sink);
    expect(new Set(sink.attempts.map(({ chunk }) => chunk))).toEqual(new Set([CHUNK]));
  });

  test.each(['objects', 'bytes'] as const)(
    'a function that changes and consumes its records gets them anew (%s)',
    async (from) => {
      const records = [
        { id: 1, tags: ['a'] },
        { id: 2, tags: [] },
      ];
      const seen: unknown[] = [];
      const sink = functionSink<{ id: number; tags: string[] }>((given, { chunk }) => {
        seen.push([chunk.id, Buffer.from(chunk.ndjson()).toString(), structuredClone(given)]);
        for (const record of given) record.tags.push('changed');
        (given as unknown[]).length = 0;
        chunk.records[0]!.id = 99;
        throw busy;
      });
      const chunk = chunkOf(structuredClone(records), { from });
      const error = failureOf(await deliver(sink, {}, chunk));
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      expect(seen).toEqual(Array.from({ length: 4 }, () => [chunk.id, lines, records]));
      expect(error.chunk.records).toEqual(records);
    },
  );
});

describe('retrying() fails with an error that', () => {
  test('tells sink, chunk, records, attempts and cause', async () => {
    const chunk = chunkOf(
      Array.from({ length: 1_000 }, (_, id) => ({ id })),
      { source: 'orders.ndjson', index: 1, before: 1_000 },
    );
    const cause = errorWith({ status: 503 }, 'HTTP 503 Service Unavailable: try later');
    const error = failureOf(await deliver(sinkThat(throws(cause)), {}, chunk));
    expect(error).toBeInstanceOf(WriteError);
    expect(error).toBeInstanceOf(PipelineError);
    expect(error.message).toBe(
      'orders.ndjson: records 1,001–2,000 (chunk 2) could not be written to shop: ' +
        'HTTP 503 Service Unavailable: try later (4 attempts; the circuit is open after 4 failures in a row)',
    );
    expect(error).toMatchObject({
      name: 'WriteError',
      code: 'WRITE_FAILED',
      sink: 'shop',
      chunk,
      first: { record: 1_001 },
      last: { record: 2_000 },
      attempts: 4,
      failure: { kind: 'throttled', why: 'HTTP 503' },
      cause,
      taken: 0,
    });
    expect(error.refusals).toBeUndefined();
  });

  test('keeps the code SINK_CLOSED, so that the command can end quietly', async () => {
    const cause = new PipelineError({ code: 'SINK_CLOSED', message: 'The reader of stdout has gone away' });
    const error = failureOf(await deliver(sinkThat(throws(cause))));
    expect(error).toMatchObject({ code: 'SINK_CLOSED', cause, attempts: 1, failure: { kind: 'aborted' } });
  });

  test.each([undefined, null, 'text', 0])('takes %s for a cause', async (thrown) => {
    const error = failureOf(await deliver(sinkThat(throws(thrown))));
    expect(error).toMatchObject({ attempts: 1, failure: { kind: 'unrecognised' } });
    expect(error.message).toContain(String(thrown));
  });
});

describe('retrying() refuses', () => {
  test.each([
    [{ maxRetries: -1 }, 'maxRetries must be an integer from 0 to 100, got -1'],
    [{ maxRetries: 1.5 }, 'maxRetries must be an integer from 0 to 100, got 1.5'],
    [{ maxRetries: Number.NaN }, 'maxRetries must be an integer from 0 to 100, got NaN'],
    [{ maxRetries: 101 }, 'maxRetries must be an integer from 0 to 100, got 101'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a number from 1 to 2,147,483,647, got 0'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs must be a number from 1 to 2,147,483,647, got NaN'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs must be a number from 1 to 2,147,483,647, got 2147483648'],
    [{ maxRetryAfterMs: -1 }, 'maxRetryAfterMs must be a number from 0 to 2,147,483,647, got -1'],
    [{ initialDelayMs: -1 }, 'initialDelayMs must be a number from 0 to 2,147,483,647, got -1'],
    [{ retryBudget: -1 }, 'retryBudget must be an integer from 0 to 1,000,000, got -1'],
    [{ retryBudget: true as never }, 'retryBudget must be an integer from 0 to 1,000,000, got true'],
    [{ maxDelayMs: Number.NaN }, 'maxDelayMs must be a number from 0 to 2,147,483,647, got NaN'],
  ])('%j', (options, message) => {
    expect(() => retrying(sinkThat(done), options)).toThrow(new RangeError(message));
  });

  test.each([
    [{ jitter: 'some' }, 'jitter must be one of none, full, got "some"'],
    [{ classify: 'all' }, 'classify must be a function, got "all"'],
    [{ onRetry: true }, 'onRetry must be a function, got true'],
    [{ onPause: 1 }, 'onPause must be a function, got 1'],
  ])('%j', (options, message) => {
    expect(() => retrying(sinkThat(done), options as unknown as RetryOptions)).toThrow(
      new TypeError(message),
    );
  });
});

/** An abort waits out a backoff, a timer fires at once or too late, or something is left open. (Every phase: test/pipeline/lifecycle.) */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { retrying } from '../../src/delivery/retrying.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { summaryOf } from '../../src/pipeline/summary.ts';
import { httpSink } from '../../src/sinks/http-sink.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { serve } from '../failures/servers.ts';
import { expectNoUnhandled, left, numbered } from './run.ts';

describe('An abort', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test.each([
    ['in a backoff', { status: 503 }],
    ['in a wait that the sink has asked for', { status: 429, retryAfterMs: 250_000 }],
  ])('%s ends the run then, with exact counts and no timer left', async (_, error) => {
    const unhandled = expectNoUnhandled();
    const stop = new AbortController();
    let writes = 0;
    const running = new BatchProcessor({
      source: numbered(500),
      batchSize: 100,
      signal: stop.signal,
      sink: async () => {
        writes += 1;
        if (writes > 2) throw Object.assign(new Error('later'), error);
      },
    }).run();
    const outcome = running.catch((thrown: unknown) => thrown);
    for (let i = 0; writes < 3 && i < 1_000; i++) {
      await vi.advanceTimersByTimeAsync(1);
      await new Promise(setImmediate);
    }
    await vi.advanceTimersByTimeAsync(10);
    const abortedAt = performance.now();
    stop.abort();
    const thrown = await outcome;
    expect(performance.now() - abortedAt).toBe(0);
    expect(thrown).toMatchObject({ code: 'ABORTED' });
    expect(summaryOf(thrown)).toMatchObject({ written: 200 });
    expect(left(summaryOf(thrown)!)[0]).toBe(201);
    expect(vi.getTimerCount()).toBe(0);
    await new Promise(setImmediate);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('A time', () => {
  const sink = { name: 'sink', guarantee: 'at-least-once' as const, write: async () => {} };

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 31])(
    'of %d ms is refused, where a timer would fire at once',
    (ms) => {
      expect(() => retrying(sink, { initialDelayMs: ms })).toThrow(RangeError);
      expect(() => retrying(sink, { maxDelayMs: ms })).toThrow(RangeError);
      expect(() => retrying(sink, { maxRetryAfterMs: ms })).toThrow(RangeError);
      if (ms === Number.POSITIVE_INFINITY) return; // these take it for no bound
      expect(() => retrying(sink, { timeoutMs: ms })).toThrow(RangeError);
      expect(() => new BatchProcessor({ source: [], sink, maxWaitMs: ms })).toThrow(RangeError);
    },
  );

  test('that a server asks for beyond what timers can wait is no time at all: the chunk fails', async () => {
    const url = await serve((_, response) => response.writeHead(429, { 'retry-after': '99999999999' }).end());
    const run = new BatchProcessor({ source: numbered(1), sink: httpSink({ url }) }).run();
    await expect(run).rejects.toThrow('longer than maxRetryAfterMs');
  });
});

describe('Who leaves early', () => {
  test('closes the source, while it waits, too', async () => {
    const unhandled = expectNoUnhandled();
    let isClosed = false;
    async function* source() {
      try {
        for (let id = 0; ; id++) {
          await new Promise(setImmediate);
          yield { id };
        }
      } finally {
        isClosed = true;
      }
    }
    for await (const block of readRecords(source())) if (block.count > 0) break;
    await expect.poll(() => isClosed).toBe(true);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('a sink that is dead ends a run whose source never does', async () => {
    async function* endless() {
      for (let id = 0; ; id++) {
        if (id % 100 === 99) await new Promise(setImmediate);
        yield { id };
      }
    }
    const run = new BatchProcessor({
      source: endless(),
      batchSize: 100,
      sink: async () => {
        throw Object.assign(new Error('gone'), { status: 403 });
      },
    }).run();
    await expect(run).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  });
});

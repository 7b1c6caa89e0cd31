import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { summaryOf } from '../../src/pipeline/summary.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

/** Lets everything go on that waits for nothing but the turns of the event loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('The signal of a run', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test.each([1, 3])(
    'lets what is being written come to its end, notes it, and the next run begins behind it (%i at once)',
    async (concurrency) => {
      const stopping = new AbortController();
      const store = memoryCheckpoint();
      const written: number[] = [];
      const isAborted: boolean[] = [];
      const run = (signal?: AbortSignal) =>
        new BatchProcessor<number>({
          source: numbers(1_000),
          batchSize: 100,
          concurrency,
          checkpoint: { store, run: 'numbers' },
          ...(signal !== undefined && { signal }),
          sink: async (records, { signal: attempt }) => {
            await new Promise((resolve) => setTimeout(resolve, 50));
            isAborted.push(attempt.aborted);
            written.push(...records);
          },
        }).run();
      const stopped = run(stopping.signal).catch((error: unknown) => error);
      await turns();
      stopping.abort(new Error('enough'));
      for (let i = 0; i < 5; i++) {
        await vi.advanceTimersByTimeAsync(50);
        await turns();
      }
      const error = await stopped;
      expect(error).toMatchObject({ code: 'ABORTED', message: 'The run was aborted: enough' });
      expect(summaryOf(error)).toMatchObject({ written: written.length });
      expect(written.length).toBeGreaterThanOrEqual(100 * concurrency);
      expect(written.length).toBeLessThan(1_000);
      expect(isAborted).not.toContain(true);
      expect(vi.getTimerCount()).toBe(0);

      vi.useRealTimers();
      await run();
      expect(written.toSorted((a, b) => a - b)).toEqual(numbers(1_000));
    },
  );

  test('aborts what takes longer than graceMs', async () => {
    const stopping = new AbortController();
    let attempt: AbortSignal | undefined;
    const run = new BatchProcessor({
      source: numbers(300),
      batchSize: 100,
      signal: stopping.signal,
      graceMs: 2_000,
      sink: (_records, { signal }) => untilAborted((attempt = signal)),
    }).run();
    const outcome = run.catch((error: unknown) => error);
    await turns();
    stopping.abort(new Error('enough'));
    await vi.advanceTimersByTimeAsync(1_999);
    expect(attempt!.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(attempt!.aborted).toBe(true);
    expect(await outcome).toMatchObject({ code: 'ABORTED', message: 'The run was aborted: enough' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves half a minute unless told otherwise', async () => {
    const stopping = new AbortController();
    let attempt: AbortSignal | undefined;
    const run = new BatchProcessor({
      source: numbers(1),
      signal: stopping.signal,
      sink: (_records, { signal }) => untilAborted((attempt = signal)),
    }).run();
    const outcome = run.catch((error: unknown) => error);
    await turns();
    stopping.abort(new Error('enough'));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(attempt!.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject({ code: 'ABORTED' });
  });

  test.each([
    ['a chunk that fails for a passing reason', { code: 'ECONNRESET' }],
    ['a sink that asks for time', { status: 429, retryAfterMs: 200_000 }],
  ])('does not wait for %s to be tried again', async (_, failure) => {
    const stopping = new AbortController();
    let attempts = 0;
    const run = new BatchProcessor({
      source: numbers(300),
      batchSize: 100,
      signal: stopping.signal,
      sink: async () => {
        attempts++;
        await new Promise((resolve) => setTimeout(resolve, 50));
        throw Object.assign(new Error('busy'), failure);
      },
    }).run();
    const outcome = run.catch((error: unknown) => error);
    await turns();
    stopping.abort(new Error('enough')); // while the first attempt is under way
    await vi.advanceTimersByTimeAsync(50);
    expect(await outcome).toMatchObject({ code: 'ABORTED' });
    expect(attempts).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('hides no error that would not pass', async () => {
    const stopping = new AbortController();
    const run = new BatchProcessor({
      source: numbers(300),
      batchSize: 100,
      signal: stopping.signal,
      sink: async () => {
        stopping.abort(new Error('enough'));
        throw Object.assign(new Error('no such table'), { status: 404 });
      },
    }).run();
    await expect(run).rejects.toMatchObject({
      code: 'WRITE_FAILED',
      message: expect.stringContaining('no such'),
    });
  });

  test.each([-1, Number.NaN, 2 ** 31, '5s'])('leaves no time such as %s', (graceMs) => {
    const options = { source: [], sink: async () => {}, graceMs: graceMs as number };
    expect(() => new BatchProcessor(options)).toThrow(RangeError);
    expect(() => new BatchProcessor(options)).toThrow('graceMs must be a number from 0 to 2,147,483,647');
  });
});

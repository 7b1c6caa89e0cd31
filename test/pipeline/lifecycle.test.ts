import { getEventListeners } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { Processor } from '../../src/pipeline/processor.ts';
import { summaryOf } from '../../src/pipeline/summary.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { RetryingWriter } from '../../src/streams/retrying-writer.ts';
import { activeTimers, expectNoMoreTimers } from '../support/timers.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const forever = () => new Promise<never>(() => {});

/** Ends when its signal aborts, and never otherwise. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

function sinkOf(methods: Partial<Sink<number>> = {}) {
  const calls: string[] = [];
  const sink: Sink<number> = {
    name: 'sink',
    guarantee: 'at-least-once',
    async open(context) {
      calls.push('open');
      await methods.open?.(context);
    },
    async write(chunk, context) {
      calls.push('write');
      await methods.write?.(chunk, context);
    },
    async close(context) {
      calls.push(context.complete ? 'close complete' : 'close incomplete');
      await methods.close?.(context);
    },
  };
  return { sink, calls };
}

async function* withPause(pause: () => Promise<unknown>) {
  yield* numbers(150);
  await pause();
}

describe('A run', () => {
  const unhandled = vi.fn();
  let timersBefore = 0;
  beforeEach(() => {
    timersBefore = activeTimers();
    process.on('unhandledRejection', unhandled);
  });
  afterEach(async () => {
    await new Promise(setImmediate);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    await expectNoMoreTimers(timersBefore);
  });

  type Phase = (
    abort: () => void,
  ) => Partial<BatchProcessorOptions<number>> & { readonly expected: readonly string[] };
  const phases: Readonly<Record<string, Phase>> = {
    'before it begins': (abort) => {
      abort();
      return { source: numbers(10), sink: sinkOf().sink, expected: [] };
    },
    'while the sink is opened': (abort) => {
      const { sink, calls } = sinkOf({
        open: ({ signal }) => {
          setImmediate(abort);
          return untilAborted(signal);
        },
      });
      return { source: numbers(10), sink, expected: calls };
    },
    'while the source waits': (abort) => {
      const { sink, calls } = sinkOf();
      const pause = () => {
        setImmediate(abort);
        return forever();
      };
      return { source: withPause(pause), sink, expected: calls };
    },
    'while a transform waits': (abort) => {
      const { sink, calls } = sinkOf();
      const transform = async (n: number) => {
        if (n < 120) return n;
        setImmediate(abort);
        return forever();
      };
      return { source: numbers(300), sink, transform, expected: calls };
    },
    'while a chunk is written': (abort) => {
      const { sink, calls } = sinkOf({
        write: (_chunk, { signal }) => {
          setImmediate(abort);
          return untilAborted(signal);
        },
      });
      return { source: numbers(300), sink, expected: calls };
    },
    'while it waits for a retry': (abort) => {
      const { sink, calls } = sinkOf({
        write: () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNRESET' })),
      });
      const retry = { initialDelayMs: 20_000, onRetry: () => void setImmediate(abort) };
      return { source: numbers(300), sink, retry, expected: calls };
    },
    'while a chunk waits for its age': (abort) => {
      const { sink, calls } = sinkOf();
      const pause = () => {
        setImmediate(abort);
        return forever();
      };
      return { source: withPause(pause), sink, maxWaitMs: 60_000, batchSize: 1_000, expected: calls };
    },
  };

  const atAnyTime = Object.keys(phases).flatMap((phase) => [[phase, 0] as const, [phase, 20] as const]);
  test.each(atAnyTime)(
    'ends when it is aborted %s, after %i ms, and leaves nothing open',
    async (phase, graceMs) => {
      const stopping = new AbortController();
      const reason = new Error('enough');
      const { expected: calls, ...options } = phases[phase]!(() => stopping.abort(reason));
      const processor = new BatchProcessor<number>({
        batchSize: 100,
        ...(options as BatchProcessorOptions<number>),
        signal: stopping.signal,
        graceMs,
      });
      const error = await processor.run().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'ABORTED', message: expect.stringContaining('aborted') });
      expect(causesOf(error)).toContain(reason);
      const { read, written, unaccounted } = summaryOf(error)!;
      const lost = unaccounted.reduce((sum, { from, to }) => sum + to - from + 1, 0);
      expect(written + lost).toBe(read);
      const closes = calls.filter((call) => call.startsWith('close'));
      expect(closes).toEqual(calls.includes('write') || closes.length > 0 ? ['close incomplete'] : []);
      await new Promise(setImmediate);
      expect(getEventListeners(stopping.signal, 'abort')).toHaveLength(0);
    },
  );

  test.each(['reader', 'writer'])(
    'ends well-behaved when the signal of its %s was aborted before',
    async (which) => {
      const signal = AbortSignal.abort(new Error('enough'));
      const { sink, calls } = sinkOf();
      const run = pipeline(
        readRecords(numbers(10), which === 'reader' ? { signal } : {}),
        new ChunkTransform<number>(),
        new RetryingWriter(sink, which === 'writer' ? { signal } : {}),
      );
      const error = await run.catch((thrown: unknown) => thrown);
      expect(causesOf(error)).toContain(signal.reason);
      expect(calls).toEqual(which === 'reader' ? ['open', 'close incomplete'] : []);
    },
  );

  test('leaves no listener on its signal when it ends well', async () => {
    const { signal } = new AbortController();
    const { sink, calls } = sinkOf();
    await new BatchProcessor<number>({ source: numbers(250), sink, signal, batchSize: 100 }).run();
    expect(calls).toEqual(['open', 'write', 'write', 'write', 'close complete']);
    // streams let go of it when they close, which is a turn after the run has ended
    await vi.waitFor(() => expect(getEventListeners(signal, 'abort')).toHaveLength(0));
  });

  test('tells the error that was there before the abort', async () => {
    const stopping = new AbortController();
    const broken = new Error('broken');
    const { sink } = sinkOf({
      write: async () => {
        setImmediate(() => stopping.abort(new Error('too late')));
        throw broken;
      },
      close: () => new Promise((resolve) => setTimeout(resolve, 5)),
    });
    const run = new BatchProcessor<number>({ source: numbers(100), sink, signal: stopping.signal }).run();
    await expect(run).rejects.toMatchObject({ code: 'WRITE_FAILED', cause: broken });
  });

  test.each([
    ['opened', { open: () => Promise.reject(new Error('no disk')) }, 'sink could not be opened: no disk', 0],
    [
      'closed',
      { close: () => Promise.reject(new Error('no disk')) },
      'sink could not be closed: no disk',
      100,
    ],
  ])('fails when the sink cannot be %s', async (_what, methods, message, written) => {
    const { sink, calls } = sinkOf(methods);
    const error = await new BatchProcessor<number>({ source: numbers(100), sink })
      .run()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SINK_FAILED', message });
    expect(summaryOf(error)).toMatchObject({ written });
    expect(calls.filter((call) => call.startsWith('close')).length).toBeLessThanOrEqual(1);
  });

  test('tells the first error when the sink cannot be closed after it, nor the dead letters', async () => {
    const { sink, calls } = sinkOf({ close: () => Promise.reject(new Error('second')) });
    const run = new BatchProcessor<number>({
      source: numbers(100),
      sink,
      transform: () => {
        throw new Error('first');
      },
      deadLetters: { add: async () => {}, close: () => Promise.reject(new Error('third')) },
    }).run();
    await expect(run).rejects.toMatchObject({
      code: 'TRANSFORM_FAILED',
      message: 'records (record 1): first',
    });
    expect(calls).toEqual(['open', 'close incomplete']);
  });

  test('fails when the dead letters cannot be closed', async () => {
    const { sink } = sinkOf();
    const deadLetters = { add: async () => {}, close: () => Promise.reject(new Error('no disk')) };
    const error = await new BatchProcessor<number>({ source: numbers(100), sink, deadLetters })
      .run()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: 'no disk' });
    expect(summaryOf(error)).toMatchObject({ written: 100 });
  });

  test('has a summary also when the checkpoint cannot be loaded, and opens nothing', async () => {
    const { sink, calls } = sinkOf();
    const store = { load: () => Promise.reject(new Error('no table')), save: async () => {} };
    const error = await new BatchProcessor<number>({
      source: numbers(10),
      sink,
      checkpoint: { store, run: 'a' },
    })
      .run()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: 'no table' });
    expect(summaryOf(error)).toMatchObject({ read: 0, unaccounted: [] });
    expect(calls).toEqual([]);
  });

  test.each([['a text'], [undefined], [null], [0]])(
    'fails with an error that has a summary when a source throws %o',
    async (thrown) => {
      const source = async function* () {
        yield* numbers(3);
        throw thrown;
      };
      const error = await new BatchProcessor<number>({ source: source(), sink: sinkOf().sink })
        .run()
        .catch((error: unknown) => error);
      expect(error).toBeInstanceOf(Error);
      expect(summaryOf(error)).toMatchObject({ read: 3, written: 0 });
    },
  );

  test('gives out the records before a failure of the source', async () => {
    const seen: number[] = [];
    const source = async function* () {
      yield* numbers(3);
      throw new Error('gone');
    };
    const run = new BatchProcessor<number>({
      source: source(),
      transform: (n) => {
        seen.push(n);
        return n;
      },
      sink: sinkOf().sink,
    }).run();
    await expect(run).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(seen).toEqual([0, 1, 2]);
  });

  test('can be stopped before it has begun to read, and while the source waits', async () => {
    const { sink, calls } = sinkOf();
    const early = new BatchProcessor<number>({ source: numbers(1_000), sink });
    const first = early.run();
    early.stop();
    await expect(first).rejects.toMatchObject({ code: 'ABORTED' });

    const waiting = new BatchProcessor<number>({ source: withPause(forever), sink, batchSize: 100 });
    const second = waiting.run();
    setTimeout(() => waiting.stop(), 5);
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    expect(calls.filter((call) => call.startsWith('close'))).not.toContain('close complete');
  });

  test('starts clean after one that failed', async () => {
    let isBroken = true;
    const indexes: number[] = [];
    const ids = new Set<string>();
    const { sink } = sinkOf({
      async write({ index, id }) {
        indexes.push(index);
        ids.add(id);
        if (isBroken && index === 1) throw new Error('broken');
      },
    });
    const processor = new BatchProcessor<number>({ source: numbers(300), sink, batchSize: 100 });
    await expect(processor.run()).rejects.toMatchObject({ code: 'WRITE_FAILED' });
    isBroken = false;
    expect(await processor.run()).toMatchObject({ read: 300, written: 300, chunks: 3, unaccounted: [] });
    expect(indexes).toEqual([0, 1, 0, 1, 2]);
    expect(ids.size).toBe(3);
  });
});

describe('Processor', () => {
  test('gives each attempt records of its own', async () => {
    const seen: unknown[] = [];
    await new Processor<{ n: number }>({
      source: [{ n: 1 }],
      retry: { initialDelayMs: 0 },
      process: (record, { chunk, attempt }) => {
        seen.push({ ...record }, { ...chunk.records[0]! });
        record.n = -1;
        chunk.records[0]!.n = -1;
        if (attempt === 1) throw Object.assign(new Error('again'), { code: 'ECONNRESET' });
      },
    }).run();
    expect(seen).toEqual(numbers(4).map(() => ({ n: 1 })));
  });

  test('works on several records at once, no more than asked', async () => {
    let running = 0;
    let peak = 0;
    const summary = await new Processor<number>({
      source: numbers(40),
      concurrency: 4,
      process: async () => {
        peak = Math.max(peak, ++running);
        await new Promise(setImmediate);
        running--;
      },
    }).run();
    expect(peak).toBe(4);
    expect(summary).toMatchObject({ written: 40, chunks: 40 });
  });
});

function causesOf(error: unknown): readonly unknown[] {
  return error === undefined ? [] : [error, ...causesOf((error as Error).cause)];
}

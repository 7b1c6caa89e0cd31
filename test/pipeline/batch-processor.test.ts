import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { Processor } from '../../src/pipeline/processor.ts';
import { type Progress, type Summary, summaryOf } from '../../src/pipeline/summary.ts';
import { many } from '../../src/streams/transform.ts';

const folder = mkdtempSync(join(tmpdir(), 'batch-processor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numbers = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));
const fast = { initialDelayMs: 0 };

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function collectingLetters() {
  const letters: DeadLetter[] = [];
  return { letters, add: async (letter: DeadLetter) => void letters.push(letter), close: async () => {} };
}

/** What must hold of the counts at every exit. */
function expectAccounted({ read, added, written, filtered, deadLettered, unaccounted }: Summary): void {
  const missing = unaccounted.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  expect(written + filtered + deadLettered + missing).toBe(read + added);
}

describe('BatchProcessor', () => {
  test('writes every record and says so', async () => {
    const written: unknown[] = [];
    const summary = await new BatchProcessor({
      source: numbers(2_345),
      sink: async (records) => void written.push(...records),
    }).run();
    expect(written).toEqual(numbers(2_345));
    expect(summary).toMatchObject({ read: 2_345, written: 2_345, chunks: 3, retries: 0, unaccounted: [] });
  });

  test('counts what is filtered, added and set aside', async () => {
    const deadLetters = collectingLetters();
    const summary = await new BatchProcessor<{ id: number }, unknown>({
      source: file('mixed.ndjson', '{"id":0}\n{"id":\n{"id":2}\n{"id":"x"}\n{"id":4}\n{"id":5}\n'),
      validate: z.object({ id: z.number() }),
      transform: ({ id }) => (id === 2 ? null : id === 4 ? many([id, id, id]) : id),
      sink: async () => {},
      onInvalid: 'dead-letter',
      deadLetters,
    }).run();
    expect(summary).toMatchObject({
      read: 6,
      added: 2,
      written: 5,
      filtered: 1,
      invalid: 2,
      deadLettered: 2,
    });
    expectAccounted(summary);
    expect(deadLetters.letters.map(({ code, position }) => [code, position.line])).toEqual([
      ['MALFORMED_RECORD', 2],
      ['INVALID_RECORD', 4],
    ]);
  });

  test('fails at the first invalid record at once: nothing of its chunk is written, nothing is retried', async () => {
    const sink = vi.fn(async () => {});
    const run = new BatchProcessor({
      source: numbers(10),
      validate: ({ id }: { id: number }) => id < 5,
      sink,
    }).run();
    const error = await run.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'INVALID_RECORD',
      message: expect.stringContaining('records (record 6)'),
    });
    expect(sink).not.toHaveBeenCalled();
    expect(summaryOf(error)).toMatchObject({
      written: 0,
      retries: 0,
      unaccounted: [{ source: 'records', from: 1, to: 10 }],
    });
  });

  test('retries what is transient, with the same id and records that the sink could not spoil', async () => {
    const seen: { id: string; first: unknown; attempt: number }[] = [];
    const summary = await new BatchProcessor({
      source: numbers(3),
      sink: async (records, { chunk, attempt }) => {
        seen.push({ id: chunk.id, first: { ...(records[0] as object) }, attempt });
        (records[0] as { id: number }).id = 99;
        (records as unknown[]).splice(0);
        if (attempt < 4) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      },
      retry: fast,
    }).run();
    expect(summary).toMatchObject({ written: 3, retries: 3 });
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1);
    expect(seen.map(({ first, attempt }) => [first, attempt])).toEqual(
      [1, 2, 3, 4].map((attempt) => [{ id: 0 }, attempt]),
    );
  });

  test('does not retry what no table knows', async () => {
    const sink = vi.fn(async () => {
      throw new Error('a bug');
    });
    const error = await new BatchProcessor({ source: numbers(3), sink })
      .run()
      .catch((thrown: unknown) => thrown);
    expect(sink).toHaveBeenCalledTimes(1);
    expect(error).toMatchObject({
      code: 'WRITE_FAILED',
      attempts: 1,
      message: expect.stringContaining('records: records 1–3'),
    });
  });

  test('counts the part of a chunk that a sink took', async () => {
    const sink: Sink = {
      name: 'bulk',
      guarantee: 'at-least-once',
      write: async () => Promise.reject(new PartialWriteError(new Map([[1, new Error('no')]]))),
    };
    const error = await new BatchProcessor({ source: numbers(3), sink })
      .run()
      .catch((thrown: unknown) => thrown);
    expect(summaryOf(error)).toMatchObject({
      read: 3,
      written: 2,
      unaccounted: [{ source: 'records', from: 2, to: 2 }],
    });
  });

  test('lowers its chunks to what the sink takes', async () => {
    const sizes: number[] = [];
    const sink: Sink = {
      name: 'small',
      guarantee: 'at-least-once',
      limits: { records: 7 },
      write: async ({ count }) => void sizes.push(count),
    };
    await new BatchProcessor({ source: numbers(20), sink }).run();
    expect(sizes).toEqual([7, 7, 6]);
  });

  test('writes chunks at once and reports them in order', async () => {
    let running = 0;
    let peak = 0;
    const order: number[] = [];
    await new BatchProcessor({
      source: numbers(1_000),
      batchSize: 100,
      concurrency: 3,
      sink: async (_records, { chunk }) => {
        peak = Math.max(peak, ++running);
        await new Promise((resolve) => setTimeout(resolve, chunk.index % 3 === 0 ? 6 : 1));
        running--;
      },
      onProgress: ({ chunks }) => order.push(chunks),
    }).run();
    expect(peak).toBe(3);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  test('starts clean when it is run again', async () => {
    const processor = new BatchProcessor({
      source: file('again.ndjson', '{"id":1}\n'),
      sink: async () => {},
    });
    const first = await processor.run();
    expect(await processor.run()).toMatchObject({ read: first.read, written: 1, chunks: 1 });
  });

  test('goes on behind what a checkpoint says is written', async () => {
    const store = memoryCheckpoint();
    const written: unknown[] = [];
    let isBroken = true;
    const processor = new BatchProcessor({
      source: file(
        'resume.ndjson',
        numbers(1_050)
          .map((record) => JSON.stringify(record))
          .join('\n'),
      ),
      batchSize: 100,
      checkpoint: { store, run: 'resume' },
      sink: async (records, { chunk }) => {
        if (isBroken && chunk.start.records >= 300) throw new Error('broken');
        written.push(...records);
      },
    });
    await expect(processor.run()).rejects.toThrow('broken');
    isBroken = false;
    expect(await processor.run()).toMatchObject({ read: 750, written: 750, unaccounted: [] });
    expect(written).toEqual(numbers(1_050));
  });

  test('tells in its progress how chunks are being written, unless that is one after another, all of one size', async () => {
    const progressOf = async (options: object) => {
      const seen: Partial<Progress>[] = [];
      const onProgress = (progress: Progress) => void seen.push(progress);
      const sink = () => sleep(1);
      await new BatchProcessor({
        source: numbers(3_000),
        batchSize: 100,
        sink,
        onProgress,
        ...options,
      }).run();
      return seen;
    };
    for (const each of await progressOf({})) {
      expect(each).not.toHaveProperty('inFlight');
      expect(each).not.toHaveProperty('concurrency');
      expect(each).not.toHaveProperty('batchSize');
    }
    const four = await progressOf({ concurrency: 4 });
    expect(Math.max(...four.map(({ inFlight }) => inFlight!))).toBe(4);
    expect(new Set(four.map(({ concurrency }) => concurrency))).toEqual(new Set([4]));
    const [first, ...others] = await progressOf({ concurrency: 'adaptive', batchSize: 'adaptive' });
    expect(first).toMatchObject({ inFlight: 0, concurrency: 1, batchSize: 1_000 });
    expect(others.at(-1)).toMatchObject({ inFlight: 0, concurrency: expect.any(Number) as number });
  });

  test('writes one chunk at a time into a sink that commits, whatever the concurrency', async () => {
    let open = 0;
    let mostOpen = 0;
    const sink: Sink = {
      name: 'committing',
      guarantee: 'exactly-once',
      commit: async () => 1,
      async write() {
        mostOpen = Math.max(mostOpen, ++open);
        await sleep(1);
        open--;
      },
    };
    const checkpoint = { store: memoryCheckpoint(), run: 'committing' };
    const options = { source: numbers(3_000), batchSize: 100, sink, checkpoint, orderBy: () => 'same' };
    const { written } = await new BatchProcessor({ ...options, concurrency: 'adaptive' }).run();
    expect([written, mostOpen]).toEqual([3_000, 1]);
  });

  test.each([
    [{ batchSize: 99 }, RangeError, 'batchSize must be an integer from 100 to 10,000, or "adaptive", got 99'],
    [
      { batchSize: 10_001 },
      RangeError,
      'batchSize must be an integer from 100 to 10,000, or "adaptive", got 10001',
    ],
    [{ concurrency: 0 }, RangeError, 'concurrency must be an integer from 1 to 64, or "adaptive", got 0'],
    [
      { concurrency: 'auto' },
      RangeError,
      'concurrency must be an integer from 1 to 64, or "adaptive", got "auto"',
    ],
    [{ orderBy: 3 }, TypeError, 'orderBy must be a function of a record, or a path to its key, got 3'],
    [{ retry: { maxRetries: -1 } }, RangeError, 'maxRetries must be an integer from 0 to 100, got -1'],
    [{ format: 'xml' as never }, TypeError, 'format must be one of ndjson, jsonl, json'],
    [{ format: 'ndjson' as const, path: 'a' }, TypeError, 'path'],
    [
      { sink: {} as never },
      TypeError,
      'sink must be a sink (an object with a method write) or a function, got a Object',
    ],
    [{ source: undefined as never }, TypeError, 'source must be a source'],
    [{ onInvalid: 'dead-letter' as const }, TypeError, 'deadLetters must be a place for dead letters'],
    [{ transform: 'x' as never }, TypeError, 'transform must be a function'],
  ])('refuses %j before anything is opened', (options, kind, message) => {
    const open = vi.fn(async () => {});
    const sink: Sink = { name: 'unopened', guarantee: 'at-least-once', open, write: async () => {} };
    const create = () => new BatchProcessor({ source: numbers(1), sink, ...options } as never);
    expect(create).toThrow(kind);
    expect(create).toThrow(message);
    expect(open).not.toHaveBeenCalled();
  });
});

describe('Whatever fails, BatchProcessor', () => {
  type Fault = {
    readonly where: 'source' | 'transform' | 'open' | 'write' | 'close' | 'abort' | 'none';
    readonly at: number;
  };

  test('closes the sink once, tells the first error, and accounts for every record', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const fault = fc.record({
      where: fc.constantFrom<Fault['where'][]>(
        'source',
        'transform',
        'open',
        'write',
        'close',
        'abort',
        'none',
      ),
      at: fc.integer({ min: 0, max: 900 }),
    });
    const property = fc.asyncProperty(
      fault,
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 1, undefined),
      async ({ where, at }, concurrency, graceMs) => {
        const closed: boolean[] = [];
        const stopping = new AbortController();
        const failure = Object.assign(new Error(`fault in ${where}`), { mark: true });
        async function* source() {
          for (const record of numbers(700)) {
            if (where === 'source' && record.id === at) throw failure;
            yield record;
          }
        }
        const sink: Sink<{ id: number }> = {
          name: 'faulty',
          guarantee: 'at-least-once',
          async open() {
            if (where === 'open') throw failure;
          },
          async write(chunk, { signal }) {
            await new Promise(setImmediate);
            if (where === 'abort' && chunk.records.some(({ id }) => id === at)) stopping.abort(failure);
            signal.throwIfAborted();
            if (where === 'write' && chunk.records.some(({ id }) => id === at)) throw failure;
          },
          async close({ complete }) {
            closed.push(complete);
            if (where === 'close') throw failure;
          },
        };
        const processor = new BatchProcessor<{ id: number }>({
          source: source(),
          sink,
          batchSize: 100,
          concurrency,
          signal: stopping.signal,
          ...(graceMs !== undefined && { graceMs }),
          transform: (record) => {
            if (where === 'transform' && record.id === at) throw failure;
            return record.id % 7 === 0 ? null : record;
          },
        });
        const outcome = await processor.run().then(
          (summary) => ({ summary, error: undefined }),
          (error: unknown) => ({ summary: summaryOf(error)!, error: error as Error }),
        );
        const mayNotHappen = at >= 700 || ((where === 'write' || where === 'abort') && at % 7 === 0);
        const hasFailed = where !== 'none' && (where === 'open' || where === 'close' || !mayNotHappen);
        expect(outcome.error !== undefined).toBe(hasFailed);
        if (hasFailed) expect(causesOf(outcome.error)).toContain(failure);
        expectAccounted(outcome.summary);
        if (where !== 'open') expect(closed).toEqual([!hasFailed || where === 'close']);
      },
    );
    await fc.assert(property, { numRuns: 150 });
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('brings what is being written to its end when the source fails', async () => {
    const written: unknown[] = [];
    async function* source() {
      yield* numbers(250);
      throw new Error('the source is gone');
    }
    const run = new BatchProcessor({
      source: source(),
      batchSize: 100,
      sink: async (records) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        written.push(...records);
      },
    }).run();
    const error = await run.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SOURCE_FAILED' });
    expect(summaryOf(error)!.written).toBe(written.length);
  });

  test('ends a wait between two attempts when it is aborted', async () => {
    const stopping = new AbortController();
    const run = new BatchProcessor({
      source: numbers(1),
      signal: stopping.signal,
      retry: { onRetry: () => setImmediate(() => stopping.abort(new Error('enough'))) },
      sink: async () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' })),
    }).run();
    await expect(run).rejects.toMatchObject({
      code: 'ABORTED',
      cause: expect.objectContaining({ message: 'enough' }),
    });
  });

  test('stops when it is told to: what is being written is brought to its end, and the output does not count as complete', async () => {
    const closed: boolean[] = [];
    let written = 0;
    const sink: Sink = {
      name: 'slow',
      guarantee: 'at-least-once',
      async write({ count }) {
        written += count;
        if (written >= 300) processor.stop();
      },
      close: async ({ complete }) => void closed.push(complete),
    };
    const processor = new BatchProcessor({ source: numbers(100_000), sink, batchSize: 100 });
    const error = await processor.run().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ABORTED' });
    expect(summaryOf(error)).toMatchObject({ written });
    expectAccounted(summaryOf(error)!);
    expect(written).toBeLessThanOrEqual(500);
    expect(closed).toEqual([false]);
  });
});

describe('Processor', () => {
  test('runs a function per record', async () => {
    const seen: string[] = [];
    const summary = await new Processor<{ id: number }>({
      source: numbers(3),
      process: async ({ id }, { chunk, attempt }) => void seen.push(`${id} ${chunk.describe(0)} ${attempt}`),
    }).run();
    expect(seen).toEqual(['0 records (record 1) 1', '1 records (record 2) 1', '2 records (record 3) 1']);
    expect(summary).toMatchObject({ read: 3, written: 3, chunks: 3 });
  });

  test('runs a function per chunk when it is given a batch size', async () => {
    const sizes: number[] = [];
    await new Processor({
      source: numbers(250),
      batchSize: 100,
      process: (records) => void sizes.push(records.length),
    }).run();
    expect(sizes).toEqual([100, 100, 50]);
  });

  test('retries a record alone', async () => {
    const calls: number[] = [];
    await new Processor<{ id: number }>({
      source: numbers(3),
      retry: fast,
      process: ({ id }, { attempt }) => {
        calls.push(id);
        if (id === 1 && attempt === 1) throw Object.assign(new Error('busy'), { status: 503 });
      },
    }).run();
    expect(calls).toEqual([0, 1, 1, 2]);
  });

  test('refuses wrong options', () => {
    expect(() => new Processor({ source: [], process: 'x' as never })).toThrow(
      'process must be a function, got "x"',
    );
    expect(() => new Processor({ source: [], process: () => {}, batchSize: 5 })).toThrow(RangeError);
  });
});

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause);
  return causes;
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { CheckpointStore } from '../../src/core/checkpoint.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor, type BatchProcessorOptions, summaryOf } from '../../src/index.ts';
import { countUnaccounted } from '../../src/pipeline/summary.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'checkpoint-failing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Time that goes on only when a test says so: else it would decide what is saved, and what only noted. */
const clock = { now: 0 };
const unhandled = vi.fn();
beforeEach(() => {
  clock.now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  unhandled.mockClear();
  process.on('unhandledRejection', unhandled);
});
afterEach(async () => {
  await setImmediate(); // a rejection is called unhandled when nothing else is left to do
  process.off('unhandledRejection', unhandled);
  vi.restoreAllMocks();
  expect(unhandled).not.toHaveBeenCalled();
});

const BATCH_SIZE = 100;
const COUNT = 1_000;
const rows = Array.from({ length: COUNT }, (_, id) => ({ id }));

const full = () =>
  new PipelineError({ code: 'CHECKPOINT_FAILED', message: 'a.checkpoint could not be saved: ENOSPC' });

/** A store that fails at one of the calls of a method, and is well again behind it. */
function failingAt(method: 'save' | 'note', call: number, error: unknown) {
  const store = memoryCheckpoint();
  let left = call;
  const pass = () => {
    if (--left === 0) throw error;
  };
  const failing: CheckpointStore = {
    ...store,
    save: async (run, checkpoint) => {
      await setImmediate();
      if (method === 'save') pass();
      await store.save(run, checkpoint);
    },
    note: async (run, progress) => {
      await setImmediate();
      if (method === 'note') pass();
      await store.note(run, progress);
    },
  };
  return { failing, hasFailed: () => left <= 0 };
}

/** How many times each of the rows was written. */
function timesOf(written: readonly { readonly id: number }[]): readonly number[] {
  const times = rows.map(() => 0);
  for (const { id } of written) times[id]!++;
  return times;
}

type Options = Partial<BatchProcessorOptions<{ id: number }, { id: number }>>;

/** Makes a store fail at its first call, then at its second, and so on, until a run has no such call any more. */
async function atEachCall(
  method: 'save' | 'note',
  makeError: () => unknown,
  test: (store: CheckpointStore, error: unknown) => Promise<void>,
): Promise<number> {
  for (let call = 1; ; call++) {
    const error = makeError();
    const { failing, hasFailed } = failingAt(method, call, error);
    await test(failing, error);
    if (!hasFailed()) return call - 1;
  }
}

describe('A run whose checkpoint cannot be saved', () => {
  test.each([
    ['save', 1, full],
    ['save', 3, full],
    ['note', 1, full],
    ['note', 3, full],
    ['note', 3, () => new Error('a store of its own is broken')],
  ] as const)(
    'ends with the error of %s, whichever call fails, and the next one writes all (concurrency %i)',
    async (method, concurrency, makeError) => {
      let repeated = 0;
      const calls = await atEachCall(method, makeError, async (store, error) => {
        const written: { id: number }[] = [];
        const options: Options = {
          batchSize: BATCH_SIZE,
          concurrency,
          checkpoint: { store, run: 'a' },
          sink: async (list) => {
            await setImmediate();
            written.push(...list);
            clock.now += 150; // some are saved and some only noted
          },
        };
        const run = () => new BatchProcessor({ ...options, source: rows } as BatchProcessorOptions).run();
        const thrown = await run().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        const summary = summaryOf(thrown);
        if (thrown !== undefined) {
          expect(thrown).toBe(error);
          expect(summary?.written).toBe(written.length);
          expect(summary!.read - summary!.written).toBe(countUnaccounted(summary!));
        }
        await run();
        const times = timesOf(written);
        expect(Math.min(...times)).toBe(1);
        expect(Math.max(...times)).toBeLessThanOrEqual(2);
        expect(written.length - COUNT).toBeLessThanOrEqual((concurrency + 1) * BATCH_SIZE);
        repeated += written.length - COUNT;
      });
      expect(calls).toBeGreaterThan(2);
      expect(repeated, 'what is not noted is written again').toBeGreaterThan(0);
    },
  );

  test('writes all in the next one, also into a sink that takes a key once', async () => {
    await atEachCall('save', full, async (store, error) => {
      const written: { id: number }[] = [];
      const sink: Sink<{ id: number }> = {
        name: 'keyed',
        guarantee: 'effectively-once',
        write: async (chunk) => {
          await setImmediate();
          written.push(...chunk.records);
          clock.now += 400;
        },
      };
      const run = () =>
        new BatchProcessor({
          source: rows,
          sink,
          batchSize: BATCH_SIZE,
          checkpoint: { store, run: 'a' },
        }).run();
      await run().catch((thrown: unknown) => expect(thrown).toBe(error));
      await run();
      expect(Math.min(...timesOf(written))).toBe(1);
    });
  });

  test('leaves a file exactly as if nothing had failed', async () => {
    const expected = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    let files = 0;
    const calls = await atEachCall('save', full, async (store, error) => {
      const file = join(folder, `${files++}.ndjson`);
      const transform = (row: { id: number }) => {
        clock.now += 5; // two chunks a second
        return row;
      };
      const run = () =>
        new BatchProcessor({
          source: rows,
          transform,
          sink: fileSink(file),
          batchSize: BATCH_SIZE,
          checkpoint: { store, run: 'a' },
        }).run();
      await run().catch((thrown: unknown) => expect(thrown).toBe(error));
      await run();
      expect(readFileSync(file, 'utf8')).toBe(expected);
    });
    expect(calls).toBeGreaterThan(3);
  });

  test('tells why the sink has failed when that was first', async () => {
    const store = memoryCheckpoint();
    const written: { id: number }[] = [];
    const failing = { isBroken: false };
    const run = (breaksAt: number) =>
      new BatchProcessor({
        source: rows,
        batchSize: BATCH_SIZE,
        checkpoint: {
          run: 'a',
          store: {
            ...store,
            save: async (name, checkpoint) => {
              if (failing.isBroken) throw full();
              await store.save(name, checkpoint);
            },
          },
        },
        sink: async (list: readonly { id: number }[]) => {
          await setImmediate();
          failing.isBroken = list[0]!.id === breaksAt;
          if (failing.isBroken) throw new Error('the sink is broken');
          written.push(...list);
        },
      }).run();
    await expect(run(400)).rejects.toThrow('the sink is broken');
    failing.isBroken = false;
    await run(Number.NaN);
    expect(written).toEqual(rows);
  });
});

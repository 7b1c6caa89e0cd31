import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { Checkpoint } from '../../src/core/checkpoint.ts';
import { BatchProcessor, summaryOf } from '../../src/index.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('What is saved of a sink that commits is what it has committed, neither more nor less', async () => {
  const clock = { now: 0 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  const store = memoryCheckpoint();
  const saved: Checkpoint[] = [];
  let committed = 0;
  let written = 0;
  const ahead: number[] = [];
  await new BatchProcessor({
    source: Array.from({ length: 1_000 }, (_, id) => ({ id })),
    batchSize: 100,
    checkpoint: {
      run: 'a',
      store: {
        ...store,
        save: async (run, checkpoint) => {
          ahead.push((checkpoint.cursor?.records ?? 0) - committed);
          saved.push(checkpoint);
          await store.save(run, checkpoint);
        },
      },
    },
    sink: {
      name: 'committing',
      guarantee: 'exactly-once',
      write: async (chunk) => {
        await setImmediate();
        written += chunk.count;
        clock.now += 400;
      },
      commit: async () => {
        await setImmediate();
        committed = written;
        return { committed };
      },
    },
  }).run();
  expect(ahead).toEqual(saved.map(() => 0));
  expect(saved.map(({ cursor, sink }) => [cursor?.records, sink])).toEqual(
    [300, 600, 900, 1_000, 1_000].map((records) => [records, { committed: records }]),
  );
});

test.each([
  { took: 5, every: 1_000 },
  { took: 25, every: 2_500 },
  { took: 2_000, every: 10_000 },
])('A commit that takes $took ms is made again after $every ms', async ({ took, every }) => {
  const clock = { now: 0 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  let committedAt = 0;
  const waits: number[] = [];
  await new BatchProcessor({
    source: Array.from({ length: 3_000 }, (_, id) => ({ id })),
    batchSize: 100,
    checkpoint: { run: 'a', store: memoryCheckpoint() },
    sink: {
      name: 'committing',
      guarantee: 'exactly-once',
      write: async () => {
        clock.now += 500;
      },
      commit: async () => {
        waits.push(clock.now - committedAt);
        clock.now += took;
        committedAt = clock.now;
      },
    },
  }).run();
  // before the first one nothing is known, and the end comes when it comes
  expect(waits.length).toBeGreaterThan(2);
  expect(new Set(waits.slice(1, -1))).toEqual(new Set([every]));
});

test('A run that fails in the middle of a chunk goes on there, and its file is what it would be without that', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'committing-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'in.csv'), `id\n${Array.from({ length: 400 }, (_, id) => `${id}\n`).join('')}`);
  const whole = fileSink<{ id: string }>(join(folder, 'out.csv'));
  let isMended = false;
  const write: typeof whole.write = async (chunk, context) => {
    if (!isMended && chunk.records.some(({ id }) => id === '250'))
      throw Object.assign(new Error('no'), { failure: { kind: 'bad-records', why: 'no' } });
    await whole.write(chunk, context);
  };
  const store = memoryCheckpoint();
  const run = () =>
    new BatchProcessor<{ id: string }>({
      source: join(folder, 'in.csv'),
      sink: { ...whole, write },
      batchSize: 100,
      checkpoint: { store, run: 'a' },
    }).run();
  const failure: unknown = await run().catch((error: unknown) => error);
  expect(summaryOf(failure)).toMatchObject({ written: 250, unaccounted: [{ from: 251, to: 400 }] });
  isMended = true;
  expect(await run()).toMatchObject({ read: 150, written: 150 });
  expect(readFileSync(join(folder, 'out.csv'))).toEqual(readFileSync(join(folder, 'in.csv')));
});

import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { CheckpointStore } from '../../src/core/checkpoint.ts';
import { BatchProcessor } from '../../src/index.ts';
import { iterableSource } from '../../src/sources/iterable-source.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const sources = ['a', 'b', 'c'].map((name) =>
  iterableSource(() => Array.from({ length: 1_000 }, (_, id) => ({ name, id })), { name }),
);

/** A store that is slow to save; what it was told is judged when it is told. */
function slowStore() {
  const seen = { notes: 0, meanwhile: 0, isSaving: false, flaws: [] as string[] };
  const memory = memoryCheckpoint();
  let safe: number | undefined;
  const store: CheckpointStore = {
    ...memory,
    save: async (run, checkpoint) => {
      seen.isSaving = true;
      for (let turns = 0; turns < 20; turns++) await setImmediate();
      await memory.save(run, checkpoint);
      safe = checkpoint.cursor?.source;
      seen.isSaving = false;
    },
    note: async (run, progress) => {
      seen.notes++;
      if (seen.isSaving) seen.meanwhile++;
      if (progress.cursor?.source !== safe)
        seen.flaws.push(`source ${progress.cursor?.source} behind what is safe of source ${safe}`);
      await memory.note(run, progress);
    },
  };
  return { store, seen };
}

test('A chunk is noted while something else is saved, but not in a source that what is safe does not know', async () => {
  const clock = { now: 0 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  const { store, seen } = slowStore();
  const sink = async () => {
    await setImmediate();
    if (!seen.isSaving) clock.now += 150; // what takes no time is done once a second
  };
  const { written } = await new BatchProcessor({
    source: sources,
    batchSize: 100,
    checkpoint: { run: 'a', store },
    sink,
  }).run();
  expect(written).toBe(3_000);
  expect(seen.flaws).toEqual([]);
  expect(seen.meanwhile).toBeGreaterThan(0);
});

test.each([
  [5, 30],
  [30, 10],
  [2_000, 3],
])('What takes %i ms to save is saved %i times in thirty seconds', async (takes, times) => {
  const clock = { now: 0 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  let saves = 0;
  const memory = memoryCheckpoint();
  const store: CheckpointStore = {
    ...memory,
    save: async (run, checkpoint) => {
      saves++;
      clock.now += takes;
      await memory.save(run, checkpoint);
    },
  };
  const until = () => clock.now < 30_000;
  const source = iterableSource(
    function* () {
      for (let id = 0; until(); id++) yield { id };
    },
    { name: 'until' },
  );
  await new BatchProcessor({
    source,
    batchSize: 100,
    checkpoint: { run: 'a', store },
    sink: async () => {
      clock.now += 50;
    },
  }).run();
  const atTheEnd = 2; // before the sink is closed, and behind that
  expect(Math.abs(saves - atTheEnd - times)).toBeLessThanOrEqual(1);
});

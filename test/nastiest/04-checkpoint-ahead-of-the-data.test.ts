/**
 * What is noted as done is not written. Kills at every step, with files, HTTP and databases: test/crash; here the order in
 * which chunks end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { Checkpoint, FullCheckpointStore } from '../../src/core/checkpoint.ts';
import { busy, idsOf, type Numbered, numbered, run } from './run.ts';

const COUNT = 1_000;

/** Of chunks that are written at once, the later ones end first; the one with `failing` fails. */
function reversing(failing: number | undefined, written: number[]) {
  let begun = 0;
  return async (records: readonly Numbered[]) => {
    await sleep(5 * (4 - (begun++ % 4)));
    if (failing !== undefined && records.some(({ id }) => id === failing)) throw busy();
    written.push(...idsOf(records));
  };
}

/** Sees to it that a record is written before it is noted. */
function honest(store: FullCheckpointStore, written: readonly number[]): FullCheckpointStore {
  const look = ({ cursor, finished = [] }: Checkpoint) => {
    const noted = [
      ...idsOf(numbered(cursor?.records ?? 0)),
      ...finished.flatMap(({ from, to }) => idsOf(numbered(to)).slice(from)),
    ];
    expect(noted.filter((id) => !written.includes(id))).toEqual([]);
  };
  return {
    ...store,
    save: (name, checkpoint) => {
      look(checkpoint);
      return store.save(name, checkpoint);
    },
    note: (name, progress) => {
      look(progress);
      return store.note(name, progress);
    },
  };
}

test.each([
  ['the first', 50],
  ['one in the middle', 350],
  ['the last', 950],
])(
  'chunks that end in reverse, while %s fails, are each written once when the run goes on',
  async (_, failing) => {
    const store = memoryCheckpoint();
    const written: number[] = [];
    const once = (broken: number | undefined) =>
      run({
        source: numbered(COUNT),
        batchSize: 100,
        concurrency: 4,
        retry: { maxRetries: 0 },
        checkpoint: { store: honest(store, written), run: 'reverse' },
        sink: reversing(broken, written),
      });
    expect((await once(failing)).error).toMatchObject({ code: 'WRITE_FAILED' });
    expect(written).not.toContain(failing);
    expect((await once(undefined)).error).toBeUndefined();
    expect(written.toSorted((a, b) => a - b)).toEqual(idsOf(numbered(COUNT)));
  },
);

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import { memoryCheckpoint } from '../../src/checkpoint/memory-checkpoint.ts';
import { FULL_CHECKPOINT } from './full-checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'checkpoint-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const STORES = [
  ['memoryCheckpoint', memoryCheckpoint],
  ['fileCheckpoint', () => fileCheckpoint(join(folder, `${files++}.checkpoint`))],
] as const;

describe.each(STORES)('%s', (_name, create) => {
  test('has nothing of a run that never began', async () => {
    const store = create();
    await store.open('a');
    expect(await store.load('a')).toBeUndefined();
    await store.close('a');
  });

  test('gives back what was saved last, exactly, also when it is opened again', async () => {
    const store = create();
    await store.open('a');
    await store.save('a', { cursor: { source: 0, records: 1 } });
    await store.save('a', FULL_CHECKPOINT);
    expect(await store.load('a')).toStrictEqual(FULL_CHECKPOINT);
    await store.close('a');
    await store.open('a');
    expect(await store.load('a')).toStrictEqual(FULL_CHECKPOINT);
    await store.close('a');
  });

  test('keeps what was saved, whatever becomes of the object', async () => {
    const store = create();
    const cursor = { source: 0, records: 1 };
    await store.open('a');
    const saved = store.save('a', { cursor });
    cursor.records = 2;
    await saved;
    expect(await store.load('a')).toEqual({ cursor: { source: 0, records: 1 } });
    await store.close('a');
  });

  test('gives back what was noted since, beside what was saved', async () => {
    const store = create();
    const progress = { cursor: { source: 1, records: 13_000 }, finished: [], deadLettered: 8 };
    await store.open('a');
    await store.save('a', FULL_CHECKPOINT);
    await store.note('a', { ...progress, cursor: { source: 1, records: 12_500 } });
    await store.note('a', progress);
    expect(await store.load('a')).toStrictEqual({ ...FULL_CHECKPOINT, ...progress });
    await store.close('a');
    await store.open('a');
    expect(await store.load('a')).toStrictEqual({ ...FULL_CHECKPOINT, ...progress });
    await store.note('a', { ...progress, deadLettered: 9 });
    expect(await store.load('a')).toStrictEqual({ ...FULL_CHECKPOINT, ...progress, deadLettered: 9 });
    await store.save('a', FULL_CHECKPOINT);
    expect(await store.load('a')).toStrictEqual(FULL_CHECKPOINT);
    await store.close('a');
  });

  test('notes in the order it is asked, also between two that are saved', async () => {
    const store = create();
    const noteAt = (records: number) => ({ cursor: { source: 0, records }, finished: [], deadLettered: 0 });
    const all = (records: number) => store.load('a').then((found) => found?.cursor?.records === records);
    await store.open('a');
    const done = [
      store.save('a', noteAt(1)),
      store.note('a', noteAt(2)),
      all(2),
      store.save('a', noteAt(3)),
      all(3),
      store.note('a', noteAt(4)),
      store.note('a', noteAt(5)),
      all(5),
    ];
    expect((await Promise.all(done)).filter((each) => typeof each === 'boolean')).toEqual([true, true, true]);
    await store.close('a');
  });

  test('lets nobody else have the run while it is open', async () => {
    const store = create();
    await store.open('a');
    await expect(store.open('a')).rejects.toMatchObject({ code: 'CHECKPOINT_LOCKED' });
    await store.save('a', FULL_CHECKPOINT);
    await store.close('a');
    await store.open('a');
    await store.close('a');
  });

  test('forgets a run that is reset, open or not', async () => {
    const store = create();
    await store.open('a');
    await store.save('a', FULL_CHECKPOINT);
    await store.reset('a');
    expect(await store.load('a')).toBeUndefined();
    await store.save('a', FULL_CHECKPOINT);
    await store.close('a');
    await store.reset('a');
    await store.open('a');
    expect(await store.load('a')).toBeUndefined();
    await store.close('a');
  });

  test('may be closed twice', async () => {
    const store = create();
    await store.open('a');
    await store.close('a');
    await store.close('a');
  });
});

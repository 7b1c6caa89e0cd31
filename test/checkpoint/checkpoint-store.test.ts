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

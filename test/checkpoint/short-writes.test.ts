import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import { FULL_CHECKPOINT } from './full-checkpoint.ts';

/** What the system makes of a write: it may take less than it is given, and fail at the rest. */
const system = vi.hoisted(() => ({ writes: 0, room: Number.POSITIVE_INFINITY }));

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  const writeSync = (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
    system.writes++;
    const taken = Math.min(Math.ceil(length / 2), system.room);
    if (taken === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    system.room -= taken;
    return fs.writeSync(fd, bytes, offset, taken, position);
  };
  return { ...fs, writeSync };
});

const folder = mkdtempSync(join(tmpdir(), 'short-writes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  Object.assign(system, { writes: 0, room: Number.POSITIVE_INFINITY });
});

const progress = (records: number) => ({ cursor: { source: 0, records }, finished: [], deadLettered: 0 });

async function saved(name: string) {
  const store = fileCheckpoint(join(folder, name));
  await store.open('orders');
  await store.save('orders', FULL_CHECKPOINT);
  return store;
}

/** What a process finds that comes later. */
async function found(name: string) {
  const store = fileCheckpoint(join(folder, name));
  await store.open('orders');
  const checkpoint = await store.load('orders');
  await store.close('orders');
  return checkpoint;
}

describe('A note of which the system takes only a half at a time', () => {
  test('is written whole, and so is the one behind it', async () => {
    const store = await saved('halves');
    for (const records of [1, 2]) {
      await store.note('orders', progress(records));
      expect(await store.load('orders')).toStrictEqual({ ...FULL_CHECKPOINT, ...progress(records) });
    }
    await store.close('orders');
    expect(system.writes).toBeGreaterThan(2);
    expect(await found('halves')).toStrictEqual({ ...FULL_CHECKPOINT, ...progress(2) });
  });

  test('counts for nothing when there is no room for its rest, and the next one does not follow it', async () => {
    const store = await saved('full');
    await store.note('orders', progress(1));
    system.room = 50;
    await expect(store.note('orders', progress(2))).rejects.toMatchObject({
      code: 'CHECKPOINT_FAILED',
      message: expect.stringContaining('could not be saved: ENOSPC') as string,
    });
    expect(await store.load('orders')).toMatchObject({ cursor: { records: 1 } });
    system.room = Number.POSITIVE_INFINITY;
    await store.note('orders', progress(3));
    await store.close('orders');
    expect(await found('full')).toStrictEqual({ ...FULL_CHECKPOINT, ...progress(3) });
  });
});

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeDocument } from '../../src/checkpoint/checkpoint-document.ts';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { FULL_CHECKPOINT } from './full-checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'file-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let file = '';
let tests = 0;
beforeEach(() => {
  const own = join(folder, String(tests++));
  mkdirSync(own);
  file = join(own, 'orders.checkpoint');
});

const filesBeside = () => readdirSync(join(file, '..')).toSorted();
const modeOf = (path: string) => lstatSync(path).mode & 0o777;
const saved = (run: string) => encodeDocument({ run, checkpoint: FULL_CHECKPOINT });
const records = (count: number) => ({ cursor: { source: 0, records: count } });

async function opened(run = 'orders') {
  const store = fileCheckpoint(file);
  await store.open(run);
  return store;
}

describe('fileCheckpoint', () => {
  test('leaves the checkpoint and an empty lock, both for the owner only, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      const store = await opened();
      await store.save('orders', FULL_CHECKPOINT);
      await store.close('orders');
    } finally {
      process.umask(umask);
    }
    expect(filesBeside()).toEqual(['orders.checkpoint', 'orders.checkpoint.lock']);
    expect(modeOf(file)).toBe(0o600);
    expect(modeOf(`${file}.lock`)).toBe(0o600);
    expect(lstatSync(`${file}.lock`).size).toBe(0);
  });

  test('takes a file URL', async () => {
    const store = fileCheckpoint(pathToFileURL(file));
    await store.open('orders');
    await store.save('orders', FULL_CHECKPOINT);
    await store.close('orders');
    expect(readFileSync(file)).toEqual(Buffer.from(saved('orders')));
  });

  test.each([[''], [undefined], [7]])('does not take %j for a path', (path) => {
    expect(() => fileCheckpoint(path as never)).toThrow(TypeError);
  });

  test('does not take nothing for the name of a run', async () => {
    await expect(fileCheckpoint(file).open('')).rejects.toThrow('run must be the name of a run, got ""');
  });

  test('removes what a save that was cut off has left', async () => {
    writeFileSync(join(file, '../.orders.checkpoint.tmp'), 'half of');
    const store = await opened();
    await store.save('orders', FULL_CHECKPOINT);
    expect(filesBeside()).toEqual(['orders.checkpoint', 'orders.checkpoint.lock']);
    await store.close('orders');
  });

  test('does not follow a link that lies where it writes', async () => {
    const other = join(file, '../precious');
    writeFileSync(other, 'precious');
    symlinkSync(other, join(file, '../.orders.checkpoint.tmp'));
    const store = await opened();
    await store.save('orders', FULL_CHECKPOINT);
    await store.close('orders');
    expect(readFileSync(other, 'utf8')).toBe('precious');
    expect(lstatSync(file).isFile()).toBe(true);
  });

  test('saves the last of those that come together, and resolves them all', async () => {
    const store = await opened();
    const order: number[] = [];
    const saves = Array.from({ length: 200 }, (_, i) =>
      store.save('orders', records(i)).then(() => order.push(i)),
    );
    await Promise.all(saves);
    expect(await store.load('orders')).toEqual(records(199));
    expect(order).toEqual(Array.from({ length: 200 }, (_, i) => i));
    await store.close('orders');
  });

  test('does what it is asked in the order it is asked', async () => {
    const store = await opened();
    const first = store.save('orders', records(1));
    const reset = store.reset('orders');
    const second = store.save('orders', records(2));
    const loaded = store.load('orders');
    const closed = store.close('orders');
    await Promise.all([first, reset, second, closed]);
    expect(await loaded).toEqual(records(2));
    await expect(store.save('orders', records(3))).rejects.toThrow(
      'must be open for "orders", but is closed',
    );
    const again = await opened();
    expect(await again.load('orders')).toEqual(records(2));
    await again.close('orders');
  });

  test('adds a note to the file, and makes it a new one when there are many', async () => {
    const store = await opened();
    await store.save('orders', FULL_CHECKPOINT);
    const sizes: number[] = [];
    const files = new Set<number>();
    const name = 'x'.repeat(50_000); // whatever else a cursor has is kept
    for (let records = 0; records < 60; records++) {
      const cursor = { source: 0, records, name };
      await store.note('orders', { cursor, finished: [], deadLettered: records });
      const { size, ino } = lstatSync(file);
      sizes.push(size);
      files.add(ino);
      expect(modeOf(file)).toBe(0o600);
    }
    expect(sizes.filter((size, i) => i > 0 && size < sizes[i - 1]!)).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThan(1.2 * 1024 * 1024);
    expect(files.size).toBeGreaterThan(1);
    expect(await store.load('orders')).toMatchObject({ cursor: { records: 59 }, deadLettered: 59 });
    expect(filesBeside()).toEqual(['orders.checkpoint', 'orders.checkpoint.lock']);
    await store.close('orders');
  });

  test('notes nothing in a file that someone has put in its place', async () => {
    const store = await opened();
    await store.save('orders', FULL_CHECKPOINT);
    writeFileSync(join(file, '../other'), saved('orders'));
    rmSync(file);
    const progress = { ...records(5), finished: [], deadLettered: 0 };
    await expect(store.note('orders', progress)).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' });
    expect(await store.load('orders')).toBeUndefined();
    expect(filesBeside()).toEqual(['orders.checkpoint.lock', 'other']);
    symlinkSync('other', file);
    await expect(store.note('orders', progress)).rejects.toMatchObject({ code: 'CHECKPOINT_FOREIGN' });
    expect(readFileSync(join(file, '../other'))).toEqual(Buffer.from(saved('orders')));
    rmSync(file);
    await store.note('orders', progress);
    expect(await store.load('orders')).toEqual(progress);
    await store.close('orders');
  });

  test.each(['load', 'save', 'note', 'reset', 'close'] as const)(
    'does not %s another run than the one that is open',
    async (method) => {
      const store = await opened();
      await store.save('orders', records(1));
      const progress = { ...records(2), finished: [], deadLettered: 0 };
      await expect(store[method]('customers', progress)).rejects.toThrow(
        'must be open for "customers", but is open for "orders"',
      );
      expect(await store.load('orders')).toEqual(records(1));
      await store.close('orders');
    },
  );

  test('saves nothing that is no checkpoint, and keeps what it has', async () => {
    const store = await opened();
    await store.save('orders', records(1));
    await expect(store.save('orders', records(-1))).rejects.toThrow(TypeError);
    const progress = { ...records(-1), finished: [], deadLettered: 0 };
    await expect(store.note('orders', progress)).rejects.toThrow(TypeError);
    expect(await store.load('orders')).toEqual(records(1));
    await store.close('orders');
  });

  test('is not opened by a second store, nor by another thread', async () => {
    const store = await opened();
    const refused = { code: 'CHECKPOINT_LOCKED', message: `${file} is in use by another run` };
    await expect(fileCheckpoint(file).open('orders')).rejects.toMatchObject(refused);
    await expect(fileCheckpoint(join(file, '.././orders.checkpoint')).open('orders')).rejects.toMatchObject({
      code: 'CHECKPOINT_LOCKED',
    });
    expect(await codeInThread(file)).toBe('CHECKPOINT_LOCKED');
    // Those that were refused have not cost the first one its lock.
    expect(await codeInThread(file)).toBe('CHECKPOINT_LOCKED');
    await store.close('orders');
    expect(await codeInThread(file)).toBe('opened');
  });

  test('needs a folder that exists', async () => {
    const missing = fileCheckpoint(join(file, 'no/such/orders.checkpoint'));
    await expect(missing.open('orders')).rejects.toMatchObject({
      code: 'CHECKPOINT_FAILED',
      message: expect.stringContaining('could not be locked: ENOENT') as string,
    });
  });

  test('carries a BatchProcessor over a failure, and lets go of the file', async () => {
    const source = Array.from({ length: 500 }, (_, id) => ({ id }));
    const written: unknown[] = [];
    let isBroken = true;
    const processor = new BatchProcessor({
      source,
      batchSize: 100,
      checkpoint: { store: fileCheckpoint(file), run: 'orders' },
      sink: async (records, { chunk }) => {
        if (isBroken && chunk.index === 3) throw new Error('broken');
        written.push(...records);
      },
    });
    await expect(processor.run()).rejects.toThrow('broken');
    isBroken = false;
    await processor.run();
    expect(written).toEqual(source);
    const store = await opened();
    expect(await store.load('orders')).toMatchObject({ cursor: { records: 500 }, state: 'finished' });
    await store.close('orders');
  });

  test('does not let a second BatchProcessor begin, nor the second free what the first has', async () => {
    const store = fileCheckpoint(file);
    const checkpoint = { store, run: 'orders' };
    const sink = async () => {
      const second = new BatchProcessor({ source: [1], sink: () => {}, checkpoint });
      await expect(second.run()).rejects.toMatchObject({ code: 'CHECKPOINT_LOCKED' });
    };
    expect(await new BatchProcessor({ source: [1], sink, checkpoint }).run()).toMatchObject({ written: 1 });
  });
});

describe('fileCheckpoint refuses, leaves alone and lets go of', () => {
  test.each<[string, () => void, string, string]>([
    ['a damaged file', () => writeFileSync(file, saved('orders').subarray(0, 100)), 'CORRUPT', 'is damaged'],
    ['another file', () => writeFileSync(file, '{"id":1}\n'), 'FOREIGN', 'it does not begin as one'],
    ['an empty file', () => writeFileSync(file, ''), 'CORRUPT', 'is damaged'],
    ['a folder', () => mkdirSync(file), 'FOREIGN', 'it is not a regular file'],
    ['a link', () => symlinkSync(target(), file), 'FOREIGN', 'it is a symbolic link'],
    ['a link to nothing', () => symlinkSync('nothing', file), 'FOREIGN', 'it is a symbolic link'],
    ['a named pipe', () => execFileSync('mkfifo', [file]), 'FOREIGN', 'it is not a regular file'],
    ['a file that others may write', () => writable(file), 'FOREIGN', 'others than its owner may write it'],
    ['a file of another run', () => writeFileSync(file, saved('customers')), 'MISMATCH', '"customers"'],
    ['a link as its lock', () => symlinkSync(target(), `${file}.lock`), 'FOREIGN', 'not a regular file'],
    ['a folder as its lock', () => mkdirSync(`${file}.lock`), 'FOREIGN', 'it is not a regular file'],
    [
      'a lock that is something else',
      () => writeFileSync(`${file}.lock`, 'x'.repeat(4_096)),
      'FAILED',
      'not a database',
    ],
  ])('%s', async (_name, prepare, code, message) => {
    prepare();
    const before = filesBeside();
    await expect(fileCheckpoint(file).open('orders')).rejects.toMatchObject({
      code: `CHECKPOINT_${code}`,
      message: expect.stringContaining(message) as string,
    });
    expect(filesBeside().filter((name) => !name.endsWith('.lock'))).toEqual(
      before.filter((name) => !name.endsWith('.lock')),
    );
    for (const name of [file, `${file}.lock`]) rmSync(name, { recursive: true, force: true });
    const store = await opened();
    await store.close('orders');
  });

  test('a file of another user', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root can make a file of another user');
    writeFileSync(file, saved('orders'), { mode: 0o600 });
    chownSync(file, 65_534, 65_534);
    await expect(fileCheckpoint(file).open('orders')).rejects.toMatchObject({
      code: 'CHECKPOINT_FOREIGN',
      message: `${file} cannot be the checkpoint: it belongs to another user`,
    });
  });

  function target(): string {
    const path = join(file, '../target');
    writeFileSync(path, saved('orders'));
    return path;
  }

  function writable(path: string): void {
    writeFileSync(path, saved('orders'));
    chmodSync(path, 0o660);
  }
});

describe('fileCheckpoint.reset', () => {
  test.each<[string, () => Uint8Array]>([
    ['of its run', () => saved('orders')],
    ['that is damaged', () => saved('orders').subarray(0, 50)],
  ])('removes a checkpoint %s', async (_name, bytes) => {
    writeFileSync(file, bytes());
    await fileCheckpoint(file).reset('orders');
    expect(filesBeside()).toEqual([]);
  });

  test('removes nothing where nothing is', async () => {
    await fileCheckpoint(file).reset('orders');
    expect(filesBeside()).toEqual([]);
  });

  test.each<[string, string | Uint8Array, string]>([
    ['that is none', 'precious', 'CHECKPOINT_FOREIGN'],
    ['of another run', saved('customers'), 'CHECKPOINT_MISMATCH'],
  ])('does not remove a file %s', async (_name, content, code) => {
    writeFileSync(file, content);
    await expect(fileCheckpoint(file).reset('orders')).rejects.toMatchObject({ code });
    expect(readFileSync(file)).toEqual(Buffer.from(content));
  });

  test('waits for nobody: a run that has the checkpoint keeps it', async () => {
    const store = await opened();
    await store.save('orders', FULL_CHECKPOINT);
    await expect(fileCheckpoint(file).reset('orders')).rejects.toMatchObject({ code: 'CHECKPOINT_LOCKED' });
    expect(await store.load('orders')).toEqual(FULL_CHECKPOINT);
    await store.close('orders');
  });
});

/** What another thread of this process meets when it opens the checkpoint. */
async function codeInThread(path: string): Promise<string> {
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(({ fileCheckpoint }) => {
      const store = fileCheckpoint(workerData.path);
      return store.open('orders').then(() => store.close('orders')).then(() => 'opened', (error) => error.code);
    }).then((code) => parentPort.postMessage(code));`;
  const module = new URL('../../src/checkpoint/file-checkpoint.ts', import.meta.url).href;
  const worker = new Worker(program, { eval: true, workerData: { module, path } });
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } finally {
    await worker.terminate();
  }
}

import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { FullCheckpointStore } from '../../src/core/checkpoint.ts';
import { BatchProcessor, type BatchProcessorOptions, type Summary } from '../../src/index.ts';

const root = mkdtempSync(join(tmpdir(), 'changed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** 20,000 records of 20 bytes: 400 kB, of which a run has written the first half. */
const line = (id: number) => `${JSON.stringify({ id: String(id).padStart(10, '0') })}\n`;
const text = (count: number) => Array.from({ length: count }, (_, id) => line(id)).join('');
const COUNT = 20_000;
const HALF = (COUNT / 2) * line(0).length;

let folder: string;
let store: FullCheckpointStore;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'test-'));
  store = memoryCheckpoint();
});
const path = (name: string) => join(folder, name);

function run(
  source: BatchProcessorOptions['source'],
  checkpoint: object,
  breaksAt = Number.POSITIVE_INFINITY,
) {
  let written = 0;
  const sink = async (records: readonly unknown[]) => {
    if (written >= breaksAt) throw new Error('broken');
    written += records.length;
  };
  return new BatchProcessor({ source, sink, checkpoint: { store, run: 'changed', ...checkpoint } }).run();
}

/** Writes half of the sources, changes something, and runs again. */
async function again(
  change: () => void,
  {
    before = ['a.ndjson'],
    after = before,
    ...checkpoint
  }: { before?: string[]; after?: string[]; allowGrowth?: boolean } = {},
): Promise<Summary> {
  await expect(run(before.map(path), checkpoint, COUNT / 2)).rejects.toThrow('broken');
  change();
  return run(after.map(path), checkpoint);
}

const overwrite = (name: string, at: number, bytes: string) => {
  const content = readFileSync(path(name));
  content.write(bytes, at);
  writeFileSync(path(name), content);
};

describe('A run that goes on refuses its input when', () => {
  beforeEach(() => writeFileSync(path('a.ndjson'), text(COUNT)));

  test.each<[what: string, change: () => void]>([
    ['it is shorter', () => truncateSync(path('a.ndjson'), HALF + 100)],
    ['it is shorter than what was written', () => truncateSync(path('a.ndjson'), 100)],
    ['it is empty', () => truncateSync(path('a.ndjson'), 0)],
    ['its first byte is another', () => overwrite('a.ndjson', 0, '[')],
    ['one byte in its first 64 KiB is another', () => overwrite('a.ndjson', 40_000, '9')],
    ['the last byte of its first 64 KiB is another', () => overwrite('a.ndjson', 65_535, 'x')],
    ['the byte before the position is another', () => overwrite('a.ndjson', HALF - 1, ' ')],
    ['a byte 4 KiB before the position is another', () => overwrite('a.ndjson', HALF - 4_096, 'x')],
    ['something has come before it', () => writeFileSync(path('a.ndjson'), line(0) + text(COUNT))],
    [
      'a record before the position is gone',
      () => writeFileSync(path('a.ndjson'), text(COUNT).replace(line(5_000), '')),
    ],
    ['it has grown', () => appendFileSync(path('a.ndjson'), line(COUNT))],
    ['it is another file', () => writeFileSync(path('a.ndjson'), text(COUNT).replaceAll('0', '1'))],
    ['it is compressed now', () => writeFileSync(path('a.ndjson'), gzipSync(text(COUNT)))],
    ['it is gone', () => rmSync(path('a.ndjson'))],
    [
      'it is a folder now',
      () => {
        rmSync(path('a.ndjson'));
        mkdirSync(path('a.ndjson'));
      },
    ],
  ])('%s', async (_, change) => {
    await expect(again(change)).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
      message: expect.stringContaining('a.ndjson') as string,
    });
  });

  test.each<[what: string, after: string[], change: () => void]>([
    ['they come in another order', ['b.ndjson', 'a.ndjson'], () => {}],
    [
      'one has come to them',
      ['a.ndjson', 'b.ndjson', 'c.ndjson'],
      () => copyFileSync(path('a.ndjson'), path('c.ndjson')),
    ],
    ['one has left them', ['a.ndjson'], () => {}],
    ['one has another name', ['a.ndjson', 'c.ndjson'], () => renameSync(path('b.ndjson'), path('c.ndjson'))],
  ])('there are several and %s', async (_, after, change) => {
    writeFileSync(path('b.ndjson'), text(COUNT));
    await expect(again(change, { before: ['a.ndjson', 'b.ndjson'], after })).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
    });
  });

  test('a file that is read to its end has changed', async () => {
    writeFileSync(path('0.ndjson'), text(100));
    const change = () => overwrite('0.ndjson', 50, 'x');
    await expect(again(change, { before: ['0.ndjson', 'a.ndjson'] })).rejects.toMatchObject({
      code: 'INPUT_CHANGED',
    });
  });

  test('a glob finds another file', async () => {
    await expect(run(path('*.ndjson'), {}, COUNT / 2)).rejects.toThrow('broken');
    writeFileSync(path('b.ndjson'), text(1));
    await expect(run(path('*.ndjson'), {})).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
  });

  test.each<[what: string, change: (bytes: Buffer) => Buffer]>([
    ['shorter', (bytes) => bytes.subarray(0, -1)],
    ['longer', (bytes) => Buffer.concat([bytes, gzipSync(line(COUNT))])],
    ['compressed anew', () => gzipSync(text(COUNT), { level: 1 })],
    ['of other records', () => gzipSync(text(COUNT).replaceAll('9', '8'))],
  ])('it is compressed and %s', async (_, change) => {
    writeFileSync(path('a.ndjson.gz'), gzipSync(text(COUNT)));
    const changed = again(
      () => writeFileSync(path('a.ndjson.gz'), change(readFileSync(path('a.ndjson.gz')))),
      {
        before: ['a.ndjson.gz'],
      },
    );
    await expect(changed).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
  });
});

describe('A run goes on when', () => {
  beforeEach(() => writeFileSync(path('a.ndjson'), text(COUNT)));

  test.each<[what: string, change: () => void]>([
    ['nothing has changed', () => {}],
    ['only its times have', () => utimesSync(path('a.ndjson'), 0, 0)],
    [
      'it is another file with the same bytes',
      () => {
        copyFileSync(path('a.ndjson'), path('copy'));
        renameSync(path('copy'), path('a.ndjson'));
      },
    ],
    [
      'a byte behind the position is another, which only a look at all bytes could tell',
      () => overwrite('a.ndjson', HALF + 10_010, '9'),
    ],
  ])('%s', async (_, change) => {
    expect(await again(change)).toMatchObject({ read: COUNT / 2, written: COUNT / 2 });
  });

  test('it has grown and that is allowed: what has come is written, too', async () => {
    const grown = await again(() => appendFileSync(path('a.ndjson'), line(COUNT)), { allowGrowth: true });
    expect(grown).toMatchObject({ written: COUNT / 2 + 1 });
  });

  test('it was finished, has grown, and that is allowed', async () => {
    await run([path('a.ndjson')], { allowGrowth: true });
    appendFileSync(path('a.ndjson'), line(COUNT) + line(COUNT + 1));
    expect(await run([path('a.ndjson')], { allowGrowth: true })).toMatchObject({ written: 2 });
  });
});

describe('A finished run', () => {
  const finish = async () => {
    writeFileSync(path('a.ndjson'), text(100));
    await run([path('a.ndjson')], {});
  };

  test('refuses another input', async () => {
    await finish();
    writeFileSync(path('a.ndjson'), text(99));
    await expect(run([path('a.ndjson')], {})).rejects.toMatchObject({ code: 'INPUT_CHANGED' });
  });

  test.each<[what: string, change: () => void, options: object]>([
    ['its input has changed', () => writeFileSync(path('a.ndjson'), text(99)), {}],
    ['its pipeline has changed', () => {}, { version: '2' }],
    ['it was started in another way', () => {}, { note: 'other' }],
  ])('begins anew with restart: "if-outdated" when %s', async (_, change, options) => {
    await finish();
    expect(await run([path('a.ndjson')], { restart: 'if-outdated' })).toMatchObject({ read: 0 });
    change();
    const summary = await run([path('a.ndjson')], { restart: 'if-outdated', ...options });
    expect(summary.finishedAt).toBeUndefined();
    expect(summary.read).toBeGreaterThan(0);
  });

  test('begins anew with restart: "if-outdated" when its input cannot be looked at again', async () => {
    const source = {
      name: 'api',
      open: async () => ({ kind: 'records' as const, records: Readable.from([{ id: 1 }]) }),
    };
    await run([source], {});
    expect(await run([source], {})).toMatchObject({ read: 0 });
    expect(await run([source], { restart: 'if-outdated' })).toMatchObject({ read: 1 });
  });
});

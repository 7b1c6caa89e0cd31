import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import { BatchProcessor } from '../../src/index.ts';
import { fileSource } from '../../src/sources/file-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'going-on-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

const COUNT = 20_000;
const records = Array.from({ length: COUNT }, (_, id) => ({ id: String(id).padStart(10, '0') }));
const lines = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
const table = Buffer.from(`id\n${records.map(({ id }) => `${id}\n`).join('')}`);

/** Three parts, each compressed by itself, and where the second one begins: the middle of all records lies in it. */
function inParts(content: Buffer, compress: (part: Buffer) => Buffer) {
  const at = (i: number) => Math.floor((i * content.length) / 3);
  const parts = [0, 1, 2].map((i) => compress(content.subarray(at(i), at(i + 1))));
  return { bytes: Buffer.concat(parts), second: parts[0]!.length };
}

/** A run that breaks after half of the records, and one that goes on. @returns what was written, and where the second one opened the file */
async function twice(name: string, bytes: Buffer) {
  writeFileSync(join(folder, name), bytes);
  const store = memoryCheckpoint();
  const written: unknown[] = [];
  const opened: (number | undefined)[] = [];
  const file = fileSource(join(folder, name));
  const open: typeof file.open = (context) => {
    opened.push(context.from);
    return file.open(context);
  };
  const run = (most: number) =>
    new BatchProcessor({
      source: { ...file, open },
      sink: async (list) => {
        if (written.length >= most) throw new Error('broken');
        written.push(...list);
      },
      checkpoint: { store },
    }).run();
  await expect(run(COUNT / 2)).rejects.toThrow('broken');
  expect(opened.splice(0)).toEqual([undefined]);
  const summary = await run(Number.POSITIVE_INFINITY);
  return { written, opened, summary };
}

describe('A run over a file of several compressed parts', () => {
  test.each([
    ['members.ndjson.gz', lines, gzipSync],
    ['members.csv.gz', table, gzipSync],
    ['frames.ndjson.zst', lines, zstdCompressSync],
    ['frames.csv.zst', table, zstdCompressSync],
  ] as const)('opens %s at the part in which it goes on', async (name, content, compress) => {
    const { bytes, second } = inParts(content, compress);
    const { written, opened, summary } = await twice(name, bytes);
    expect(written).toEqual(records);
    expect(opened).toEqual([undefined, second]);
    expect(summary).toMatchObject({ read: COUNT / 2, written: COUNT / 2, unaccounted: [] });
  });
});

describe('A run over a file that is compressed as a whole', () => {
  test.each([
    ['a.ndjson.gz', gzipSync],
    ['a.ndjson.zst', zstdCompressSync],
    ['a.ndjson.br', brotliCompressSync],
    ['a.ndjson', deflateSync],
  ] as const)('opens %s once, and does not look at what is done', async (name, compress) => {
    const parse = vi.spyOn(JSON, 'parse');
    const { written, opened, summary } = await twice(name, compress(lines));
    expect(written).toEqual(records);
    expect(opened).toEqual([undefined]);
    expect(summary).toMatchObject({ read: COUNT / 2, written: COUNT / 2, unaccounted: [] });
    // its keys may have been left out
    const parsed = (record: { id: string } | undefined) =>
      parse.mock.calls.filter(([text]) => text.includes(JSON.stringify(record!.id))).length;
    expect([parsed(records[0]), parsed(records.at(-1))]).toEqual([1, 1]);
  });
});

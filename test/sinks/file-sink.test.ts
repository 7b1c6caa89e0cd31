import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Sink } from '../../src/core/sink.ts';
import { type FileSinkOptions, fileSink } from '../../src/sinks/file-sink.ts';
import { chunkOf, sinkContract } from '../../src/testing/index.ts';
import { temporaryFolder } from './folder.ts';
import { unzstd } from './unzstd.ts';
import { context, failureOf, signal, writeAll, writeOne } from './writing.ts';

const path = temporaryFolder();
/** As a record, enough for the disk to begin. */
const MUCH = 'x'.repeat(8 * 2 ** 20);

const read: Record<string, (bytes: Buffer) => Buffer> = {
  '': (bytes) => bytes,
  '.gz': gunzipSync,
  '.br': brotliDecompressSync,
  '.zst': unzstd,
};

function textOf(name: string): string {
  const ending = /\.(gz|br|zst)$/.exec(name)?.[0] ?? '';
  return read[ending]!(readFileSync(path(name))).toString();
}

function json(text: string): unknown {
  return JSON.parse(text, exact as never);
}

function exact(_: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? BigInt(source!) : value;
}

const readers: Record<string, (text: string) => readonly unknown[]> = {
  ndjson: (text) => text.split('\n').slice(0, -1).map(json),
  json: (text) => json(text) as unknown[],
  csv: (text) => parse(text, { columns: true, bom: true, record_delimiter: '\n' }),
};

function asTexts(record: object): object {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)]));
}

describe.each(['out.ndjson', 'out.json', 'out.csv', 'out.ndjson.gz', 'out.json.br', 'out.ndjson.zst'])(
  '%s',
  (name) => {
    const format = name.split('.')[1]!;
    const contract = sinkContract({
      create: () => fileSink(path(name)),
      clear: () => rmSync(path(name), { force: true }),
      stored: async () => (readdirSync(path()).includes(name) ? readers[format]!(textOf(name)) : []),
      readable: 'on-close',
      secondRun: 'replaces',
      isAllOrNothing: true,
      refused: format === 'csv' ? 'a text' : { id: 3, name: () => 1, toJSON: () => undefined },
      ...(format === 'csv' && { represent: asTexts }),
    });
    for (const { name: promise, run } of contract) test(`fileSink() ${promise}`, run);
  },
);

test.each([
  ['out.ndjson', ''],
  ['out.json', '[]\n'],
  ['out.csv', ''],
  ['out.txt', ''],
  ['out.ndjson.gz', ''],
  ['out.json.gz', '[]\n'],
  ['out.csv.br', ''],
  ['out.json.br', '[]\n'],
  ['out.json.zst', '[]\n'],
  ['out.ndjson.zst', ''],
])('fileSink() makes %s of an empty run a valid file', async (name, expected) => {
  await writeAll(fileSink(path(name)));
  expect(statSync(path(name)).size > 0).toBe(
    name !== 'out.ndjson' && name !== 'out.csv' && name !== 'out.txt',
  );
  expect(textOf(name)).toBe(expected);
});

test('fileSink() shows nothing under the name of the file before the run is complete', async () => {
  writeFileSync(path('out.ndjson'), 'old\n');
  const sink = fileSink(path('out.ndjson'));
  await sink.open!({ signal });
  await writeOne(sink, chunkOf([1]));
  expect(textOf('out.ndjson')).toBe('old\n');
  await sink.close!({ complete: true });
  expect(textOf('out.ndjson')).toBe('1\n');
  expect(readdirSync(path())).toEqual(['out.ndjson']);
});

test('fileSink() removes its temporary file and keeps the old one when the run is not complete', async () => {
  writeFileSync(path('out.ndjson'), 'old\n');
  const sink = fileSink(path('out.ndjson'));
  await sink.open!({ signal });
  await writeOne(sink, chunkOf([1]));
  await sink.close!({ complete: false });
  await sink.close!({ complete: true });
  expect(textOf('out.ndjson')).toBe('old\n');
  expect(readdirSync(path())).toEqual(['out.ndjson']);
});

test('fileSink() keeps the permissions of the file it replaces', async () => {
  writeFileSync(path('out.ndjson'), 'old\n');
  chmodSync(path('out.ndjson'), 0o600);
  await writeAll(fileSink(path('out.ndjson')), [1]);
  expect(statSync(path('out.ndjson')).mode & 0o777).toBe(0o600);
});

test('fileSink() replaces what a link leads to, and not the link', async () => {
  mkdirSync(path('data'));
  writeFileSync(path('data/real.ndjson'), 'old\n');
  symlinkSync(path('data/real.ndjson'), path('out.ndjson'));
  await writeAll(fileSink(pathToFileURL(path('out.ndjson'))), [1]);
  expect(lstatSync(path('out.ndjson')).isSymbolicLink()).toBe(true);
  expect(textOf('data/real.ndjson')).toBe('1\n');
});

test.each([
  ['a folder', 'data.ndjson', 'is not a regular file and cannot be replaced'],
  ['no folder', 'missing/out.ndjson', 'could not be created: There is no folder'],
])('fileSink() cannot be opened where there is %s', async (_, name, reason) => {
  mkdirSync(path('data.ndjson'));
  const { code, message } = await failureOf(writeAll(fileSink(path(name)), [1]));
  expect(code).toBe('SINK_FAILED');
  expect(message).toContain(`${path(name)} ${reason}`);
  expect(readdirSync(path())).toEqual(['data.ndjson']);
});

describe('fileSink({ ifExists: "fail" })', () => {
  test('fails when the file exists', async () => {
    writeFileSync(path('out.ndjson'), 'old\n');
    const failure = failureOf(writeAll(fileSink({ file: path('out.ndjson'), ifExists: 'fail' }), [1]));
    expect(await failure).toEqual({ code: 'SINK_FAILED', message: `${path('out.ndjson')} exists already` });
  });

  test('does not replace a file that appears during the run', async () => {
    const sink = fileSink({ file: path('out.ndjson'), ifExists: 'fail' });
    await sink.open!({ signal });
    await writeOne(sink, chunkOf([1]));
    writeFileSync(path('out.ndjson'), 'someone else\n');
    expect((await failureOf(sink.close!({ complete: true }))).code).toBe('SINK_FAILED');
    expect(textOf('out.ndjson')).toBe('someone else\n');
    expect(readdirSync(path())).toEqual(['out.ndjson']);
  });

  test('makes the file when there is none', async () => {
    await writeAll(fileSink({ file: path('out.ndjson'), ifExists: 'fail' }), [1]);
    expect(textOf('out.ndjson')).toBe('1\n');
    expect(readdirSync(path())).toEqual(['out.ndjson']);
  });
});

describe('fileSink({ ifExists: "append" })', () => {
  test.each([
    ['out.ndjson', '1\n', '1\n{"b":3,"a":2}\n'],
    ['out.ndjson', '1', '1\n{"b":3,"a":2}\n'],
    ['out.ndjson', '', '{"b":3,"a":2}\n'],
    ['out.csv', 'a,b\n0,1', 'a,b\n0,1\n2,3\n'],
    ['out.csv', '\ufeff"a","b"\n', '\ufeff"a","b"\n2,3\n'],
    ['out.csv', '', 'b,a\n3,2\n'],
    ['out.tsv', 'a\tb\n', 'a\tb\n2\t3\n'],
  ])('goes on in %s after %j', async (name, before, after) => {
    writeFileSync(path(name), before);
    await writeAll(fileSink({ file: path(name), ifExists: 'append' }), [{ b: 3, a: 2 }]);
    expect(textOf(name)).toBe(after);
  });

  test('leaves the file as it was when the run is not complete', async () => {
    writeFileSync(path('out.ndjson'), '1\n');
    const sink = fileSink({ file: path('out.ndjson'), ifExists: 'append' });
    await sink.open!({ signal });
    await writeOne(sink, chunkOf([2]));
    await sink.close!({ complete: false });
    expect(textOf('out.ndjson')).toBe('1\n');
  });

  test('refuses a record with a column that the header of the file lacks', async () => {
    writeFileSync(path('out.csv'), 'a\n0\n');
    const { code, message } = await failureOf(
      writeAll(fileSink({ file: path('out.csv'), ifExists: 'append' }), [{ a: 1, b: 2 }]),
    );
    expect([code, message]).toEqual(['REFUSED_RECORD', expect.stringContaining('no column "b"')]);
    expect(textOf('out.csv')).toBe('a\n0\n');
  });

  test('fails when the columns of the file are not those given', async () => {
    writeFileSync(path('out.csv'), 'a,b\n');
    const sink = fileSink({ file: path('out.csv'), ifExists: 'append', columns: ['b', 'a'] });
    expect(await failureOf(writeAll(sink, [{ a: 1 }]))).toEqual({
      code: 'SINK_FAILED',
      message: `${path('out.csv')} has other columns than those given: "a", "b"`,
    });
    expect(readdirSync(path())).toEqual(['out.csv']);
  });

  test.each(['out.json', 'out.ndjson.gz', 'out.csv.br'])('is a TypeError for %s', (name) => {
    expect(() => fileSink({ file: name, ifExists: 'append' })).toThrow(
      new TypeError(
        'ifExists must be replace or fail for a JSON array and for compressed files, got "append"',
      ),
    );
  });
});

test('fileSink() ends a gzip member with each chunk', async () => {
  await writeAll(fileSink(path('out.ndjson.gz')), [1, 2], [3]);
  const bytes = readFileSync(path('out.ndjson.gz'));
  const second = bytes.indexOf(Buffer.from([0x1f, 0x8b, 0x08]), 1);
  expect(gunzipSync(bytes.subarray(0, second)).toString()).toBe('1\n2\n');
  expect(gunzipSync(bytes.subarray(second)).toString()).toBe('3\n');
});

test('fileSink() leaves out the record-less header of a chunk that was refused', async () => {
  const sink = fileSink(path('out.csv'));
  await sink.open!({ signal });
  expect((await failureOf(writeOne(sink, chunkOf([{ a: 1 }, 7])))).code).toBe('REFUSED_RECORD');
  await writeOne(sink, chunkOf([{ b: 1 }]));
  await sink.close!({ complete: true });
  expect(textOf('out.csv')).toBe('b\n1\n');
});

describe('fileSink(), when writes to the file go wrong', () => {
  afterEach(() => vi.restoreAllMocks());

  type Write = (
    this: FileHandle,
    bytes: Uint8Array,
    from: number,
    length: number,
    position: number,
  ) => Promise<{ bytesWritten: number }>;

  /** All handles of files have one prototype. */
  async function handles(): Promise<FileHandle & { write: Write }> {
    const handle = await open(path(), 'r');
    await handle.close();
    return Object.getPrototypeOf(handle) as FileHandle & { write: Write };
  }

  test.each(['out.ndjson', 'out.json', 'out.csv', 'out.ndjson.gz', 'out.json.br', 'out.ndjson.zst'])(
    'repeats a torn write of %s at the same place',
    async (name) => {
      const sink = fileSink(path(name));
      const lists: { a: unknown }[][] = [[{ a: 1 }], [{ a: 'x'.repeat(500) }], [{ a: 3 }]];
      await sink.open!({ signal });
      const prototype = await handles();
      const write = prototype.write;
      for (const [index, records] of lists.entries()) {
        const torn = vi.spyOn(prototype as { write: Write }, 'write').mockImplementationOnce(async function (
          this: FileHandle,
          bytes,
          from,
          length,
          position,
        ) {
          await write.call(this, bytes, from, Math.ceil(length / 2), position);
          throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' });
        });
        const chunk = chunkOf(records, { index });
        await expect(sink.write(chunk, context)).rejects.toMatchObject({ code: 'EIO' });
        torn.mockRestore();
        await sink.write(chunk, { attempt: 2, signal });
      }
      await sink.close!({ complete: true });
      const found = readers[name.split('.')[1]!]!(textOf(name));
      expect(found).toEqual(lists.flat().map(({ a }) => ({ a: name.endsWith('csv') ? String(a) : a })));
    },
  );

  test('goes on after a short write with what is left', async () => {
    const sink = fileSink(path('out.ndjson'));
    await sink.open!({ signal });
    const prototype = await handles();
    const write = prototype.write;
    vi.spyOn(prototype as { write: Write }, 'write').mockImplementation(function (
      this: FileHandle,
      bytes,
      from,
      length,
      position,
    ) {
      return write.call(this, bytes, from, Math.min(length, 3), position);
    });
    await writeOne(sink, chunkOf(['a long text', 2]));
    await sink.close!({ complete: true });
    expect(textOf('out.ndjson')).toBe('"a long text"\n2\n');
  });

  test('cuts off what a failed write has left behind the last chunk', async () => {
    const sink = fileSink(path('out.ndjson'));
    await sink.open!({ signal });
    const prototype = await handles();
    const write = prototype.write;
    vi.spyOn(prototype as { write: Write }, 'write').mockImplementationOnce(async function (
      this: FileHandle,
      ...args
    ) {
      await write.apply(this, args);
      throw new Error('EIO');
    });
    await expect(writeOne(sink, chunkOf(['long'.repeat(9), 2]))).rejects.toThrow('EIO');
    await writeOne(sink, chunkOf([2]));
    await sink.close!({ complete: true });
    expect(textOf('out.ndjson')).toBe('2\n');
  });

  test('leaves nothing when the file cannot be made safe', async () => {
    const sink = fileSink(path('out.ndjson'));
    await sink.open!({ signal });
    await writeOne(sink, chunkOf([1]));
    vi.spyOn(await handles(), 'sync').mockRejectedValueOnce(new Error('EIO: i/o error, fsync'));
    expect(await failureOf(sink.close!({ complete: true }))).toEqual({
      code: 'SINK_FAILED',
      message: `${path('out.ndjson')} could not be completed: EIO: i/o error, fsync`,
    });
    expect(readdirSync(path())).toEqual([]);
  });

  test('gives the disk what it has while more comes', async () => {
    const sink = fileSink(path('out.ndjson'));
    await sink.open!({ signal });
    const datasync = vi.spyOn(await handles(), 'datasync');
    await writeOne(sink, chunkOf(['little']));
    expect(datasync).toHaveBeenCalledTimes(0);
    await writeOne(sink, chunkOf([MUCH]));
    expect(datasync).toHaveBeenCalledTimes(1);
    await datasync.mock.results[0]!.value;
    await writeOne(sink, chunkOf(['little']));
    expect(datasync).toHaveBeenCalledTimes(1);
    await writeOne(sink, chunkOf([MUCH]));
    expect(datasync).toHaveBeenCalledTimes(2);
    await sink.close!({ complete: true });
    const line = (text: string) => `"${text}"\n`;
    expect(textOf('out.ndjson') === [line('little'), line(MUCH)].join('').repeat(2)).toBe(true);
  });

  test('gives the file up when the disk failed at what it was given while more came', async () => {
    const sink = fileSink(path('out.ndjson'));
    await sink.open!({ signal });
    vi.spyOn(await handles(), 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error, fdatasync'));
    await writeOne(sink, chunkOf([MUCH]));
    await new Promise(setImmediate);
    await expect(writeOne(sink, chunkOf([1]))).rejects.toThrow('EIO: i/o error, fdatasync');
    expect((await failureOf(sink.close!({ complete: true }))).code).toBe('SINK_FAILED');
    expect(readdirSync(path())).toEqual([]);
  });

  test.each([
    ['commit', (sink: Sink) => sink.commit!()],
    ['close', (sink: Sink) => sink.close!({ complete: true })],
  ])('%s() waits for what the disk was given while more came', async (_, end) => {
    const sink = fileSink(path('out.ndjson'));
    await sink.open!({ signal, resume: { isContinued: false } });
    let fail: ((error: Error) => void) | undefined;
    vi.spyOn(await handles(), 'datasync').mockImplementationOnce(
      () => new Promise<void>((_resolve, reject) => (fail = reject)),
    );
    await writeOne(sink, chunkOf([MUCH]));
    const ended = failureOf(end(sink));
    await setTimeout(20);
    fail!(new Error('EIO: i/o error, fdatasync'));
    expect(await ended).toMatchObject({
      code: 'SINK_FAILED',
      message: expect.stringContaining('EIO: i/o error, fdatasync'),
    });
    await sink.close!({ complete: false });
  });

  test('refuses another chunk than the one that its brotli stream holds', async () => {
    const sink = fileSink(path('out.ndjson.br'));
    await sink.open!({ signal });
    vi.spyOn(await handles(), 'write').mockRejectedValueOnce(new Error('EIO'));
    await expect(writeOne(sink, chunkOf([1]))).rejects.toThrow('EIO');
    expect((await failureOf(writeOne(sink, chunkOf([2])))).code).toBe('WRITE_FAILED');
    await sink.close!({ complete: false });
  });
});

test.each<[FileSinkOptions, string]>([
  [{ file: '' }, 'file must be a path or a file URL, got ""'],
  [
    { file: 'out.dat' },
    'file must end in .ndjson, .jsonl, .json, .csv, .tsv, .txt, or format must be given, got "out.dat"',
  ],
  [
    { file: 'out.csv', compression: 'lz4' as 'gzip' },
    'compression must be one of none, gzip, zstd, brotli, got "lz4"',
  ],
  [
    { file: 'out.csv', ifExists: 'merge' as 'fail' },
    'ifExists must be one of replace, fail, append, got "merge"',
  ],
  [{ file: 'out.json', columns: ['a'] }, 'columns is an option of csv and tsv, the format is json'],
])('fileSink(%j) is a TypeError', (options, message) => {
  expect(() => fileSink(options)).toThrow(new TypeError(message));
});

test('fileSink() takes format and compression from the options before the name', async () => {
  await writeAll(fileSink({ file: path('out.dat'), format: 'ndjson', compression: 'gzip' }), [1]);
  expect(gunzipSync(readFileSync(path('out.dat'))).toString()).toBe('1\n');
});

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ResumeContext, Sink } from '../../src/core/sink.ts';
import { classify } from '../../src/failures/index.ts';
import { type FileSinkOptions, fileSink } from '../../src/sinks/file-sink.ts';
import { chunkOf } from '../../src/testing/index.ts';
import { temporaryFolder } from './folder.ts';
import { context, failureOf, signal, writeAll, writeOne } from './writing.ts';

const path = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

const NEW: ResumeContext = { isContinued: false };
const PARTIAL = '.out.ndjson.partial';
const text = (name = 'out.ndjson') => readFileSync(path(name), 'utf8');
const files = () => readdirSync(path()).toSorted();

async function opened(options: string | FileSinkOptions, resume: ResumeContext = NEW): Promise<Sink> {
  const sink = fileSink(options);
  await sink.open!({ signal, resume });
  return sink;
}

/** As it comes back from a checkpoint. */
async function commitOf(sink: Sink): Promise<ResumeContext> {
  const state = JSON.parse(JSON.stringify(await sink.commit!())) as unknown;
  return { isContinued: true, state };
}

/** Writes a chunk and commits, writes another one, and ends early. */
async function interrupted(options: string | FileSinkOptions, ...first: readonly unknown[]) {
  const sink = await opened(options);
  await writeOne(sink, chunkOf(first));
  const resume = await commitOf(sink);
  await writeOne(sink, chunkOf([{ a: 'lost' }], { index: 1 }));
  await sink.close!({ complete: false });
  return resume;
}

/** Goes on with one more chunk. */
async function finished(options: string | FileSinkOptions, resume: ResumeContext, last: unknown) {
  const sink = await opened(options, resume);
  await writeOne(sink, chunkOf([last], { index: 1 }));
  await commitOf(sink);
  await sink.close!({ complete: true });
}

async function prototypeOfHandles(): Promise<FileHandle> {
  const handle = await open(path(), 'r');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe('fileSink() of a run with a checkpoint', () => {
  test.each([
    ['out.ndjson', {}],
    ['out.json', {}],
    ['out.csv', {}],
    ['out.tsv', { columns: { b: 'a', c: 'c' } }],
    ['out.csv', { escapeFormulas: true }],
    ['out.ndjson.gz', {}],
    ['out.csv.zst', {}],
    ['out.json.gz', {}],
  ] as const)('goes on in %s (%o) as if there had been no end', async (name, more) => {
    const options = { ...more, file: path(name) };
    const whole = { ...more, file: path(`whole.${name}`) };
    await writeAll(fileSink(whole), [{ a: 1 }, { '': 2 }], [{ a: 3 }]);
    const resume = await interrupted(options, { a: 1 }, { '': 2 });
    expect(files()).toEqual([`.${name}.partial`, `whole.${name}`]);
    await finished(options, resume, { a: 3 });
    expect(readFileSync(path(name))).toEqual(readFileSync(path(`whole.${name}`)));
    expect(files()).toEqual([name, `whole.${name}`]);
  });

  test('leaves what is not complete where the next run finds it, also when the process ends', async () => {
    const listeners = process.listenerCount('exit');
    await interrupted(path('out.ndjson'), 1);
    expect(process.listenerCount('exit')).toBe(listeners);
    expect(files()).toEqual([PARTIAL]);
  });

  test('begins anew when nothing was committed, whatever is there', async () => {
    writeFileSync(path(PARTIAL), 'of an earlier run');
    const sink = await opened(path('out.ndjson'), { isContinued: true });
    await writeOne(sink, chunkOf([1]));
    await sink.close!({ complete: true });
    expect([files(), text()]).toEqual([['out.ndjson'], '1\n']);
  });

  test('follows no link that lies where it begins', async () => {
    writeFileSync(path('precious'), 'precious');
    symlinkSync(path('precious'), path(PARTIAL));
    const sink = await opened(path('out.ndjson'));
    await writeOne(sink, chunkOf([1]));
    await sink.close!({ complete: true });
    expect([text('precious'), text()]).toEqual(['precious', '1\n']);
  });

  test('cuts off at once what came behind the last commit', async () => {
    const resume = await interrupted(path('out.ndjson'), 1);
    expect(text(PARTIAL)).toBe('1\n{"a":"lost"}\n');
    const sink = await opened(path('out.ndjson'), resume);
    expect(text(PARTIAL)).toBe('1\n');
    await sink.close!({ complete: false });
  });

  test('remembers the columns of a first chunk, and refuses others', async () => {
    const resume = await interrupted(path('out.csv'), { a: 1 });
    const sink = await opened(path('out.csv'), resume);
    expect((await failureOf(writeOne(sink, chunkOf([{ b: 1 }], { index: 1 })))).code).toBe('REFUSED_RECORD');
    await sink.close!({ complete: false });
  });

  test('can be interrupted before its first chunk', async () => {
    const sink = await opened(path('out.json'));
    const resume = await commitOf(sink);
    await sink.close!({ complete: false });
    await finished(path('out.json'), resume, 1);
    expect(JSON.parse(text('out.json'))).toEqual([1]);
  });

  test('makes the file and its name safe before it commits', async () => {
    const sync = vi.spyOn(await prototypeOfHandles(), 'sync');
    const sink = await opened(path('out.ndjson'));
    expect(sync).toHaveBeenCalledTimes(1);
    await writeOne(sink, chunkOf([1]));
    expect(sync).toHaveBeenCalledTimes(1);
    await sink.commit!();
    expect(sync).toHaveBeenCalledTimes(2);
    await sink.close!({ complete: false });
  });

  test('tries no second time to make safe what could not be made safe', async () => {
    const sink = await opened(path('out.ndjson'));
    await writeOne(sink, chunkOf([1]));
    const broken = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
    const sync = vi.spyOn(await prototypeOfHandles(), 'sync').mockRejectedValueOnce(broken);
    const error = await sink.commit!().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'SINK_FAILED',
      message: `${path('out.ndjson')} could not be made safe: EIO: i/o error, fsync`,
    });
    expect(classify(error).kind).toBe('run-wide');
    await expect(sink.commit!()).rejects.toMatchObject({ code: 'SINK_FAILED' });
    await expect(sink.write(chunkOf([2]), context)).rejects.toBe(broken);
    await expect(sink.close!({ complete: true })).rejects.toMatchObject({ code: 'SINK_FAILED' });
    expect(sync).toHaveBeenCalledTimes(1);
    expect(files()).toEqual([]);
  });

  test('does not give the name to what someone else has put in the place of the file', async () => {
    const sink = await opened(path('out.ndjson'));
    await writeOne(sink, chunkOf([1]));
    const other = await opened(path('out.ndjson'));
    const message = `${path(PARTIAL)} was removed or replaced while it was written`;
    expect(await failureOf(sink.commit!())).toEqual({ code: 'SINK_FAILED', message });
    expect(await failureOf(sink.close!({ complete: true }))).toEqual({ code: 'SINK_FAILED', message });
    await writeOne(other, chunkOf([2]));
    await other.close!({ complete: true });
    expect([files(), text()]).toEqual([['out.ndjson'], '2\n']);
  });

  test('leaves nothing when nothing was committed, as no other run would know of it', async () => {
    const sink = await opened(path('out.ndjson'));
    await writeOne(sink, chunkOf([1]));
    await sink.close!({ complete: false });
    expect(files()).toEqual([]);
  });
});

describe('fileSink() does not go on, and changes nothing,', () => {
  test.each<[string, () => void, string]>([
    ['without the file', () => rmSync(path(PARTIAL)), 'where it grew, is not there any more'],
    ['with a file that is shorter', () => truncateSync(path(PARTIAL), 5), 'has 5 bytes, fewer than the 9'],
    [
      'with a file that was changed',
      () => writeFileSync(path(PARTIAL), '{"a":2}\n{"a":"lost"}\n'),
      'was changed since it was written',
    ],
    ['with a link', () => linked(), 'is a symbolic link'],
  ])('%s', async (_, change, reason) => {
    const resume = await interrupted(path('out.ndjson'), { a: 10 });
    change();
    const before = files();
    const { code, message } = await failureOf(opened(path('out.ndjson'), resume));
    expect([code, message]).toEqual(['CHECKPOINT_MISMATCH', expect.stringContaining(reason)]);
    expect(message).toContain(`${path('out.ndjson')} cannot be gone on with: `);
    expect(files()).toEqual(before);
  });

  function linked(): void {
    renameSync(path(PARTIAL), path('elsewhere'));
    symlinkSync(path('elsewhere'), path(PARTIAL));
  }

  test('with a file of another user', async () => {
    const resume = await interrupted(path('out.ndjson'), 1);
    vi.spyOn(process as { getuid(): number }, 'getuid').mockReturnValue(54_321);
    const { message } = await failureOf(opened(path('out.ndjson'), resume));
    expect(message).toContain('belongs to another user');
  });

  test.each<[string, Partial<FileSinkOptions>]>([
    ['another format', { format: 'text' }],
    ['another compression', { compression: 'gzip' }],
    ['another wish for a file that exists', { ifExists: 'append' }],
  ])('with %s', async (_, other) => {
    const resume = await interrupted(path('out.ndjson'), 1);
    const { code, message } = await failureOf(opened({ file: path('out.ndjson'), ...other }, resume));
    expect([code, message]).toEqual([
      'CHECKPOINT_MISMATCH',
      expect.stringContaining('the run has begun with {"format":"ndjson"'),
    ]);
  });

  test.each([[7], [{}], [{ length: -1, tail: '' }], [{ length: 1, tail: 'x' }]])(
    'from what is no state of it: %j',
    async (state) => {
      const { code, message } = await failureOf(opened(path('out.ndjson'), { isContinued: true, state }));
      expect([code, message]).toEqual([
        'CHECKPOINT_MISMATCH',
        expect.stringContaining('was not made by a sink of its kind'),
      ]);
    },
  );
});

describe('fileSink(), when the file was complete and nobody could note it any more,', () => {
  /** The run is cut off right after the file has got its name. */
  async function completed(options: string | FileSinkOptions, ...records: readonly unknown[]) {
    const sink = await opened(options);
    if (records.length > 0) await writeOne(sink, chunkOf(records));
    const resume = await commitOf(sink);
    await sink.close!({ complete: true });
    return resume;
  }

  test.each<[string, FileSinkOptions['ifExists'], readonly unknown[]]>([
    ['out.ndjson', 'replace', [1]],
    ['out.ndjson', 'fail', [1]],
    ['out.ndjson', 'fail', []],
    ['out.ndjson', 'append', [1]],
    ['out.json', 'fail', []],
    ['out.json.gz', 'replace', [1]],
  ])('finds that %s (%s) is complete and leaves it as it is', async (name, ifExists, records) => {
    if (ifExists !== 'fail') writeFileSync(path(name), 'old\n');
    const options = { file: path(name), ifExists: ifExists! };
    const resume = await completed(options, ...records);
    const before = readFileSync(path(name));
    const sink = await opened(options, resume);
    expect(await commitOf(sink)).toEqual(resume);
    await sink.close!({ complete: true });
    expect(readFileSync(path(name))).toEqual(before);
    expect(files()).toEqual([name]);
  });

  test('takes away the other name, where a link has given it its final one', async () => {
    const options = { file: path('out.ndjson'), ifExists: 'fail' } as const;
    const resume = await interrupted(options, 1);
    truncateSync(path(PARTIAL), 2);
    const { linkSync } = await import('node:fs');
    linkSync(path(PARTIAL), path('out.ndjson'));
    await (await opened(options, resume)).close!({ complete: true });
    expect([files(), text()]).toEqual([['out.ndjson'], '1\n']);
  });

  test('goes on behind its last record, when there are more by now', async () => {
    const resume = await completed(path('out.json'), { a: 1 });
    const sink = await opened(path('out.json'), resume);
    await writeOne(sink, chunkOf([{ a: 2 }], { index: 1 }));
    expect(JSON.parse(text('out.json'))).toEqual([{ a: 1 }]);
    const later = await commitOf(sink);
    await sink.close!({ complete: false });
    await finished(path('out.json'), later, { a: 3 });
    expect(JSON.parse(text('out.json'))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
    expect(files()).toEqual(['out.json']);
  });

  test('goes on again when it was cut off while it did so, before its first commit', async () => {
    const resume = await completed(path('out.ndjson'), 1);
    const sink = await opened(path('out.ndjson'), resume);
    await writeOne(sink, chunkOf([2], { index: 1 }));
    await sink.close!({ complete: false });
    await finished(path('out.ndjson'), resume, 3);
    expect([files(), text()]).toEqual([['out.ndjson'], '1\n3\n']);
  });

  test('is not taken in by a file of the same content that someone else has made', async () => {
    const resume = await completed(path('out.ndjson'), 1);
    copyFileSync(path('out.ndjson'), path('copy'));
    renameSync(path('copy'), path('out.ndjson'));
    expect((await failureOf(opened(path('out.ndjson'), resume))).code).toBe('CHECKPOINT_MISMATCH');
  });
});

describe('fileSink({ ifExists: "fail" }) of a run with a checkpoint', () => {
  const options = () => ({ file: path('out.ndjson'), ifExists: 'fail' }) as const;

  test('does not replace a file that has appeared between two runs', async () => {
    const resume = await interrupted(options(), 1);
    writeFileSync(path('out.ndjson'), '1\n');
    expect(await failureOf(opened(options(), resume))).toEqual({
      code: 'SINK_FAILED',
      message: `${path('out.ndjson')} exists already`,
    });
    rmSync(path('out.ndjson'));
    await finished(options(), resume, 2);
    expect(text()).toBe('1\n2\n');
  });

  test('does not replace a file that appears before the end', async () => {
    const sink = await opened(options());
    await writeOne(sink, chunkOf([1]));
    await sink.commit!();
    writeFileSync(path('out.ndjson'), 'someone else');
    expect((await failureOf(sink.close!({ complete: true }))).message).toContain('exists already');
    expect([files(), text()]).toEqual([[PARTIAL, 'out.ndjson'], 'someone else']);
  });

  test('adds nothing to a file that was complete', async () => {
    const sink = await opened(options());
    const resume = await commitOf(sink);
    await sink.close!({ complete: true });
    const again = await opened(options(), resume);
    expect((await failureOf(writeOne(again, chunkOf([1])))).message).toContain('exists already');
    expect(text()).toBe('');
  });
});

describe('fileSink({ ifExists: "append" }) of a run with a checkpoint', () => {
  test.each([
    ['out.ndjson', '{"a":1}', '{"a":1}\n{"a":2}\n{"a":3}\n'],
    ['out.csv', 'b,a\n0,1', 'b,a\n0,1\n,2\n,3\n'],
    ['out.csv', '', 'a\n2\n3\n'],
  ])('copies %s (%j) once, at the beginning', async (name, before, after) => {
    const options = { file: path(name), ifExists: 'append' } as const;
    writeFileSync(path(name), before);
    const resume = await interrupted(options, { a: 2 });
    expect(text(name)).toBe(before);
    appendFileSync(path(name), 'what others add meanwhile');
    await finished(options, resume, { a: 3 });
    expect([files(), text(name)]).toEqual([[name], after]);
  });

  test('puts the first record on a line of its own also when that is written by a later run', async () => {
    const options = { file: path('out.ndjson'), ifExists: 'append' } as const;
    writeFileSync(path('out.ndjson'), '1');
    const sink = await opened(options);
    const resume = await commitOf(sink);
    await sink.close!({ complete: false });
    await finished(options, resume, 2);
    expect(text()).toBe('1\n2\n');
  });

  test('leaves nothing when it cannot begin', async () => {
    writeFileSync(path('out.csv'), 'a\n');
    const sink = fileSink({ file: path('out.csv'), ifExists: 'append', columns: ['b'] });
    expect((await failureOf(sink.open!({ signal, resume: NEW }))).message).toContain('has other columns');
    expect(existsSync(path('.out.csv.partial'))).toBe(false);
  });
});

import { linkSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { Sink } from '../../src/core/sink.ts';
import { type FileSinkOptions, fileSink } from '../../src/sinks/file-sink.ts';
import { chunkOf } from '../../src/testing/index.ts';
import { temporaryFolder } from './folder.ts';
import { failureOf, signal, writeOne } from './writing.ts';

const path = temporaryFolder();

const rows = (chunk: number) =>
  Array.from({ length: 3 }, (_, i) => ({ id: chunk * 3 + i, note: `note "${chunk}", line\n${i}` }));
const CHUNKS = [0, 1, 2, 3];

const write = async (sink: Sink, chunks: readonly number[]) => {
  for (const index of chunks) await writeOne(sink, chunkOf(rows(index), { index, before: index * 3 }));
};

/** The bytes of a run that nothing interrupts. */
async function whole(options: FileSinkOptions): Promise<Buffer> {
  const sink = fileSink(options);
  await sink.open!({ signal });
  await write(sink, CHUNKS);
  await sink.close!({ complete: true });
  return readFileSync(options.file);
}

/** What nobody else closes; not before the test has looked at what there is. */
const left: Sink[] = [];
afterEach(async () => {
  await Promise.allSettled(left.splice(0).map((sink) => sink.close!({ complete: false })));
});

/** What a process that ends now leaves behind: the files as they are, and what was committed. */
async function begin(options: FileSinkOptions, written: number, committed: number): Promise<unknown> {
  const sink = fileSink(options);
  left.push(sink);
  await sink.open!({ signal, resume: { isContinued: false } });
  await write(sink, CHUNKS.slice(0, committed));
  const state = JSON.parse(JSON.stringify(await sink.commit!())) as unknown;
  await write(sink, CHUNKS.slice(committed, written));
  return state;
}

async function goOn(options: FileSinkOptions, state: unknown, chunks: readonly number[]): Promise<void> {
  const sink = fileSink(options);
  await sink.open!({ signal, resume: { isContinued: true, state } });
  await write(sink, chunks);
  await sink.close!({ complete: true });
}

describe('fileSink() with a checkpoint', () => {
  const names = [
    'out.ndjson',
    'out.json',
    'out.csv',
    'out.txt',
    'out.ndjson.gz',
    'out.json.gz',
    'out.csv.gz',
  ];
  const places = names
    .concat('out.json.zst', 'out.csv.zst')
    .flatMap((name) =>
      CHUNKS.concat(4).flatMap((committed) => [0, 1].map((more) => ({ name, committed, more }))),
    );

  test.each(places)(
    'makes of $name the same file when it is cut $more chunks behind commit $committed',
    async ({ name, committed, more }) => {
      const options = { file: path(name), ...(name === 'out.txt' && { format: 'ndjson' as const }) };
      const expected = await whole({ ...options, file: path(`whole-${name}`) });
      const state = await begin(options, Math.min(committed + more, 4), committed);
      await goOn(options, state, CHUNKS.slice(committed));
      expect(readFileSync(path(name))).toEqual(expected);
      expect(readdirSync(path())).toEqual([name, `whole-${name}`]);
    },
  );

  test('leaves the partial file where a run has failed, and nothing under its name', async () => {
    const sink = fileSink(path('out.ndjson'));
    await sink.open!({ signal, resume: { isContinued: false } });
    await write(sink, [0]);
    const state = await sink.commit!();
    await sink.close!({ complete: false });
    expect(readdirSync(path())).toEqual(['.out.ndjson.partial']);
    await goOn({ file: path('out.ndjson') }, state, [1]);
    expect(readFileSync(path('out.ndjson'), 'utf8').split('\n')).toHaveLength(7);
  });

  test.each([
    ['renamed', () => renameSync(path('.out.json.partial'), path('out.json'))],
    [
      'linked, and the other name is still there',
      () => linkSync(path('.out.json.partial'), path('out.json')),
    ],
  ])('finds that the file was %s when the process ended', async (_, publish) => {
    const ifExists = _ === 'renamed' ? 'replace' : 'fail';
    const options = { file: path('out.json'), ifExists } as const;
    const state = await begin(options, 4, 4);
    writeFileSync(path('.out.json.partial'), `${readFileSync(path('.out.json.partial'), 'utf8')}]\n`);
    publish();
    const complete = readFileSync(path('out.json'));
    await goOn(options, state, []);
    expect(readFileSync(path('out.json'))).toEqual(complete);
    expect(readdirSync(path())).toEqual(['out.json']);
  });

  test('appends to what was there when the first run began', async () => {
    writeFileSync(path('out.csv'), 'id,note\n-1,old\n');
    const options = { file: path('out.csv'), ifExists: 'append' } as const;
    const state = await begin(options, 2, 1);
    expect(readFileSync(path('out.csv'), 'utf8')).toBe('id,note\n-1,old\n');
    await goOn(options, state, [1, 2, 3]);
    const lines = readFileSync(path('out.csv'), 'utf8');
    expect(lines.startsWith('id,note\n-1,old\n0,')).toBe(true);
    expect(lines.match(/note ""/g)).toHaveLength(12);
  });

  test('does not replace what has appeared meanwhile when it must not', async () => {
    const options = { file: path('out.ndjson'), ifExists: 'fail' } as const;
    const state = await begin(options, 1, 1);
    writeFileSync(path('out.ndjson'), 'mine\n');
    expect((await failureOf(goOn(options, state, []))).message).toContain('exists already');
    expect(readFileSync(path('out.ndjson'), 'utf8')).toBe('mine\n');
  });

  test.each([
    ['is gone', () => renameSync(path('.out.ndjson.partial'), path('elsewhere'))],
    ['is shorter', () => truncateSync(path('.out.ndjson.partial'), 10)],
    [
      'is another file',
      () => {
        renameSync(path('.out.ndjson.partial'), path('elsewhere'));
        writeFileSync(path('.out.ndjson.partial'), 'x'.repeat(10_000));
      },
    ],
  ])('refuses to go on when the partial file %s', async (_, change) => {
    const options = { file: path('out.ndjson') };
    const state = await begin(options, 2, 2);
    change();
    expect(await failureOf(goOn(options, state, []))).toMatchObject({ code: 'CHECKPOINT_MISMATCH' });
  });

  test.each([{}, { length: -0.5 }, { length: 1, inode: 1, isBegun: true }, 'state'])(
    'refuses to go on with the state %j',
    async (state) => {
      const sink = fileSink(path('out.ndjson'));
      const opened = Promise.resolve(sink.open!({ signal, resume: { isContinued: true, state } }));
      expect(await failureOf(opened)).toMatchObject({ code: 'CHECKPOINT_MISMATCH' });
    },
  );

  test('begins anew when nothing was committed, over what an earlier run has left', async () => {
    writeFileSync(path('.out.ndjson.partial'), 'left over');
    await goOn({ file: path('out.ndjson') }, undefined, CHUNKS);
    expect(readFileSync(path('out.ndjson'))).toEqual(await whole({ file: path('whole.ndjson') }));
  });

  test('keeps the chunks of the file apart: each is a gzip member', async () => {
    const options = { file: path('out.ndjson.gz') };
    const state = (await begin(options, 2, 1)) as { length: number };
    const members = readFileSync(path('.out.ndjson.gz.partial'));
    expect(gunzipSync(members.subarray(0, state.length)).toString().split('\n')).toHaveLength(4);
  });

  test('brotli cannot go on, and says so', async () => {
    const sink = fileSink(path('out.ndjson.br'));
    const opened = Promise.resolve(sink.open!({ signal, resume: { isContinued: false } }));
    expect((await failureOf(opened)).message).toContain('brotli cannot go on behind an interruption');
    expect(readdirSync(path())).toEqual([]);
    expect(brotliDecompressSync(await whole({ file: path('out.ndjson.br') })).length).toBeGreaterThan(0);
  });
});

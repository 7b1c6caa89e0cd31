import { spawnSync } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { stdoutSink } from '../../src/sinks/stdout-sink.ts';
import { chunkOf, sinkContract } from '../../src/testing/index.ts';
import { cutAll, lineBlocks } from '../core/made-blocks.ts';
import { context, failureOf, signal, writeAll, writeOne } from './writing.ts';

function collector(): { stream: Writable; text: () => string } {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write(piece: Buffer, _, callback) {
      pieces.push(piece);
      callback();
    },
  });
  return { stream, text: () => Buffer.concat(pieces).toString() };
}

/**
 * A stream that keeps what it is given as it is, and answers at once or when it is told to go on. One that is like the
 * system has passed it on by then, and looks at it no sooner.
 */
function keeper({ isSlow = false, isSystem = false } = {}): {
  stream: Writable;
  pieces: Buffer[];
  goOn: () => void;
} {
  const pieces: Buffer[] = [];
  let answer: (() => void) | undefined;
  let waits = isSlow;
  const stream = new Writable({
    write(piece: Buffer, _, callback) {
      const passOn = () => {
        if (isSystem) pieces.push(Buffer.from(piece));
        callback();
      };
      if (!isSystem) pieces.push(piece);
      if (waits) answer = passOn;
      else passOn();
    },
  });
  const goOn = () => {
    waits = false;
    answer?.();
  };
  return { stream, pieces, goOn };
}

const linesOf = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');
const textOf = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString();

const READERS: Readonly<Record<'ndjson' | 'json' | 'csv', (text: string) => readonly unknown[]>> = {
  ndjson: (text) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown),
  json: (text) => (text === '' ? [] : (JSON.parse(text.endsWith(']\n') ? text : `${text}]`) as unknown[])),
  csv: (text) => parse(text, { columns: true, bom: true, record_delimiter: '\n' }),
};

describe.each(['ndjson', 'json', 'csv'] as const)('the contract, in %s', (format) => {
  let outputs: ReturnType<typeof collector>[] = [];
  const contract = sinkContract({
    create: () => {
      const output = collector();
      outputs.push(output);
      return stdoutSink({ format, stream: output.stream });
    },
    clear: () => {
      outputs = [];
    },
    stored: async () => outputs.flatMap(({ text }) => READERS[format](text())),
    ...(format === 'csv'
      ? {
          represent: (record) =>
            Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)])),
        }
      : { without: ['big-integers'] }),
  });
  for (const { name, run } of contract) test(`stdoutSink() ${name}`, run);
});

test.each([
  ['ndjson', '{"a":1}\n{"a":2}\n'],
  ['json', '[\n{"a":1},\n{"a":2}]\n'],
  ['csv', 'a\n1\n2\n'],
] as const)('stdoutSink() writes %s and leaves the stream open', async (format, expected) => {
  const { stream, text } = collector();
  await writeAll(stdoutSink({ format, stream }), [{ a: 1 }], [{ a: 2 }]);
  expect(text()).toBe(expected);
  expect(stream.writable).toBe(true);
});

test('stdoutSink() does not end a JSON array that is not complete', async () => {
  const { stream, text } = collector();
  const sink = stdoutSink({ format: 'json', stream });
  await writeOne(sink, chunkOf([1]));
  await sink.close!({ complete: false });
  expect(text()).toBe('[\n1');
});

test('stdoutSink() waits until the reader has taken a chunk', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const sink = stdoutSink({ stream });
  const written = writeOne(sink, chunkOf([2]));
  const first = await Promise.race([written.then(() => 'written'), setImmediate('waiting')]);
  expect(first).toBe('waiting');
  stream.resume();
  await written;
});

test.each(['EPIPE', 'ERR_STREAM_DESTROYED'])('stdoutSink() fails with SINK_CLOSED at %s', async (code) => {
  const stream = new Writable({
    write: (_, __, callback) => callback(Object.assign(new Error(`write ${code}`), { code })),
  });
  expect(await failureOf(writeOne(stdoutSink({ stream }), chunkOf([1])))).toEqual({
    code: 'SINK_CLOSED',
    message: 'The reader of the output has gone away',
  });
});

test('stdoutSink() passes other failures on as they are', async () => {
  const error = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  const stream = new Writable({ write: (_, __, callback) => callback(error) });
  await expect(writeOne(stdoutSink({ stream }), chunkOf([1]))).rejects.toBe(error);
});

test('stdoutSink() writes a chunk once when its first attempt was aborted while the reader was slow', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const sink = stdoutSink({ stream });
  const [first, second] = [chunkOf([1]), chunkOf([2], { index: 1, before: 1 })];
  const attempt = new AbortController();
  const aborted = sink.write(first, { attempt: 1, signal: attempt.signal });
  await setImmediate();
  attempt.abort(new Error('too slow'));
  await expect(aborted).rejects.toThrow('too slow');

  const both = Promise.all([sink.write(second, context), sink.write(first, { attempt: 2, signal })]);
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  await both;
  await sink.close!({ complete: true });
  expect(Buffer.concat(pieces).toString()).toBe('1\n2\n');
});

describe.each(['ndjson', 'json'] as const)(
  'stdoutSink(), of chunks larger than it gives away at once, in %s',
  (format) => {
    const records = Array.from({ length: 3_000 }, (_, id) => ({ id, note: 'x'.repeat(id) }));
    /** Whether all are there. A difference would be too long to be shown. */
    const areWhole = (pieces: readonly Uint8Array[]) =>
      linesOf(READERS[format](textOf(pieces))) === linesOf(records);
    /** As chunks that share nothing with others, and of which nothing is left once they are used up. */
    const chunks = () => cutAll(lineBlocks(records, [100, 400]), 2_000);
    const wipe = (chunk: Chunk) => chunk.blocks.forEach(({ encoded }) => encoded!.bytes.fill(0));

    test('gives them away in parts, and keeps nothing of them', async () => {
      const { stream, pieces } = keeper();
      const sink = stdoutSink({ format, stream });
      for (const chunk of chunks()) {
        await writeOne(sink, chunk);
        wipe(chunk);
      }
      expect(areWhole(pieces)).toBe(true);
      expect(Math.max(...pieces.map(({ length }) => length))).toBe(1024 * 1024);
    });

    test.each([
      ['a stream that keeps what it is given', false],
      ['the standard output', true],
    ])(
      'gives all of a chunk to %s, once and in order, when its attempt is aborted in the middle',
      async (_, isSystem) => {
        const { stream, pieces, goOn } = keeper({ isSlow: true, isSystem });
        const stdout = isSystem
          ? vi.spyOn(process, 'stdout', 'get').mockReturnValue(stream as never)
          : undefined;
        onTestFinished(() => stdout?.mockRestore());
        const sink = stdoutSink({ format, ...(!isSystem && { stream }) });
        const [first, second] = chunks();
        const attempt = new AbortController();
        const aborted = sink.write(first!, { attempt: 1, signal: attempt.signal });
        await setImmediate();
        expect(stream.writableLength).toBe(1024 * 1024);
        attempt.abort(new Error('too slow'));
        await expect(aborted).rejects.toThrow('too slow');
        wipe(first!);
        const both = Promise.all([writeOne(sink, second!), sink.write(first!, { attempt: 2, signal })]);
        await setImmediate();
        goOn();
        await both;
        expect(areWhole(pieces)).toBe(true);
      },
    );
  },
);

test('stdoutSink() gives nothing away of a chunk with a record that the format cannot hold', async () => {
  const { stream, pieces } = keeper();
  const sink = stdoutSink({ format: 'csv', stream });
  const records = Array.from({ length: 3_000 }, (_, id) => ({ id, note: 'x'.repeat(1_000) }));
  await writeOne(sink, chunkOf([{ id: 0, note: '' }]));
  const [chunk] = cutAll(lineBlocks([...records, { id: 3_000, other: 1 }], [500]), 4_000);
  const { code } = await failureOf(writeOne(sink, chunk!));
  expect(code).toBe('REFUSED_RECORD');
  expect(textOf(pieces)).toBe('id,note\n0,\n');
});

test('stdoutSink() gives the standard output what is right, though it uses the same memory again', () => {
  const load = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    import { stdoutSink } from ${load('../../src/sinks/stdout-sink.ts')};
    import { cutAll, lineBlocks } from ${load('../core/made-blocks.ts')};
    const records = Array.from({ length: 3000 }, (_, id) => ({ id, note: 'x'.repeat(id) }));
    const sink = stdoutSink();
    const signal = new AbortController().signal;
    for (const chunk of cutAll(lineBlocks(records, [500]), 1000)) {
      await sink.write(chunk, { attempt: 1, signal });
      for (const { encoded } of chunk.blocks) encoded.bytes.fill(0);
    }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    maxBuffer: 1e8,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(stdout === linesOf(Array.from({ length: 3_000 }, (_, id) => ({ id, note: 'x'.repeat(id) })))).toBe(
    true,
  );
});

test('stdoutSink() survives a reader that goes away, without an unhandled error', () => {
  const sinkFile = new URL('../../src/sinks/stdout-sink.ts', import.meta.url).href;
  const testing = new URL('../../src/testing/index.ts', import.meta.url).href;
  const script = `
    import { stdoutSink } from ${JSON.stringify(sinkFile)};
    import { chunkOf } from ${JSON.stringify(testing)};
    const sink = stdoutSink();
    const signal = new AbortController().signal;
    try {
      for (let i = 0; i < 200; i++) await sink.write(chunkOf(['x'.repeat(100_000)]), { attempt: 1, signal });
    } catch (error) {
      process.exitCode = error.code === 'SINK_CLOSED' ? 7 : 1;
    }`;
  const command = `"${process.execPath}" --input-type=module -e "$SCRIPT" | head -c 10 > /dev/null; exit \${PIPESTATUS[0]}`;
  const { status, stderr } = spawnSync('bash', ['-c', command], { env: { ...process.env, SCRIPT: script } });
  expect([status, stderr.toString()]).toEqual([7, '']);
});

test('stdoutSink() is a TypeError with a format that does not exist', () => {
  expect(() => stdoutSink({ format: 'xml' as 'csv' })).toThrow(
    new TypeError('format must be one of ndjson, json, csv, tsv, text, got "xml"'),
  );
});

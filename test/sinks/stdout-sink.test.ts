import { spawnSync } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { stdoutSink } from '../../src/sinks/stdout-sink.ts';
import { chunkOf, sinkContract } from '../../src/testing/index.ts';
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

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { csv } from '../../src/formats/csv-format.ts';
import {
  BatchProcessor,
  ChunkTransform,
  decode,
  PartialWriteError,
  RetryingWriter,
  transform,
} from '../../src/index.ts';
import { httpSink } from '../../src/sinks/http-sink.ts';
import { readRecords } from '../../src/streams/read-records.ts';

const bytes = () => Readable.from([Buffer.from('{"id":1}\n')], { objectMode: false });
const write = async () => {};

describe('Bytes that are no records', () => {
  test.each([
    ['ChunkTransform', () => pipeline(bytes(), new ChunkTransform(), new RetryingWriter(write))],
    [
      'RecordStage',
      () =>
        pipeline(
          bytes(),
          transform((record: unknown) => record),
          new ChunkTransform(),
          new RetryingWriter(write),
        ),
    ],
  ])('are refused by a %s', async (name, run) => {
    await expect(run()).rejects.toThrow(
      `${name} takes records, and the stream before it gives out bytes: put decode() between`,
    );
  });
});

describe('Options that cannot be', () => {
  test.each<[string, () => unknown, string]>([
    ['no records in a chunk', () => limited({ records: 0 }), 'limits.records must be an integer from 1'],
    ['a part of a record', () => limited({ records: 1.5 }), 'limits.records must be an integer from 1'],
    ['bytes as text', () => limited({ bytes: '1mb' }), 'limits.bytes must be an integer from 1'],
    ['an unknown limit', () => limited({ max: 1 }), 'limits has no option max'],
    ['limits of a stage', () => new ChunkTransform({ limits: { records: 0 } }), 'limits.records must be'],
    [
      'a text for options',
      () => httpSink('http://u:secret@h/' as never),
      'httpSink takes an object of options, got a string',
    ],
    ['no retries', () => run({ retry: false as never }), 'retry takes an object of options, got a boolean'],
    [
      'a number of retries',
      () => run({ retry: 3 as never }),
      'retry takes an object of options, got a number',
    ],
    [
      'a checkpoint by name',
      () => run({ checkpoint: 'x.cp' as never }),
      'checkpoint takes an object of options',
    ],
    ['an object of refusals', () => new PartialWriteError({ 1: 'no' } as never), 'refusals must be a Map'],
    ['a list of refusals', () => new PartialWriteError([1] as never), 'refusals must be a Map'],
    ['no refusals', () => new PartialWriteError(undefined as never), 'refusals must be a Map'],
    [
      'an option beside a format',
      () => decode(csv(), { delimiter: ';' }),
      'delimiter must be given to the function that makes the format csv',
    ],
    [
      'the same for a reader',
      () => readRecords('a.csv', { format: csv(), maxRecordBytes: 10 }),
      'maxRecordBytes must be given',
    ],
    [
      'the same for a run',
      () => run({ format: csv(), cast: true }),
      'cast must be given to the function that makes',
    ],
    [
      'a controller for its signal',
      () => run({ signal: new AbortController() }),
      'signal must be an AbortSignal, got a AbortController',
    ],
    ['a text for a callback', () => run({ onProgress: 'x' }), 'onProgress must be a function, got "x"'],
    ['a number for a callback', () => run({ onSource: 5 }), 'onSource must be a function, got 5'],
    ['a value that no format takes', () => run({ source: 'a', numbers: 'float' }), 'numbers must be one of'],
    ['a bound that no format takes', () => run({ source: 'a', maxRecordBytes: 0 }), 'maxRecordBytes must be'],
    [
      'options of two formats',
      () => readRecords('a', { path: 'a', delimiter: ';' }),
      'There is no format that takes all of',
    ],
  ])('are refused before anything is opened: %s', (_, make, message) => {
    expect(make).toThrow(message);
    expect(make).not.toThrow('secret');
  });

  test('a source that is somewhere else', async () => {
    const started = run({ source: 'ftp://user:secret@host/a.csv' }).run();
    await expect(started).rejects.toThrow(
      'source must be a path, or a URL with http:, https: or file:, got one with ftp:',
    );
  });

  test('a sink without limits may say so', () => {
    expect(() => limited({ records: Number.POSITIVE_INFINITY, bytes: undefined })).not.toThrow();
  });
});

function limited(limits: object) {
  return run({ sink: { name: 'limited', guarantee: 'at-least-once', limits, write } as never });
}

function run(options: object) {
  return new BatchProcessor({ source: [{ id: 1 }], sink: write, ...options });
}

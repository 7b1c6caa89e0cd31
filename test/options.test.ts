import { expect, test } from 'vitest';
import { functionSink } from '../src/core/function-sink.ts';
import { retrying } from '../src/delivery/retrying.ts';
import { csvEncoder } from '../src/formats/csv-encoder.ts';
import { csv } from '../src/formats/csv-format.ts';
import { json, jsonSeq } from '../src/formats/json-format.ts';
import { ndjson } from '../src/formats/ndjson-format.ts';
import { text } from '../src/formats/text-format.ts';
import {
  BatchProcessor,
  ChunkTransform,
  decode,
  Processor,
  protect,
  RetryingWriter,
  readRecords,
  transform,
  validate,
} from '../src/index.ts';
import { fileSink } from '../src/sinks/file-sink.ts';
import { httpSink } from '../src/sinks/http-sink.ts';
import { mariadbSink } from '../src/sinks/mariadb-sink.ts';
import { postgresSink } from '../src/sinks/postgres-sink.ts';
import { sqliteSink } from '../src/sinks/sqlite-sink.ts';
import { stdoutSink } from '../src/sinks/stdout-sink.ts';
import { httpSource } from '../src/sources/http-source.ts';
import { iterableSource } from '../src/sources/iterable-source.ts';
import { faultySink } from '../src/testing/index.ts';

const sink = async () => {};
const wrong = { batchSise: 500 } as object;
const URL = 'http://localhost/';

const CALLS: Readonly<Record<string, () => unknown>> = {
  BatchProcessor: () => new BatchProcessor({ source: [], sink, ...wrong }),
  'BatchProcessor (retry)': () => new BatchProcessor({ source: [], sink, retry: wrong }),
  Processor: () => new Processor({ source: [], process: sink, ...wrong }),
  ChunkTransform: () => new ChunkTransform(wrong),
  RetryingWriter: () => new RetryingWriter(sink, wrong),
  readRecords: () => readRecords([], wrong),
  decode: () => decode('ndjson', wrong),
  transform: () => transform((record) => record, wrong),
  validate: () => validate(() => true, wrong),
  protect: () => protect(functionSink(sink), wrong),
  retrying: () => retrying(functionSink(sink), wrong),
  functionSink: () => functionSink(sink, wrong),
  fileSink: () => fileSink({ file: 'out.ndjson', ...wrong }),
  httpSink: () => httpSink({ url: URL, ...wrong }),
  sqliteSink: () => sqliteSink({ file: 'a.db', table: 'a', ...wrong }),
  postgresSink: () => postgresSink({ url: 'postgres://localhost/a', table: 'a', ...wrong }),
  mariadbSink: () => mariadbSink({ url: 'mariadb://localhost/a', table: 'a', ...wrong }),
  stdoutSink: () => stdoutSink(wrong),
  httpSource: () => httpSource(URL, wrong),
  'httpSource (backoff)': () => httpSource(URL, { backoff: wrong }),
  iterableSource: () => iterableSource([], wrong),
  json: () => json(wrong),
  jsonSeq: () => jsonSeq(wrong),
  ndjson: () => ndjson(wrong),
  csv: () => csv(wrong),
  text: () => text(wrong),
  faultySink: () => faultySink(sink, wrong),
  csvEncoder: () => csvEncoder(wrong),
};

test.each(Object.entries(CALLS))('%s refuses an option that it does not have', (_, call) => {
  expect(call).toThrow(TypeError);
  expect(call).toThrow(/has no option batchSise; its options are .*\w/);
});

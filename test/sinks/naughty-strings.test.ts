import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { csv, tsv } from '../../src/formats/csv-format.ts';
import { text } from '../../src/formats/text-format.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { recordsOf } from '../formats/decoding.ts';
import { naughtyStrings as strings } from '../support/corpora.ts';
import { temporaryFolder } from './folder.ts';
import { writeAll } from './writing.ts';

const path = temporaryFolder();

const records = strings.map((value) => ({ value, [`key ${value}`]: value }));

function union(record: object): object {
  const keys = [...new Set(records.flatMap((each) => Object.keys(each)))];
  return Object.fromEntries(keys.map((key) => [key, (record as Record<string, unknown>)[key] ?? '']));
}

test('fileSink() keeps naughty strings in NDJSON', async () => {
  await writeAll(fileSink(path('out.ndjson')), records);
  const lines = readFileSync(path('out.ndjson'), 'utf8').split('\n').slice(0, -1);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(records);
});

test('fileSink() keeps naughty strings in JSON', async () => {
  await writeAll(fileSink(path('out.json')), records.slice(0, 100), records.slice(100));
  expect(JSON.parse(readFileSync(path('out.json'), 'utf8'))).toEqual(records);
});

test('fileSink() keeps naughty strings in CSV', async () => {
  await writeAll(fileSink(path('out.csv')), records);
  const read: unknown = parse(readFileSync(path('out.csv')), {
    columns: true,
    bom: true,
    record_delimiter: '\n',
  });
  expect(read).toEqual(records.map(union));
});

test.each([
  ['out.tsv', tsv()],
  ['own.csv', csv()],
])('fileSink() keeps naughty strings in %s, as its own decoder reads it', async (name, format) => {
  await writeAll(fileSink(path(name)), records);
  expect(recordsOf(format, readFileSync(path(name)))).toEqual(records.map(union));
});

test('fileSink() keeps naughty strings in lines of text', async () => {
  const lines = strings.filter((value) => !/[\r\n]/.test(value));
  await writeAll(fileSink(path('out.txt')), lines);
  expect(recordsOf(text(), readFileSync(path('out.txt')))).toEqual(lines);
});

test('sqliteSink() keeps naughty strings', async () => {
  await writeAll(sqliteSink({ file: path('test.db'), table: 'naughty', columns: ['value'] }), records);
  const db = new DatabaseSync(path('test.db'));
  const read = db.prepare('SELECT value FROM naughty ORDER BY rowid').all();
  db.close();
  expect(read.map(({ value }) => value)).toEqual(strings);
});

import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { type SqliteSinkOptions, sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { temporaryFolder } from '../sinks/folder.ts';

const path = temporaryFolder();
const RECORDS = 3_000;

/** Most records have the same keys; some have others, escapes, integers beyond 2^53, or values of several lines. */
function lineOf(n: number): string {
  if (n % 500 === 7) return `{"id":${n},"name":"only"}`;
  if (n % 500 === 8) return `{"name":"x","id":${n},"tags":[],"big":1,"extra":true}`;
  if (n % 500 === 9) return `{"id":${n},"n\\u0061me":"escaped key","tags":null,"big":2}`;
  return `{"id":${n},"name":"r\\u00e4cord \\"${n}\\"","tags":["a", ${n}],"big":9007199254740993}`;
}

function writeSource(): string {
  const file = path('records.ndjson');
  writeFileSync(file, Array.from({ length: RECORDS }, (_, n) => `${lineOf(n)}\n`).join(''));
  return file;
}

async function tableOf(options: Partial<SqliteSinkOptions>, transform?: (record: unknown) => unknown) {
  const file = path(transform === undefined ? 'bytes.db' : 'objects.db');
  const sink = sqliteSink({ file, table: 't', ...options });
  const source = writeSource();
  await new BatchProcessor({ source, sink, ...(transform && { transform }) }).run();
  const db = new DatabaseSync(file);
  const query = db.prepare('SELECT * FROM t');
  query.setReadBigInts(true);
  const rows = query.all().map((row) => ({ ...row }));
  db.close();
  return rows;
}

test.each<[string, Partial<SqliteSinkOptions>]>([
  ['inferred columns', {}],
  ['a key', { key: 'id' }],
  ['chosen columns', { columns: ['id', 'big', 'name', 'missing'] }],
])('SQLite gets the same rows from bytes and from objects, with %s', async (_name, options) => {
  const compact = (rows: Record<string, unknown>[]) =>
    rows.map((row) => ({ ...row, ...('tags' in row && { tags: String(row['tags']).replaceAll(' ', '') }) }));
  const fromObjects = compact(await tableOf(options, (record) => record));
  expect(fromObjects).toHaveLength(RECORDS);
  expect(compact(await tableOf(options))).toEqual(fromObjects);
});

test.each(['out.ndjson', 'out.json', 'out.csv'])('%s is written without decoding a record', async (name) => {
  const lines = Array.from({ length: RECORDS }, (_, n) => `{"id":${n},"name":"a"}\n`).join('');
  writeFileSync(path('plain.ndjson'), lines);
  const parse = vi.spyOn(JSON, 'parse');
  try {
    const columns = name.endsWith('.csv') ? { columns: ['id', 'name'] } : {};
    await new BatchProcessor({
      source: path('plain.ndjson'),
      format: 'ndjson',
      sink: fileSink({ file: path(name), ...columns }),
    }).run();
    expect(parse.mock.calls.filter(([text]) => text.startsWith('{"id"'))).toEqual([]);
  } finally {
    parse.mockRestore();
  }
  const written = readFileSync(path(name), 'utf8');
  if (name === 'out.ndjson') expect(written).toBe(lines);
  if (name === 'out.json') expect(JSON.parse(written)).toHaveLength(RECORDS);
  if (name === 'out.csv') expect(written.split('\n').slice(0, 3)).toEqual(['id,name', '0,a', '1,a']);
});

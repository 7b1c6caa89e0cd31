import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { batched } from '../support/batched.ts';
import { csv, jsonArray, ndjson } from '../support/data.ts';
import { linesOf, outputOf, unlessOnPath } from '../support/peer.ts';
import type { Question } from '../support/question.ts';

const OUT = join(tmpdir(), 'chain-reaction-bench', 'end-to-end');
const COLUMNS = [
  'id',
  'status',
  'customer',
  'total',
  'currency',
  'created',
  'isGift',
  'tags',
  'items',
  'note',
];

export const question: Question = {
  title: 'a file into a table of SQLite (ten columns, three of them JSON text) or into another file',
  inputs: { json: jsonArray, ndjson, csv },
  routes: {
    'chain-reaction, JSON array to SQLite': { input: 'json', run: (file) => ours(file, table(COLUMNS)) },
    'chain-reaction, NDJSON to SQLite': { input: 'ndjson', run: (file) => ours(file, table(COLUMNS)) },
    'chain-reaction, CSV to SQLite': { input: 'csv', run: (file) => ours(file, table()) },
    'readline, JSON.parse and prepared inserts, NDJSON to SQLite': { input: 'ndjson', run: linesByHand },
    'stream-json and prepared inserts, JSON array to SQLite': { input: 'json', run: arrayByHand },
    'sqlite3 .import, CSV to SQLite': { input: 'csv', run: sqliteImport, ...unlessOnPath('sqlite3') },
    'chain-reaction, JSON array to NDJSON': { input: 'json', run: (file) => ours(file, toFile('ndjson')) },
    'chain-reaction, NDJSON to JSON array': { input: 'ndjson', run: (file) => ours(file, toFile('json')) },
    'stream-json and JSON.stringify, JSON array to NDJSON': { input: 'json', run: fileByHand },
    'jq -c .[], JSON array to NDJSON': {
      input: 'json',
      run: (file) => linesOf('jq', ['-c', '.[]', file]),
      ...unlessOnPath('jq'),
    },
  },
  targets: [],
  runs: 3,
};

async function ours(source: string, sink: Sink): Promise<number> {
  const { written } = await new BatchProcessor({ source, sink }).run();
  removeOutput();
  return written;
}

function table(columns?: readonly string[]): Sink {
  return sqliteSink({ file: OUT, table: 'orders', ifExists: 'replace', ...(columns && { columns }) });
}

function toFile(format: 'ndjson' | 'json'): Sink {
  return fileSink({ file: OUT, format });
}

function linesByHand(file: string): Promise<number> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  return insertByHand(lines, (line) => JSON.parse(line as string));
}

function arrayByHand(file: string): Promise<number> {
  const items = createReadStream(file).pipe(streamArray.withParserAsStream({ streamValues: false }));
  return insertByHand(items, (item) => (item as { value: unknown }).value);
}

/** The usual loop: a transaction for each thousand records. */
async function insertByHand(
  items: AsyncIterable<unknown>,
  read: (item: unknown) => unknown,
): Promise<number> {
  const db = new DatabaseSync(OUT);
  db.exec(`PRAGMA journal_mode = WAL; CREATE TABLE orders (${COLUMNS.join(', ')})`);
  const insert = db.prepare(`INSERT INTO orders VALUES (${COLUMNS.map(() => '?').join(', ')})`);
  const count = await batched(items, read, (batch) => {
    db.exec('BEGIN');
    for (const record of batch) insert.run(...COLUMNS.map((name) => valueOf(record as never, name)));
    db.exec('COMMIT');
  });
  db.close();
  removeOutput();
  return count;
}

function valueOf(record: Readonly<Record<string, unknown>>, name: string): SQLInputValue {
  const value = record[name];
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as SQLInputValue);
}

async function sqliteImport(file: string): Promise<number> {
  let count = '';
  const commands = ['.mode csv', `.import "${file}" orders`, 'SELECT count(*) FROM orders'];
  for await (const bytes of outputOf('sqlite3', [OUT, ...commands])) count += bytes.toString();
  removeOutput();
  return Number(count);
}

async function fileByHand(file: string): Promise<number> {
  let count = 0;
  const lines = new Transform({
    writableObjectMode: true,
    transform({ value }: { readonly value: unknown }, _encoding, callback) {
      count += 1;
      callback(null, `${JSON.stringify(value)}\n`);
    },
  });
  const values = streamArray.withParserAsStream({ streamValues: false });
  await pipeline(createReadStream(file), values, lines, createWriteStream(OUT));
  removeOutput();
  return count;
}

function removeOutput(): void {
  for (const ending of ['', '-wal', '-shm']) rmSync(`${OUT}${ending}`, { force: true });
}

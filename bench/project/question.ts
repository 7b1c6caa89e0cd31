import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { PiecePool } from '../../src/core/piece-pool.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { columnsFrom } from '../../src/formats/columns.ts';
import { copyLines } from '../../src/formats/copy-lines.ts';
import { csvLines } from '../../src/formats/csv-lines.ts';
import { RowWriter } from '../../src/formats/row-writer.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { jsonArray, ndjson } from '../support/data.ts';
import { linesOf, unlessInstalled, unlessOnPath } from '../support/peer.ts';
import type { Question } from '../support/question.ts';

const COLUMNS = {
  id: 'id',
  status: 'status',
  name: 'customer.name',
  email: 'customer.email',
  phone: 'customer.phone',
  street: 'customer.address.street',
  city: 'customer.address.city',
  total: 'total',
  created: 'created',
  note: 'note',
} as const;

const OUT = join(tmpdir(), 'chain-reaction-bench', 'projected');

export const question: Question = {
  title: 'ten columns, three of them nested two or three keys deep, into a file of COPY text or CSV',
  inputs: { ndjson, json: jsonArray, '1 GB of NDJSON': () => ndjson(700_000) },
  routes: {
    'chain-reaction, NDJSON to COPY text': {
      input: '1 GB of NDJSON',
      run: (file) => project(file, 'copy', '\t'),
    },
    'chain-reaction, NDJSON to CSV': { input: '1 GB of NDJSON', run: (file) => project(file, 'csv', ',') },
    'chain-reaction, JSON array to CSV': { input: 'json', run: (file) => project(file, 'csv', ',') },
    'DuckDB, one thread, NDJSON to CSV': {
      input: '1 GB of NDJSON',
      run: duckdb,
      ...unlessInstalled('@duckdb/node-api'),
    },
    'readline, JSON.parse and csv-stringify': { input: 'ndjson', run: byHand },
    'jq to CSV': { input: 'ndjson', run: jq, ...unlessOnPath('jq') },
  },
  targets: [
    {
      route: 'chain-reaction, NDJSON to COPY text',
      against: 'DuckDB, one thread, NDJSON to CSV',
      atLeast: 2.5,
    },
    { route: 'chain-reaction, NDJSON to CSV', against: 'DuckDB, one thread, NDJSON to CSV', atLeast: 2.5 },
  ],
};

async function project(file: string, text: 'copy' | 'csv', delimiter: string): Promise<number> {
  const columns = columnsFrom(COLUMNS);
  const decoded = (block: RecordBlock) =>
    text === 'copy'
      ? copyLines(block, columns)
      : csvLines(block, columns, { delimiter, escapeFormulas: false }, false);
  const writer = new RowWriter({ columns, text, delimiter, isStrict: false, decoded });
  const pool = new PiecePool();
  const output = await open(OUT, 'w');
  let count = 0;
  await pipeline(readRecords(file, { pool }), async (blocks: AsyncIterable<RecordBlock>) => {
    for await (const block of blocks) {
      count += block.count;
      for (const rows of writer.rows(block)) await output.write(rows);
      pool.giveBack(block);
    }
  });
  await output.close();
  rmSync(OUT);
  return count;
}

async function duckdb(file: string): Promise<number> {
  const { DuckDBInstance } = (await import('@duckdb/node-api' as string)) as {
    DuckDBInstance: {
      create: (
        path: string,
        options: object,
      ) => Promise<{
        connect: () => Promise<{ runAndReadAll: (sql: string) => Promise<{ getRows: () => unknown[][] }> }>;
      }>;
    };
  };
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const types = `{id:'BIGINT',status:'VARCHAR',customer:'STRUCT(name VARCHAR, email VARCHAR, phone VARCHAR, address STRUCT(street VARCHAR, city VARCHAR))',total:'DOUBLE',created:'VARCHAR',note:'VARCHAR'}`;
  const fields = Object.entries(COLUMNS).map(([name, path]) => `${path} AS ${name}`);
  const result = await connection.runAndReadAll(
    `COPY (SELECT ${fields.join(', ')} FROM read_json('${file}', format='newline_delimited', columns=${types})) TO '${OUT}' (FORMAT csv)`,
  );
  rmSync(OUT);
  return Number(result.getRows()[0]![0]);
}

async function byHand(file: string): Promise<number> {
  let count = 0;
  const paths = Object.values(COLUMNS).map((path) => path.split('.'));
  async function* rows(lines: AsyncIterable<string>) {
    for await (const line of lines) {
      const record: unknown = JSON.parse(line);
      count += 1;
      yield paths.map((path) =>
        path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], record),
      );
    }
  }
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  await pipeline(rows(lines), stringify(), createWriteStream(OUT));
  rmSync(OUT);
  return count;
}

async function jq(file: string): Promise<number> {
  const fields = Object.values(COLUMNS).map((path) => `.${path}`);
  await linesOf('jq', ['-r', `[${fields.join(', ')}] | @csv`, file]);
  return 100_000;
}

import { createReadStream, createWriteStream, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify';
import { createChunk } from '../../src/core/chunk.ts';
import type { Encoder } from '../../src/core/format.ts';
import { PIECE_BYTES, PiecePool } from '../../src/core/piece-pool.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { copyEncoder } from '../../src/formats/copy-format.ts';
import { csvEncoder } from '../../src/formats/csv-encoder.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import { batched } from '../support/batched.ts';
import { ourChunks } from '../support/chunks.ts';
import { csv } from '../support/data.ts';
import { linesOf, unlessInstalled, unlessOnPath } from '../support/peer.ts';
import type { Question } from '../support/question.ts';

const OUT = join(tmpdir(), 'chain-reaction-bench', 'from-csv.ndjson');
const ROWS = join(tmpdir(), 'chain-reaction-bench', 'from-csv');
const CHOSEN = ['id', 'name', 'total', 'note'] as const;
const require = createRequire(import.meta.url);

export const question: Question = {
  title:
    'CSV with quoted fields to objects, to a file of NDJSON, and four of its columns to a file of CSV or COPY text',
  inputs: { csv },
  routes: {
    'chain-reaction, objects': { input: 'csv', run: ourChunks },
    'csv-parse, objects': {
      input: 'csv',
      run: (file) => batched(createReadStream(file).pipe(parse({ columns: true })), (record) => record),
    },
    'papaparse, objects': { input: 'csv', run: papaparse, ...unlessInstalled('papaparse') },
    'udsv, objects, the whole text in memory': { input: 'csv', run: udsv, ...unlessInstalled('udsv') },
    'chain-reaction, NDJSON file': { input: 'csv', run: ourFile },
    'csv-parse and JSON.stringify, NDJSON file': { input: 'csv', run: byHand },
    'DuckDB, one thread, NDJSON file': {
      input: 'csv',
      run: (file) => duckdb(file, '*', 'json'),
      ...unlessInstalled('@duckdb/node-api'),
    },
    'Miller, NDJSON': {
      input: 'csv',
      run: (file) => linesOf('mlr', ['--icsv', '--ojsonl', '-S', 'cat', file]),
      ...unlessOnPath('mlr'),
    },
    'chain-reaction, four columns to CSV': {
      input: 'csv',
      run: (file) => ourRows(file, csvEncoder({ columns: CHOSEN })),
    },
    'chain-reaction, four columns to COPY text': {
      input: 'csv',
      run: (file) => ourRows(file, copyEncoder({ columns: CHOSEN })),
    },
    'csv-parse and csv-stringify, four columns to CSV': { input: 'csv', run: byCsvPackages },
    'papaparse, four columns to CSV': { input: 'csv', run: byPapaparse, ...unlessInstalled('papaparse') },
    'DuckDB, one thread, four columns to CSV': {
      input: 'csv',
      run: (file) => duckdb(file, CHOSEN.join(', '), 'csv'),
      ...unlessInstalled('@duckdb/node-api'),
    },
  },
  targets: [
    { route: 'chain-reaction, objects', against: 'csv-parse, objects', atLeast: 4 },
    {
      route: 'chain-reaction, NDJSON file',
      against: 'csv-parse and JSON.stringify, NDJSON file',
      atLeast: 5,
    },
    {
      route: 'chain-reaction, four columns to CSV',
      against: 'csv-parse and csv-stringify, four columns to CSV',
      atLeast: 8,
    },
    {
      route: 'chain-reaction, four columns to CSV',
      against: 'DuckDB, one thread, four columns to CSV',
      atLeast: 1.25,
    },
  ],
};

async function ourRows(file: string, encoder: Encoder): Promise<number> {
  const pool = new PiecePool();
  let count = 0;
  async function* rows(blocks: AsyncIterable<RecordBlock>) {
    for await (const block of blocks) {
      const chunk = createChunk({ index: 0, blocks: [block] });
      if (count === 0) yield encoder.header(chunk);
      count += block.count;
      yield* encoder.encode(chunk);
      pool.giveBack(block);
    }
  }
  await pipeline(readRecords(file, { pool }), rows, createWriteStream(ROWS, { highWaterMark: PIECE_BYTES }));
  rmSync(ROWS);
  return count;
}

async function byCsvPackages(file: string): Promise<number> {
  let count = 0;
  async function* chosen(records: AsyncIterable<Record<string, string>>) {
    for await (const record of records) {
      count += 1;
      yield CHOSEN.map((column) => record[column]);
    }
  }
  const records = createReadStream(file).pipe(parse({ columns: true }));
  await pipeline(records, chosen, stringify({ header: true, columns: [...CHOSEN] }), createWriteStream(ROWS));
  rmSync(ROWS);
  return count;
}

/** A thousand records at a time, since it makes CSV of a list. */
async function byPapaparse(file: string): Promise<number> {
  const papa = require('papaparse') as Papa;
  let count = 0;
  async function* rows(records: AsyncIterable<Record<string, string>>) {
    let list: Record<string, string>[] = [];
    const text = () => {
      const isFirst = count === 0;
      count += list.length;
      return papa.unparse(list, { columns: CHOSEN, header: isFirst }) + '\r\n';
    };
    for await (const record of records) {
      if (list.push(record) < 1_000) continue;
      yield text();
      list = [];
    }
    if (list.length > 0) yield text();
  }
  const records = createReadStream(file).pipe(papa.parse(papa.NODE_STREAM_INPUT, { header: true }));
  await pipeline(records, rows, createWriteStream(ROWS));
  rmSync(ROWS);
  return count;
}

interface Papa {
  readonly NODE_STREAM_INPUT: unknown;
  parse: (input: unknown, options: object) => Transform;
  unparse: (records: readonly object[], options: object) => string;
}

async function duckdb(file: string, columns: string, format: 'csv' | 'json'): Promise<number> {
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
  const result = await connection.runAndReadAll(
    `COPY (SELECT ${columns} FROM read_csv('${file}', header=true, all_varchar=true, delim=',', quote='"', escape='"')) TO '${ROWS}' (FORMAT ${format})`,
  );
  rmSync(ROWS);
  return Number(result.getRows()[0]![0]);
}

async function papaparse(file: string): Promise<number> {
  const papa = require('papaparse') as Papa;
  return batched(
    createReadStream(file).pipe(papa.parse(papa.NODE_STREAM_INPUT, { header: true })),
    (record) => record,
  );
}

/** It has a way to be given text in pieces, but they must end where records do; so the text is there as a whole. */
async function udsv(file: string): Promise<number> {
  const { inferSchema, initParser } = (await import('udsv' as string)) as {
    inferSchema: (text: string) => object;
    initParser: (schema: object) => { stringObjs: (text: string) => unknown[] };
  };
  const text = readFileSync(file, 'utf8');
  return initParser(inferSchema(text)).stringObjs(text).length;
}

async function ourFile(file: string): Promise<number> {
  const { written } = await new BatchProcessor({ source: file, sink: fileSink(OUT) }).run();
  rmSync(OUT);
  return written;
}

async function byHand(file: string): Promise<number> {
  let count = 0;
  const lines = new Transform({
    writableObjectMode: true,
    transform(record: object, _encoding, callback) {
      count += 1;
      callback(null, `${JSON.stringify(record)}\n`);
    },
  });
  await pipeline(createReadStream(file), parse({ columns: true }), lines, createWriteStream(OUT));
  rmSync(OUT);
  return count;
}

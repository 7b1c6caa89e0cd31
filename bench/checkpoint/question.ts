import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileCheckpoint } from '../../src/checkpoint/index.ts';
import type { CheckpointStore } from '../../src/core/checkpoint.ts';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { httpSink } from '../../src/sinks/http-sink.ts';
import { mariadbSink } from '../../src/sinks/mariadb-sink.ts';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { jsonArray, ndjson } from '../support/data.ts';
import { unlessListening } from '../support/peer.ts';
import type { Figures, Question } from '../support/question.ts';

const FOLDER = join(tmpdir(), 'chain-reaction-bench');
const OUT = join(FOLDER, 'checkpointed');
const NOTES = join(FOLDER, 'bench.checkpoint');
const COLUMNS = ['id', 'status', 'total', 'currency', 'created', 'note'];
const RECORDS = 700_000;
/** Runs of a route in each turn: one to a disk, to a server or over HTTP differs by 4 to 8 % from the next. */
const ROUNDS = 3;

const POSTGRES = process.env['POSTGRES_URL'] ?? 'postgres://root@127.0.0.1:5432/test';
const MARIADB = process.env['MARIADB_URL'] ?? 'mysql://root@127.0.0.1:3306/test';
const postgres = await unlessListening(POSTGRES);
const mariadb = await unlessListening(MARIADB);

type Place = 'file' | 'SQLite' | 'PostgreSQL' | 'MariaDB' | 'HTTP' | 'HTTP with keys';

export const question: Question = {
  title: 'runs with and without a checkpoint, of a few seconds in chunks of 1,000, and going on at 90 %',
  inputs: {
    '2 GB of NDJSON': () => ndjson(2 * RECORDS),
    '1 GB of NDJSON': () => ndjson(RECORDS),
    '1 GB of JSON': () => jsonArray(RECORDS),
    '300 MB of NDJSON': () => ndjson(200_000),
  },
  routes: {
    'into a file': { input: '2 GB of NDJSON', run: (file) => load(file, 'file', false) },
    'into a file, with a checkpoint': { input: '2 GB of NDJSON', run: (file) => load(file, 'file', true) },
    'into SQLite': { input: '1 GB of NDJSON', run: (file) => load(file, 'SQLite', false) },
    'into SQLite, with its ledger': { input: '1 GB of NDJSON', run: (file) => load(file, 'SQLite', true) },
    'into PostgreSQL': {
      input: '300 MB of NDJSON',
      run: (file) => load(file, 'PostgreSQL', false),
      ...postgres,
    },
    'into PostgreSQL, with its ledger': {
      input: '300 MB of NDJSON',
      run: (file) => load(file, 'PostgreSQL', true),
      ...postgres,
    },
    'into MariaDB': { input: '300 MB of NDJSON', run: (file) => load(file, 'MariaDB', false), ...mariadb },
    'into MariaDB, with its ledger': {
      input: '300 MB of NDJSON',
      run: (file) => load(file, 'MariaDB', true),
      ...mariadb,
    },
    'over HTTP with keys': { input: '2 GB of NDJSON', run: (file) => load(file, 'HTTP with keys', false) },
    'over HTTP with keys, with a checkpoint': {
      input: '2 GB of NDJSON',
      run: (file) => load(file, 'HTTP with keys', true),
    },
    'over HTTP': { input: '2 GB of NDJSON', run: (file) => load(file, 'HTTP', false) },
    'over HTTP, with a checkpoint': { input: '2 GB of NDJSON', run: (file) => load(file, 'HTTP', true) },
    'go on at 90 % of NDJSON': { input: '1 GB of NDJSON', run: goOn },
    'go on at 90 % of a JSON array': { input: '1 GB of JSON', run: goOn },
  },
  targets: [
    { route: 'into a file, with a checkpoint', against: 'into a file', atLeast: 0.97, rounds: ROUNDS },
    { route: 'into SQLite, with its ledger', against: 'into SQLite', atLeast: 0.97, rounds: ROUNDS },
    ...(postgres.missing === undefined
      ? [
          {
            route: 'into PostgreSQL, with its ledger',
            against: 'into PostgreSQL',
            atLeast: 0.97,
            rounds: ROUNDS,
          },
        ]
      : []),
    ...(mariadb.missing === undefined
      ? [{ route: 'into MariaDB, with its ledger', against: 'into MariaDB', atLeast: 0.97, rounds: ROUNDS }]
      : []),
    {
      route: 'over HTTP with keys, with a checkpoint',
      against: 'over HTTP with keys',
      atLeast: 0.97,
      rounds: ROUNDS,
    },
    { route: 'over HTTP, with a checkpoint', against: 'over HTTP', atLeast: 0.97, rounds: ROUNDS },
  ],
  durations: [
    { route: 'go on at 90 % of NDJSON', atMostMs: 2_000 },
    { route: 'go on at 90 % of a JSON array', atMostMs: 2_000 },
  ],
};

async function load(source: string, place: Place, isNoted: boolean): Promise<Partial<Figures>> {
  clear();
  const { sink, store, close } = await open(place);
  const checkpoint = isNoted && { checkpoint: { run: 'bench', restart: true, ...(store && { store }) } };
  const startedAt = performance.now();
  const { written } = await new BatchProcessor({ source, sink, ...checkpoint }).run();
  const ms = performance.now() - startedAt;
  close?.close();
  clear();
  return { ms, records: written };
}

async function open(place: Place): Promise<{ sink: Sink; store?: CheckpointStore; close?: Server }> {
  const store = fileCheckpoint(NOTES);
  if (place === 'file') return { sink: fileSink({ file: OUT, format: 'ndjson' }), store };
  if (place === 'SQLite') return { sink: sqliteSink({ file: OUT, table: 'orders', columns: COLUMNS }) };
  const table = { table: 'bench_orders', columns: COLUMNS, ifExists: 'replace' } as const;
  if (place === 'PostgreSQL') return { sink: postgresSink({ url: POSTGRES, ...table }) };
  if (place === 'MariaDB') return { sink: mariadbSink({ url: MARIADB, ...table }) };
  const server = createServer((request, response) => void request.resume().on('end', () => response.end()));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const keysHonoured = place === 'HTTP with keys';
  return { sink: httpSink({ url, body: 'ndjson', keysHonoured }), store, close: server };
}

/** Milliseconds from the beginning of the run to its first write. */
async function goOn(source: string): Promise<Partial<Figures>> {
  clear();
  let records = 0;
  let firstAt: number | undefined;
  let firstRecord: number | undefined;
  const store = fileCheckpoint(NOTES);
  const run = (until: number) =>
    new BatchProcessor({
      source,
      checkpoint: { store, run: 'bench' },
      sink: {
        name: 'count',
        guarantee: 'effectively-once',
        keepsNothing: true,
        write: async (chunk) => {
          firstAt ??= performance.now();
          firstRecord ??= chunk.start.records;
          if (records >= until) throw new Error('this is far enough');
          records += chunk.count;
        },
      },
    }).run();
  await run(0.9 * RECORDS).catch(() => undefined);
  firstAt = undefined;
  firstRecord = undefined;
  const done = records;
  const startedAt = performance.now();
  await run(records + 1_000).catch(() => undefined);
  clear();
  if (firstRecord !== done) throw new Error(`It went on at record ${firstRecord} instead of ${done}`);
  return { ms: firstAt! - startedAt, records: RECORDS - records };
}

function clear(): void {
  for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${OUT}${ending}`, { force: true });
  rmSync(NOTES, { force: true });
}

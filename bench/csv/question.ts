import { createReadStream, createWriteStream, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { batched } from '../support/batched.ts';
import { ourChunks } from '../support/chunks.ts';
import { csv } from '../support/data.ts';
import { linesOf, unlessInstalled, unlessOnPath } from '../support/peer.ts';
import type { Question } from '../support/question.ts';

const OUT = join(tmpdir(), 'chain-reaction-bench', 'from-csv.ndjson');
const require = createRequire(import.meta.url);

export const question: Question = {
  title: 'CSV with quoted fields to objects, and to a file of NDJSON',
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
    'Miller, NDJSON': {
      input: 'csv',
      run: (file) => linesOf('mlr', ['--icsv', '--ojsonl', '-S', 'cat', file]),
      ...unlessOnPath('mlr'),
    },
  },
  targets: [{ route: 'chain-reaction, objects', against: 'csv-parse, objects', atLeast: 4 }],
};

async function papaparse(file: string): Promise<number> {
  const papa = require('papaparse') as {
    NODE_STREAM_INPUT: unknown;
    parse: (input: unknown, options: object) => Transform;
  };
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

import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';
import { jsonlParser } from 'stream-chain/node/jsonl';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { batched } from '../support/batched.ts';
import { ourChunks } from '../support/chunks.ts';
import { csv, jsonArray, ndjson } from '../support/data.ts';
import { unlessInstalled } from '../support/peer.ts';
import type { Question } from '../support/question.ts';

const BATCH = 1_000;

export const question: Question = {
  title: 'a file to chunks of 1,000 decoded records',
  inputs: { json: jsonArray, '1 GB of JSON': () => jsonArray(700_000), ndjson, csv },
  routes: {
    'chain-reaction, JSON array of 150 MB': { input: 'json', run: ourChunks },
    'chain-reaction, JSON array': { input: '1 GB of JSON', run: ourChunks },
    'stream-json streamArray, batched by hand': { input: 'json', run: (file) => streamJson(file, {}) },
    'stream-json with streamValues: false': {
      input: '1 GB of JSON',
      run: (file) => streamJson(file, { streamValues: false }),
    },
    '@streamparser/json, batched by hand': {
      input: 'json',
      run: streamParser,
      ...unlessInstalled('@streamparser/json'),
    },
    'JSON.parse of the whole text': { input: 'json', run: parseWhole },
    'chain-reaction, NDJSON': { input: 'ndjson', run: ourChunks },
    'readline and JSON.parse, batched by hand': { input: 'ndjson', run: readLines },
    'split2 and JSON.parse, batched by hand': { input: 'ndjson', run: split, ...unlessInstalled('split2') },
    'stream-chain jsonl, batched by hand': { input: 'ndjson', run: jsonl },
    'chain-reaction, CSV': { input: 'csv', run: ourChunks },
    'csv-parse, batched by hand': { input: 'csv', run: csvParse },
  },
  targets: [
    { route: 'chain-reaction, JSON array', against: 'stream-json with streamValues: false', atLeast: 5 },
    { route: 'chain-reaction, JSON array of 150 MB', against: 'JSON.parse of the whole text', atLeast: 0.85 },
    { route: 'chain-reaction, NDJSON', against: 'readline and JSON.parse, batched by hand', atLeast: 1.1 },
    { route: 'chain-reaction, CSV', against: 'csv-parse, batched by hand', atLeast: 4 },
  ],
};

async function streamJson(file: string, options: object): Promise<number> {
  const values = streamArray.withParserAsStream(options);
  return batched(createReadStream(file).pipe(values), (item) => (item as { value: unknown }).value);
}

async function streamParser(file: string): Promise<number> {
  const { JSONParser } = (await import('@streamparser/json' as string)) as {
    JSONParser: new (
      options: object,
    ) => { onValue: (item: { value: unknown }) => void; write: (bytes: Buffer) => void };
  };
  const parser = new JSONParser({ paths: ['$.*'], keepStack: false });
  const found: unknown[] = [];
  parser.onValue = ({ value }) => found.push(value);
  async function* values() {
    for await (const bytes of createReadStream(file)) {
      parser.write(bytes as Buffer);
      yield* found.splice(0);
    }
  }
  return batched(values(), (value) => value);
}

async function split(file: string): Promise<number> {
  const { default: split2 } = (await import('split2' as string)) as { default: () => NodeJS.ReadWriteStream };
  return batched(createReadStream(file).pipe(split2()), (line) => JSON.parse(line as string));
}

async function parseWhole(file: string): Promise<number> {
  const records = JSON.parse(readFileSync(file, 'utf8')) as unknown[];
  let count = 0;
  for (let i = 0; i < records.length; i += BATCH) count += records.slice(i, i + BATCH).length;
  return count;
}

async function readLines(file: string): Promise<number> {
  return batched(
    createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY }),
    (line) => JSON.parse(line as string),
  );
}

async function jsonl(file: string): Promise<number> {
  return batched(
    createReadStream(file).pipe(jsonlParser.asStream()),
    (item) => (item as { value: unknown }).value,
  );
}

async function csvParse(file: string): Promise<number> {
  return batched(createReadStream(file).pipe(parse({ columns: true })), (record) => record);
}

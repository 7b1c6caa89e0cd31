import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { streamArray } from 'stream-json/streamers/stream-array.js';
import { PIECE_BYTES, PiecePool } from '../../src/core/piece-pool.ts';
import type { ByteContent } from '../../src/core/source.ts';
import { Carry } from '../../src/formats/carry.ts';
import { type Framer, type ScanEngine, scanEngine } from '../../src/scan/index.ts';
import { fileSource } from '../../src/sources/file-source.ts';
import { csv, jsonArray } from '../support/data.ts';
import type { Question } from '../support/question.ts';

const MAX_DEPTH = 512;

export const question: Question = {
  title: 'where the records of a file begin and end, nothing decoded',
  inputs: { json: () => jsonArray(300_000), csv: () => csv(900_000) },
  routes: {
    'read the file, JSON': { input: 'json', run: readOnly },
    'frame, JSON': { input: 'json', run: (file) => frame(file, jsonFramer(scanEngine())) },
    'frame without SIMD, JSON': {
      input: 'json',
      run: (file) => frame(file, jsonFramer(scanEngine('typescript'))),
    },
    'frame and validate, JSON': { input: 'json', run: (file) => validate(file, scanEngine()) },
    'frame and validate without SIMD, JSON': {
      input: 'json',
      run: (file) => validate(file, scanEngine('typescript')),
    },
    'stream-json with streamValues: false, JSON': { input: 'json', run: streamJson },
    'read the file, CSV': { input: 'csv', run: readOnly },
    'frame, CSV': { input: 'csv', run: (file) => frame(file, csvFramer(scanEngine())) },
    'frame without SIMD, CSV': {
      input: 'csv',
      run: (file) => frame(file, csvFramer(scanEngine('typescript'))),
    },
    'csv-parse, CSV': { input: 'csv', run: csvParse },
  },
  targets: [
    { route: 'frame, JSON', against: 'stream-json with streamValues: false, JSON', atLeast: 60 },
    { route: 'frame, JSON', against: 'read the file, JSON', atLeast: 0.6 },
    { route: 'frame and validate, JSON', against: 'stream-json with streamValues: false, JSON', atLeast: 20 },
    { route: 'frame, CSV', against: 'csv-parse, CSV', atLeast: 30 },
  ],
};

function jsonFramer(engine: ScanEngine): Framer {
  return engine.jsonFramer({ records: 'elements', path: [], maxDepth: MAX_DEPTH });
}

function csvFramer(engine: ScanEngine): Framer {
  return engine.csvFramer({ delimiter: 0x2c, quote: 0x22, escape: 0x22 });
}

async function readOnly(file: string): Promise<number> {
  let count = 0;
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES }))
    count += (piece as Buffer).length > 0 ? 1 : 0;
  return count;
}

async function frame(file: string, framer: Framer): Promise<number> {
  let count = 0;
  const pool = new PiecePool();
  for await (const piece of piecesOf(file, pool)) {
    count += framer.push(piece).count;
    pool.decoded(piece);
  }
  return count + framer.end().count;
}

/** As the package reads a file. */
async function* piecesOf(file: string, pool: PiecePool): AsyncGenerator<Uint8Array, void> {
  const { signal } = new AbortController();
  yield* ((await fileSource(file).open({ signal, pool })) as ByteContent).pieces;
}

/** What a byte sink receives: records joined where they span pieces, and each of them checked. */
async function validate(file: string, engine: ScanEngine): Promise<number> {
  const framer = jsonFramer(engine);
  const carry = new Carry();
  const pool = new PiecePool();
  let count = 0;
  for await (const piece of piecesOf(file, pool)) {
    for (const { bytes, starts, ends } of carry.take(piece, framer.push(piece))) {
      if (engine.validateJson(bytes, starts, ends, MAX_DEPTH) !== undefined) throw new Error('malformed');
      count += starts.length;
    }
    pool.decoded(piece);
  }
  return count + framer.end().count;
}

async function streamJson(file: string): Promise<number> {
  let count = 0;
  for await (const _ of createReadStream(file).pipe(streamArray.withParserAsStream({ streamValues: false })))
    count++;
  return count;
}

async function csvParse(file: string): Promise<number> {
  let count = 0;
  for await (const _ of createReadStream(file).pipe(parse())) count++;
  return count;
}

/** Runs large chunks into a slow sink and prints what was alive, and how far the source was pulled, at the worst write. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink } from '../../src/core/sink.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { decode } from '../../src/streams/decode.ts';
import { RetryingWriter } from '../../src/streams/retrying-writer.ts';
import { transform } from '../../src/streams/transform.ts';

const BATCH_SIZE = 10_000;
const CHUNKS = 16;
const RECORDS_OF_A_PIECE = 32;

const [route, concurrency = '1', orderBy] = process.argv.slice(2);
const isDecoded = route === 'objects';
const fields = Array.from({ length: 60 }, (_, i) => `"f${i}":"${'y'.repeat(24)}"`);
const record = isDecoded ? `{${fields.join(',')}}` : `{"id":1,"text":"${'x'.repeat(2_000)}"}`;
const piece = Buffer.from(`${record}\n`.repeat(RECORDS_OF_A_PIECE));

let pulled = 0;
function* pieces(): Generator<Uint8Array> {
  while (pulled < BATCH_SIZE * CHUNKS) {
    pulled += RECORDS_OF_A_PIECE;
    yield Buffer.from(piece);
  }
}

const collectGarbage = globalThis.gc!;
const inUse = () => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const idle = inUse();
let taken = 0;
let liveBytes = 0;
let ahead = 0;
const slow: Sink = {
  name: 'slow',
  guarantee: 'at-least-once',
  async write(chunk) {
    taken += chunk.count;
    await sleep(20);
    ahead = Math.max(ahead, pulled - taken);
    liveBytes = Math.max(liveBytes, inUse() - idle);
  },
};
const writer = new RetryingWriter(slow, { concurrency: Number(concurrency), orderBy });
await pipeline([
  Readable.from(pieces(), { highWaterMark: 1 }),
  decode('ndjson'),
  ...(isDecoded ? [transform((each: object) => ({ ...each }))] : []),
  new ChunkTransform({ batchSize: BATCH_SIZE }),
  writer,
] as unknown as NodeJS.ReadWriteStream[]);
console.log(JSON.stringify({ taken, liveMiB: liveBytes / 2 ** 20, chunksAhead: ahead / BATCH_SIZE }));

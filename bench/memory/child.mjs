// Runs a pipeline of the built package and prints its figures: node child.mjs bytes|objects SOURCE SINK
import { pipeline } from 'node:stream/promises';
import { ChunkTransform, RetryingWriter, readRecords, transform } from '../../dist/index.js';
import { fileSink } from '../../dist/sinks/file-sink.js';

const [route, source, sink] = process.argv.slice(2);
let records = 0;
const onWritten = (chunk) => {
  records += chunk.count;
};
const startedAt = performance.now();
await pipeline(
  readRecords(source),
  ...(route === 'objects' ? [transform((record) => ({ ...record, seen: true }))] : []),
  new ChunkTransform({ batchSize: 10_000 }),
  new RetryingWriter(fileSink({ file: sink, format: 'ndjson' }), { onWritten }),
);
const ms = performance.now() - startedAt;
console.log(JSON.stringify({ ms, records, peakBytes: process.resourceUsage().maxRSS * 1024 }));

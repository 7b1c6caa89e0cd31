// Runs a pipeline of the built package and tells stderr its figures: node child.mjs bytes|objects SOURCE [SINK]
import { BatchProcessor } from '../../dist/index.js';
import { fileSink } from '../../dist/sinks/file-sink.js';
import { stdoutSink } from '../../dist/sinks/stdout-sink.js';

const [route, source, sink] = process.argv.slice(2);
const startedAt = performance.now();
const { written } = await new BatchProcessor({
  source,
  ...(route === 'objects' && { transform: (record) => ({ ...record, seen: true }) }),
  batchSize: 10_000,
  sink: sink === undefined ? stdoutSink() : fileSink({ file: sink, format: 'ndjson' }),
}).run();
const ms = performance.now() - startedAt;
console.error(JSON.stringify({ ms, records: written, peakBytes: process.resourceUsage().maxRSS * 1024 }));

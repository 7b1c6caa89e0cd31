/** A sink of your own: resolve when the records are safe, reject when none is. With progress and Ctrl-C. */
import { BatchProcessor, type Sink, summaryOf } from 'chain-reaction';

const store = new Map<string, readonly unknown[]>();

const memorySink: Sink = {
  name: 'memory',
  guarantee: 'effectively-once', // a chunk that comes again has the same id
  limits: { records: 500 },
  async write(chunk, { signal }) {
    signal.throwIfAborted();
    store.set(chunk.id, chunk.records);
  },
};

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort(new Error('Ctrl-C')));

try {
  await new BatchProcessor({
    source: Array.from({ length: 2_345 }, (_, id) => ({ id })),
    sink: memorySink,
    concurrency: 2,
    signal: stopping.signal,
    onProgress: ({ written, chunks }) => console.log(`${written} records in ${chunks} chunks`),
  }).run();
} catch (error) {
  console.error(error, summaryOf(error));
  process.exitCode = 1;
}
console.log([...store.values()].map((records) => records.length));
// prints: [ 500, 500, 500, 500, 345 ]

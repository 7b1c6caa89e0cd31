/** A rehearsal: an API behind a bad network, and a sink with faults. No record is lost, none is there twice. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { BatchProcessor } from 'chain-reaction';
import { httpSink } from 'chain-reaction/sinks/http';
import { faultProxy, faultySink } from 'chain-reaction/testing';

const work = new Map<string, readonly unknown[]>(); // the work of a key is done once only
const api = createServer((request, response) => {
  void text(request).then((body) => {
    work.set(request.headers['idempotency-key'] as string, JSON.parse(body) as unknown[]);
    response.end();
  });
});
await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));

const proxy = await faultProxy({
  target: `http://127.0.0.1:${(api.address() as AddressInfo).port}/orders`,
  toxics: [
    { kind: 'latency', ms: 2, jitterMs: 2 },
    { kind: 'reset', connections: [1] }, // the answer to the first chunk gets lost
  ],
});
const sink = faultySink(httpSink({ url: proxy.url, keysHonoured: true }), {
  unreachable: 0.1,
  throttle: 0.1,
  applyThenFail: 0.2,
  seed: 7,
});

const summary = await new BatchProcessor({
  source: Array.from({ length: 2_500 }, (_, id) => ({ id })),
  batchSize: 100,
  sink,
  retry: { maxRetries: 10, initialDelayMs: 1 },
}).run();
await proxy.close();
api.close();

const records = [...work.values()].reduce((sum, chunk) => sum + chunk.length, 0);
console.log(`${summary.written} written, ${records} there, ${sink.log.length} faults and a lost answer`);
console.log(`${summary.retries} retries, ${summary.possibleDuplicates} possible duplicates`);
// prints: 2500 written, 2500 there, 11 faults and a lost answer
// prints: 12 retries, 0 possible duplicates

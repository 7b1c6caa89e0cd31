/** NDJSON to an HTTP API, one POST a chunk. A 503 is retried after the time that the server asks for. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatchProcessor } from 'chain-reaction';
import { httpSink } from 'chain-reaction/sinks/http';

let requests = 0;
const api = createServer((request, response) => {
  request.resume();
  requests++;
  const isBusy = requests === 1;
  response.writeHead(isBusy ? 503 : 201, isBusy ? { 'retry-after': '0' } : {}).end();
});
await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/orders`;

const summary = await new BatchProcessor({
  source: 'examples/data/orders.ndjson',
  sink: httpSink({ url, headers: { authorization: 'Bearer demo' } }),
  retry: {
    initialDelayMs: 10,
    onRetry: ({ retry, failure }) => console.log(`retry ${retry}: ${failure.why}`),
  },
}).run();

console.log(`${summary.written} written, ${summary.retries} retry, ${requests} requests`);
api.close();
// prints: 5 written, 1 retry, 2 requests

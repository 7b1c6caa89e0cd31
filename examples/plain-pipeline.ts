/** The parts in Node's own `pipeline`, beside streams of other libraries: here csv-parse makes the records. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ChunkTransform, decode, RetryingWriter, transform } from 'chain-reaction';
import { parse } from 'csv-parse';

const print = async (records: readonly unknown[]) => console.log(`a chunk of ${records.length}`, records[0]);

await pipeline(
  createReadStream('examples/data/orders.ndjson'),
  decode('ndjson'),
  transform((order: { id: number | bigint; total: number }) => ({
    id: order.id,
    cents: Math.round(order.total * 100),
  })),
  new ChunkTransform({ batchSize: 1_000 }),
  new RetryingWriter(print),
);

await pipeline(
  createReadStream('examples/data/orders.csv'),
  parse({ columns: true }),
  new ChunkTransform(),
  new RetryingWriter(print),
);
// prints: a chunk of 5 { id: 1, cents: 1990 }

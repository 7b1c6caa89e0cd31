/** A CSV file into a SQLite table: rows are checked by a schema, those that do not match are set aside with the reason. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchProcessor } from 'chain-reaction';
import { deadLetterFile } from 'chain-reaction/sinks/dead-letter-file';
import { sqliteSink } from 'chain-reaction/sinks/sqlite';
import { z } from 'zod';

const folder = mkdtempSync(join(tmpdir(), 'csv-to-sqlite-'));
const Order = z.object({
  id: z.coerce.number().int(),
  email: z.email(),
  total: z.coerce.number(),
  note: z.string(),
});

const summary = await new BatchProcessor({
  source: 'examples/data/orders.csv',
  validate: Order,
  sink: sqliteSink({ file: join(folder, 'orders.db'), table: 'orders', key: 'id' }),
  onInvalid: 'dead-letter',
  deadLetters: deadLetterFile(join(folder, 'invalid.ndjson')),
}).run();

console.log(`${summary.written} written, ${summary.deadLettered} set aside`);
console.log(readFileSync(join(folder, 'invalid.ndjson'), 'utf8'));
// prints: 3 written, 1 set aside

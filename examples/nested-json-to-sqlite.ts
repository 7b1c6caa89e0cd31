/** The records of a large document lie under `data.items`; each is flattened on its way into a table. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatchProcessor } from 'chain-reaction';
import { sqliteSink } from 'chain-reaction/sinks/sqlite';

interface Item {
  readonly sku: string;
  readonly name: string;
  readonly price: { readonly amount: number; readonly currency: string };
}

const file = join(mkdtempSync(join(tmpdir(), 'nested-')), 'catalog.db');
await new BatchProcessor({
  source: 'examples/data/catalog.json',
  path: 'data.items',
  transform: ({ sku, name, price }: Item) => ({ sku, name, amount: price.amount, currency: price.currency }),
  sink: sqliteSink({ file, table: 'items' }),
}).run();

console.log(
  new DatabaseSync(file).prepare('select currency, sum(amount) as total from items group by currency').all(),
);
// prints: { currency: 'EUR', total: 111.5 }

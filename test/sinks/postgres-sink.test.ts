import { beforeEach, describe, test } from 'vitest';
import { type PostgresSinkOptions, postgresSink } from '../../src/sinks/postgres-sink.ts';
import { sinkContract } from '../../src/testing/index.ts';
import { PostgresPlace } from './postgres-place.ts';

const place = await PostgresPlace.reach();
beforeEach(() => place.clear());

function sink(options: Partial<PostgresSinkOptions> = {}) {
  return postgresSink({ url: place.url, table: 'orders', ...options });
}

const sql = (text: string) => place.sql(text);
const all = 'SELECT * FROM orders ORDER BY ctid';

async function stored(): Promise<readonly unknown[]> {
  if (!(await place.hasTable('orders'))) return [];
  const rows = await sql(all);
  return rows.map((row) => ({ ...row, id: exact(BigInt(row['id'] as string)) }));
}

const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

describe.each<[string, Partial<PostgresSinkOptions>]>([
  ['', {}],
  ['with a key ', { key: 'id' }],
  ['that replaces ', { ifExists: 'replace' }],
])('the contract %s', (kind, options) => {
  const contract = sinkContract({
    create: () => sink(options),
    clear: () => place.clear(),
    stored,
    refused: { id: 3, name: '\0' },
    isOrdered: options.key === undefined,
    secondRun: options.ifExists === 'replace' ? 'replaces' : 'adds',
    without: ['nul'],
  });
  for (const { name, run } of contract) test(`postgresSink() ${kind}${name}`, run);
});

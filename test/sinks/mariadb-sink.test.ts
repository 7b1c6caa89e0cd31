import { beforeEach, describe, test } from 'vitest';
import { type MariadbSinkOptions, mariadbSink } from '../../src/sinks/mariadb-sink.ts';
import { sinkContract } from '../../src/testing/index.ts';
import { MariadbPlace } from './mariadb-place.ts';

const place = await MariadbPlace.reach();
beforeEach(() => place.clear());

function sink(options: Partial<MariadbSinkOptions> = {}) {
  return mariadbSink({ url: place.url, table: 'orders', ...options });
}

async function stored(): Promise<readonly unknown[]> {
  const rows = await place.rows('orders');
  return rows.map((row) => ({ ...row, id: exact(BigInt(row['id'] as string)) }));
}

const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

describe.each<[string, Partial<MariadbSinkOptions>]>([
  ['', {}],
  ['with a key ', { key: 'id' }],
  ['that replaces ', { ifExists: 'replace' }],
])('the contract %s', (kind, options) => {
  const contract = sinkContract({
    create: () => sink(options),
    clear: () => place.clear(),
    stored,
    refused: { id: 3, name: Number.NaN },
    isOrdered: options.key === undefined,
    secondRun: options.ifExists === 'replace' ? 'replaces' : 'adds',
  });
  for (const { name, run } of contract) test(`mariadbSink() ${kind}${name}`, run);
});

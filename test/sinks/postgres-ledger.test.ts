import { beforeEach } from 'vitest';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { describeLedger } from './ledger-suite.ts';
import { PostgresPlace } from './postgres-place.ts';

const place = await PostgresPlace.reach();
beforeEach(() => place.clear());

describeLedger('postgresSink()', {
  create: (options) => postgresSink({ url: place.url, table: 'orders', ...options }),
  sql: (text) => place.sql(text),
});

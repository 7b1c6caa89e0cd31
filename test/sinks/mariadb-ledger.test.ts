import { beforeEach } from 'vitest';
import { mariadbSink } from '../../src/sinks/mariadb-sink.ts';
import { describeLedger } from './ledger-suite.ts';
import { MariadbPlace } from './mariadb-place.ts';

const place = await MariadbPlace.reach();
beforeEach(() => place.clear());

describeLedger('mariadbSink()', {
  create: (options) => mariadbSink({ url: place.url, table: 'orders', ...options }),
  sql: (text) => place.sql(text),
});

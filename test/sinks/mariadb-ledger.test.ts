import { beforeEach } from 'vitest';
import { mariadbSink } from '../../src/sinks/mariadb-sink.ts';
import { describeLedger } from './ledger-suite.ts';
import { MariadbPlace } from './mariadb-place.ts';
import { describeServer, type ServerPlace } from './server-suite.ts';

const place = await MariadbPlace.reach();
beforeEach(() => place.clear());

const server = {
  url: place.url,
  usualPort: 3306,
  create: ({ url = place.url, ...options } = {}) => mariadbSink({ url, table: 'orders', ...options }),
  sql: (text) => place.sql(text),
  endSessions: () => place.endSessions(),
  countSessions: () => place.countSessions(),
} satisfies ServerPlace;

describeLedger('mariadbSink()', server);
describeServer('mariadbSink()', server);

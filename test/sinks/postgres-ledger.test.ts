import { beforeEach } from 'vitest';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { describeLedger } from './ledger-suite.ts';
import { PostgresPlace } from './postgres-place.ts';
import { describeServer, type ServerPlace } from './server-suite.ts';

const place = await PostgresPlace.reach();
beforeEach(() => place.clear());

const server = {
  url: place.url,
  usualPort: 5432,
  create: ({ url = place.url, ...options } = {}) => postgresSink({ url, table: 'orders', ...options }),
  sql: (text) => place.sql(text),
  endSessions: () => place.endSessions(),
  countSessions: () => place.countSessions(),
} satisfies ServerPlace;

describeLedger('postgresSink()', server);
describeServer('postgresSink()', server);

import { beforeEach } from 'vitest';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { describeLedger } from './ledger-suite.ts';
import { describeLosses } from './losses-suite.ts';
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
  countWaiting: () => place.countWaiting(),
  countSessions: () => place.countSessions(),
} satisfies ServerPlace;

/** As with versions of `pg` that wait for each answer before they send what follows. */
const waiting = {
  ...server,
  create: ({ url = place.url, ...options } = {}) =>
    postgresSink({ table: 'orders', ...options, connection: { connectionString: url, pipeline: false } }),
} satisfies ServerPlace;

describeLedger('postgresSink()', server);
describeServer('postgresSink()', server);
describeLosses('postgresSink()', server);
describeLedger('postgresSink() without pipelining', waiting);
describeServer('postgresSink() without pipelining', waiting);
describeLosses('postgresSink() without pipelining', waiting);

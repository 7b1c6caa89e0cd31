import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import pg from 'pg';
import { describe, onTestFinished, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from '../failures/expect-failure.ts';
import { deadPort, listen } from '../failures/servers.ts';
import { reach } from '../support/services.ts';
import { connectPostgres, ROLE, usePostgresTables } from './postgres.ts';

const { url, isReachable } = await reach('postgres');
usePostgresTables(url, isReachable);

const passing = (why: string | RegExp): Expected => ({ kind: 'not-applied', why });
const unknown = (why: string): Expected => ({ kind: 'unknown-outcome', why });
const wrong = (why: string | RegExp): Expected => ({ kind: 'run-wide', why });

type Row = readonly [what: string, fail: () => Promise<unknown>, Expected];

const SILENT = () => undefined;

const ROWS: readonly Row[] = [
  ['nobody listens', async () => connectTo({ port: await deadPort() }), passing('ECONNREFUSED')],
  [
    'the server is silent',
    async () => connectTo({ port: await listen(createServer(SILENT)), connectionTimeoutMillis: 20 }),
    passing('timeout expired'),
  ],
  [
    'the server is silent to a pool',
    async () => pool({ port: await listen(createServer(SILENT)), connectionTimeoutMillis: 20 }).connect(),
    passing('Connection terminated due to connection timeout'),
  ],
  [
    'all connections of a pool are busy',
    async () => {
      const busy = pool({ connectionString: url, max: 1, connectionTimeoutMillis: 20 });
      const client = await busy.connect();
      try {
        return await busy.connect();
      } finally {
        client.release();
      }
    },
    passing(/timeout exceeded when trying to connect|Connection terminated due to connection timeout/),
  ],
  [
    'the server hangs up at once',
    async () => connectTo({ port: await listen(createServer((socket) => socket.destroy())) }),
    unknown('Connection terminated unexpectedly'),
  ],
  [
    'the server speaks no TLS',
    () => connectTo({ ssl: true }),
    wrong('The server does not support SSL connections'),
  ],
  ['there is no such database', () => connectTo({ database: 'nowhere' }), wrong('SQLSTATE 3D000')],
  ['there is no such role', () => connectTo({ user: 'nobody' }), wrong(/^SQLSTATE 28/)],
  [
    'the role has too many connections',
    () => connectTo({ user: ROLE, password: 'guest' }),
    passing('SQLSTATE 53300'),
  ],
  [
    'the connection is cut',
    () => cut((socket) => socket.destroy()),
    unknown('Connection terminated unexpectedly'),
  ],
  ['the connection is reset', () => cut((socket) => socket.resetAndDestroy()), unknown('ECONNRESET')],
  [
    'the connection was cut before',
    async () => {
      const client = await connectThrough((socket) => socket.destroy());
      await errorOf(() => client.query('SELECT 1'));
      return client.query('SELECT 1');
    },
    unknown('Client has encountered a connection error and is not queryable'),
  ],
  [
    'no answer comes in time',
    async () => (await connectPostgres(url, { query_timeout: 20 })).query('SELECT pg_sleep(1)'),
    unknown('Query read timeout'),
  ],
  [
    'the connection is closed by us',
    async () => {
      const client = await connectPostgres(url);
      const asleep = errorOf(() => client.query('SELECT pg_sleep(5)'));
      await client.end();
      throw await asleep;
    },
    unknown('Connection terminated'),
  ],
  [
    'the connection was closed by us before',
    async () => {
      const client = await connectPostgres(url);
      await client.end();
      return client.query('SELECT 1');
    },
    wrong('Client was closed and is not queryable'),
  ],
  [
    'the pool was closed by us before',
    async () => {
      const closed = pool({ connectionString: url });
      await closed.end();
      return closed.query('SELECT 1');
    },
    wrong('Cannot use a pool after calling end on the pool'),
  ],
  [
    'a transaction is idle for too long',
    () => leave("SET idle_in_transaction_session_timeout = '10ms'", 'BEGIN'),
    passing('SQLSTATE 25P03'),
  ],
  [
    'a session is idle for too long',
    () => leave("SET idle_session_timeout = '10ms'"),
    unknown('SQLSTATE 57P05'),
  ],
];

describe('pg fails because', () => {
  test.for(ROWS)('%s', async ([, fail, expected]) => {
    await expectFailure(await errorOf(fail), expected);
  });
});

async function connectTo(config: pg.ClientConfig): Promise<void> {
  const { hostname: host, port, username: user, password, pathname } = new URL(url);
  const client = new pg.Client({
    host,
    port: Number(port),
    user,
    password,
    database: pathname.slice(1),
    ...config,
  });
  client.on('error', () => undefined);
  await client.connect();
}

function pool(config: pg.PoolConfig): pg.Pool {
  const made = new pg.Pool({ ...(config.port !== undefined && { host: '127.0.0.1' }), ...config });
  made.on('error', () => undefined);
  onTestFinished(() => (made.ended ? undefined : made.end()));
  return made;
}

/** A connection that something happens to as soon as it asks for `SELECT 1`. */
async function connectThrough(happen: (socket: Socket) => void): Promise<pg.Client> {
  const { hostname, port } = new URL(url);
  const proxy = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) }).on('error', () => undefined);
    far.pipe(near);
    near.on('close', () => far.destroy());
    near.on('data', (data) => (data.includes('SELECT 1') ? happen(near) : far.write(data)));
  });
  return connectPostgres(
    Object.assign(new URL(url), { hostname: '127.0.0.1', port: await listen(proxy) }).href,
  );
}

async function cut(happen: (socket: Socket) => void): Promise<unknown> {
  return (await connectThrough(happen)).query('SELECT 1');
}

/** What a connection is told that nobody uses. */
async function leave(...statements: readonly string[]): Promise<never> {
  const client = await connectPostgres(url);
  const told = once(client, 'error') as Promise<[Error]>;
  for (const sql of statements) await client.query(sql);
  const [error] = await told;
  throw error;
}

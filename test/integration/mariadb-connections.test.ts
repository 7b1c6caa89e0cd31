import { connect, createServer, type Socket } from 'node:net';
import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  createPool,
  type Pool,
  type PoolOptions,
} from 'mysql2/promise';
import { describe, onTestFinished, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from '../failures/expect-failure.ts';
import { deadPort, listen } from '../failures/servers.ts';
import { reach } from '../support/services.ts';
import { connectMariadb, USER, useMariadbTables } from './mariadb.ts';

const { url, isReachable } = await reach('mariadb');
useMariadbTables(url, isReachable);

const passing = (why: string | RegExp): Expected => ({ kind: 'not-applied', why });
const unknown = (why: string): Expected => ({ kind: 'unknown-outcome', why });
const wrong = (why: string | RegExp): Expected => ({ kind: 'run-wide', why });
const CLOSED = "Can't add new command when connection is in closed state";

type Row = readonly [what: string, fail: () => Promise<unknown>, Expected];

const ROWS: readonly Row[] = [
  ['nobody listens', async () => connectTo({ port: await deadPort() }), passing('ECONNREFUSED')],
  [
    'the server is silent',
    async () => connectTo({ port: await listen(createServer(() => undefined)), connectTimeout: 20 }),
    passing('ETIMEDOUT before anything was sent'),
  ],
  [
    'the server hangs up at once',
    async () => connectTo({ port: await listen(createServer((socket) => socket.end())) }),
    unknown('PROTOCOL_CONNECTION_LOST'),
  ],
  ['the server speaks no TLS', () => connectTo({ ssl: {} }), wrong('HANDSHAKE_NO_SSL_SUPPORT')],
  ['there is no such database', () => connectTo({ database: 'nowhere' }), wrong('MySQL 1049')],
  [
    'there is no such user',
    () => connectTo({ user: 'nobody', password: 'x' }),
    wrong(/^(?:MySQL 1045|SQLSTATE 28000)$/),
  ],
  [
    'the user has no right to the database',
    () => connectTo({ user: USER, password: '', database: 'mysql' }),
    wrong('MySQL 1044'),
  ],
  [
    'the user has asked too much',
    async () => {
      const guest = await guestOf();
      for (let i = 0; i < 10; i++) await guest.query('SELECT 1');
    },
    passing('MySQL 1226'),
  ],
  ['the connection is cut', () => cut((socket) => socket.destroy()), unknown('PROTOCOL_CONNECTION_LOST')],
  ['the connection is reset', () => cut((socket) => socket.resetAndDestroy()), unknown('ECONNRESET')],
  [
    'the connection was cut before',
    async () => {
      const connection = await connectThrough((socket) => socket.resetAndDestroy());
      await errorOf(() => connection.query('SELECT 1'));
      return connection.query('SELECT 1');
    },
    passing(CLOSED),
  ],
  [
    'no answer comes in time',
    async () => (await connectMariadb(url)).query({ sql: 'SELECT SLEEP(0.2)', timeout: 20 }),
    unknown('PROTOCOL_SEQUENCE_TIMEOUT'),
  ],
  [
    'the connection was closed by us before',
    async () => {
      const connection = await connectMariadb(url);
      await connection.end();
      return connection.query('SELECT 1');
    },
    passing(CLOSED),
  ],
  [
    'all connections of a pool are busy',
    () => crowd({ waitForConnections: false }),
    passing('No connections available.'),
  ],
  ['too many wait for a pool', () => crowd({ queueLimit: 1 }), passing('Queue limit reached.')],
  [
    'the pool was closed by us before',
    async () => {
      const closed = createPool({ uri: url });
      await closed.end();
      return closed.query('SELECT 1');
    },
    wrong('Pool is closed.'),
  ],
];

describe('mysql2 fails because', () => {
  test.for(ROWS)('%s', async ([, fail, expected]) => {
    await expectFailure(await errorOf(fail), expected);
  });
});

async function connectTo(options: ConnectionOptions): Promise<Connection> {
  const { hostname: host, port, username: user, password } = new URL(url);
  const connection = await createConnection({ host, port: Number(port), user, password, ...options });
  onTestFinished(() => connection.end().catch(() => undefined));
  return connection;
}

const guestOf = () => connectTo({ user: USER, password: '' });

/** More than a pool of one connection takes. */
async function crowd(options: PoolOptions): Promise<unknown> {
  const pool: Pool = createPool({ uri: url, connectionLimit: 1, ...options });
  const busy = await pool.getConnection();
  onTestFinished(async () => {
    busy.destroy();
    await pool.end();
  });
  const first = pool.getConnection().then((connection) => connection.release());
  const second = pool.getConnection().then((connection) => connection.release());
  busy.release();
  return Promise.all([first, second]);
}

/** A connection that something happens to as soon as it asks for `SELECT 1`. */
async function connectThrough(happen: (socket: Socket) => void): Promise<Connection> {
  const { hostname, port } = new URL(url);
  const proxy = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) }).on('error', () => undefined);
    far.pipe(near);
    near.on('close', () => far.destroy());
    near.on('data', (data) => (data.includes('SELECT 1') ? happen(near) : far.write(data)));
  });
  const address = Object.assign(new URL(url), { hostname: '127.0.0.1', port: await listen(proxy) });
  return connectMariadb(address.href);
}

async function cut(happen: (socket: Socket) => void): Promise<unknown> {
  return (await connectThrough(happen)).query('SELECT 1');
}

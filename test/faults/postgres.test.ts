import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { reach } from '../support/services.ts';
import { type Place, testConnections } from './database.ts';
import { type Session, transactionSink } from './transaction-sink.ts';

const { url, isReachable } = await reach('postgres');
const SCHEMA = `faults_${randomUUID().slice(0, 8)}`;
let own: pg.Client;

beforeAll(async () => {
  if (!isReachable) return;
  own = new pg.Client({ connectionString: url });
  await own.connect();
  await own.query(
    `CREATE SCHEMA ${SCHEMA}; CREATE TABLE ${SCHEMA}.orders (id int); CREATE TABLE ${SCHEMA}.chunks (id text PRIMARY KEY)`,
  );
});

afterAll(async () => {
  if (!isReachable) return;
  await own.query(`DROP SCHEMA ${SCHEMA} CASCADE`);
  await own.end();
});

const place: Place = {
  url,
  clear: async () => void (await own.query(`TRUNCATE ${SCHEMA}.orders, ${SCHEMA}.chunks`)),
  async stored() {
    const { rows } = await own.query<{ id: number }>(`SELECT id FROM ${SCHEMA}.orders ORDER BY id`);
    return rows.map(({ id }) => id);
  },
  sink: (address, { notes, patienceOf }) =>
    transactionSink({
      connect: (number) => connectTo(address, patienceOf(number)),
      insert: (session, ids) => session.run(`INSERT INTO ${SCHEMA}.orders SELECT unnest($1::int[])`, [ids]),
      ...(notes && {
        note: async (session, chunk) => {
          const sql = `INSERT INTO ${SCHEMA}.chunks VALUES ($1) ON CONFLICT DO NOTHING`;
          return (await session.run(sql, [chunk])) > 0;
        },
      }),
    }),
};

describe('a sink over a connection of pg, with a note of each chunk,', () => testConnections(place, true));
describe('a sink over a connection of pg', () => testConnections(place, false));

async function connectTo(connectionString: string, patienceMs: number): Promise<Session> {
  const client = new pg.Client({
    connectionString,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  client.on('error', () => undefined); // the query that meets it is told, too
  await client.connect();
  return {
    run: async (sql, values = []) => (await client.query(sql, [...values])).rowCount ?? 0,
    end: () => client.end(),
    destroy: () => void client.end().catch(() => undefined),
  };
}

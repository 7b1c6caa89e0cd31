import { randomUUID } from 'node:crypto';
import { type Connection, createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe } from 'vitest';
import { reach } from '../support/services.ts';
import { type Place, testConnections } from './database.ts';
import { type Session, transactionSink } from './transaction-sink.ts';

const { url, isReachable } = await reach('mariadb');
const DATABASE = `faults_${randomUUID().slice(0, 8)}`;
let own: Connection;

beforeAll(async () => {
  if (!isReachable) return;
  own = await createConnection({ uri: url, multipleStatements: true });
  await own.query(
    `CREATE DATABASE ${DATABASE}; CREATE TABLE ${DATABASE}.orders (id int); CREATE TABLE ${DATABASE}.chunks (id char(64) PRIMARY KEY)`,
  );
});

afterAll(async () => {
  if (!isReachable) return;
  await own.query(`DROP DATABASE ${DATABASE}`);
  await own.end();
});

const place: Place = {
  url,
  clear: async () => void (await own.query(`DELETE FROM ${DATABASE}.orders; DELETE FROM ${DATABASE}.chunks`)),
  async stored() {
    const [rows] = await own.query<RowDataPacket[]>(`SELECT id FROM ${DATABASE}.orders ORDER BY id`);
    return rows.map(({ id }) => id as number);
  },
  sink: (address, { notes, patienceOf }) =>
    transactionSink({
      connect: (number) => connectTo(address, patienceOf(number)),
      insert: (session, ids) =>
        session.run(`INSERT INTO ${DATABASE}.orders VALUES ${ids.map(() => '(?)').join(', ')}`, ids),
      ...(notes && {
        note: async (session, chunk) =>
          (await session.run(`INSERT IGNORE INTO ${DATABASE}.chunks VALUES (?)`, [chunk])) > 0,
      }),
    }),
};

describe('a sink over a connection of mysql2, with a note of each chunk,', () =>
  testConnections(place, true));
describe('a sink over a connection of mysql2', () => testConnections(place, false));

async function connectTo(uri: string, patienceMs: number): Promise<Session> {
  const connection = await createConnection({ uri, connectTimeout: patienceMs });
  connection.on('error', () => undefined); // the query that meets it is told, too
  return {
    async run(sql, values = []) {
      const [{ affectedRows }] = await connection.query<ResultSetHeader>({ sql, timeout: patienceMs }, [
        ...values,
      ]);
      return affectedRows;
    },
    end: () => connection.end(),
    destroy: () => connection.destroy(),
  };
}

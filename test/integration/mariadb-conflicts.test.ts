import type { Connection, RowDataPacket } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from '../failures/expect-failure.ts';
import { reach } from '../support/services.ts';
import { connectMariadb, runAll, useMariadbTables } from './mariadb.ts';

const { url, isReachable } = await reach('mariadb');
useMariadbTables(url, isReachable);

/** Two connections; the second one meets the first, and fails. */
type Duel = readonly [
  what: string,
  fight: (first: Connection, second: Connection) => Promise<unknown>,
  Expected,
];

const passing = (why: string): Expected => ({ kind: 'not-applied', why });
const unknown = (why: string | RegExp): Expected => ({ kind: 'unknown-outcome', why });
const LOCK = ['BEGIN', "UPDATE orders SET name = 'x' WHERE id = 1"];
const ASLEEP = "SELECT 1 FROM information_schema.processlist WHERE id = ? AND state = 'User sleep'";

const DUELS: readonly Duel[] = [
  [
    'a deadlock',
    async (first, second) => {
      await runAll(first, LOCK);
      await runAll(second, ['BEGIN', "UPDATE orders SET name = 'y' WHERE id = 2"]);
      return Promise.all([
        first.query("UPDATE orders SET name = 'x' WHERE id = 2"),
        second.query("UPDATE orders SET name = 'y' WHERE id = 1"),
      ]);
    },
    passing('MySQL 1213'),
  ],
  [
    'a record that another transaction has changed, under snapshot isolation',
    async (first, second) => {
      await runAll(second, ['SET innodb_snapshot_isolation = ON', 'BEGIN', 'SELECT * FROM orders']);
      await first.query('UPDATE orders SET code = code + 1');
      await second.query('UPDATE orders SET code = code + 1');
    },
    passing('MySQL 1020'),
  ],
  [
    'a lock that is waited for too long',
    async (first, second) => {
      await runAll(first, LOCK);
      await runAll(second, ['SET innodb_lock_wait_timeout = 0', ...LOCK]);
    },
    passing('MySQL 1205'),
  ],
  [
    'a lock that is not waited for',
    async (first, second) => {
      await runAll(first, LOCK);
      await second.query('SELECT * FROM orders FOR UPDATE NOWAIT');
    },
    passing('MySQL 1205'),
  ],
  [
    'a person who ends the statement',
    async (first, second) => {
      const asleep = errorOf(() => second.query('SELECT SLEEP(5) FROM orders'));
      await until(first, ASLEEP, second.threadId);
      await first.query('KILL QUERY ?', [second.threadId]);
      throw await asleep;
    },
    unknown('MySQL 1317'),
  ],
  [
    'a person who ends the connection',
    async (first, second) => {
      const asleep = errorOf(() => second.query('SELECT SLEEP(5) FROM orders'));
      await until(first, ASLEEP, second.threadId);
      await first.query('KILL ?', [second.threadId]);
      throw await asleep;
    },
    unknown(/^(?:MySQL 1927|PROTOCOL_CONNECTION_LOST)$/),
  ],
  [
    'a connection that ends itself',
    (_, second) => second.query('KILL CONNECTION_ID()'),
    unknown('MySQL 1927'),
  ],
];

describe('MariaDB really ends', () => {
  test.for(DUELS)('%s', async ([, fight, expected]) => {
    const [first, second] = [await connectMariadb(url), await connectMariadb(url)];
    const error = await errorOf(() => fight(first, second));
    await expectFailure(error, expected);
  });

  test('only the statement that waited too long for a lock: the transaction goes on', async () => {
    const [first, second] = [await connectMariadb(url), await connectMariadb(url)];
    await runAll(first, LOCK);
    await runAll(second, ['SET innodb_lock_wait_timeout = 0', 'BEGIN', 'INSERT INTO parts VALUES (7)']);
    await errorOf(() => second.query("UPDATE orders SET name = 'y' WHERE id = 1"));
    await second.query('COMMIT');
    const [rows] = await second.query<RowDataPacket[]>('SELECT id FROM parts WHERE id = 7');
    expect(rows).toHaveLength(1);
  });
});

/** Asks again until there is a row about the thread. */
async function until(connection: Connection, sql: string, thread: number): Promise<void> {
  for (;;) {
    const [rows] = await connection.query<RowDataPacket[]>(sql, [thread]);
    if (rows.length > 0) return;
  }
}

import type pg from 'pg';
import { describe, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from '../failures/expect-failure.ts';
import { reach } from '../support/services.ts';
import { connectPostgres, runAll, usePostgresTables } from './postgres.ts';

const { url, isReachable } = await reach('postgres');
usePostgresTables(url, isReachable);

const passing = (state: string): Expected => ({ kind: 'not-applied', why: `SQLSTATE ${state}` });

/** Two connections; the second one waits, and fails. */
type Duel = readonly [
  what: string,
  fight: (first: pg.Client, second: pg.Client) => Promise<unknown>,
  Expected,
];

const pidOf = async (client: pg.Client) =>
  (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
const ASLEEP = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
const LOCK = ['BEGIN', "UPDATE orders SET name = 'a' WHERE id = 1"];

const DUELS: readonly Duel[] = [
  [
    'a deadlock',
    async (first, second) => {
      await runAll(second, [
        "SET deadlock_timeout = '10ms'",
        'BEGIN',
        'UPDATE orders SET name = name WHERE id = 2',
      ]);
      await runAll(first, ["SET deadlock_timeout = '60s'", ...LOCK]);
      const pid = await pidOf(first);
      const waiting = first.query('UPDATE orders SET name = name WHERE id = 2');
      await until(second, 'SELECT FROM pg_locks WHERE pid = $1 AND NOT granted', pid);
      try {
        return await second.query('UPDATE orders SET name = name WHERE id = 1');
      } finally {
        await second.query('ROLLBACK');
        await waiting;
      }
    },
    passing('40P01'),
  ],
  [
    'a transaction that another one has overtaken',
    async (first, second) => {
      await runAll(second, ['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT * FROM orders']);
      await first.query("UPDATE orders SET name = 'b' WHERE id = 1");
      await second.query("UPDATE orders SET name = 'c' WHERE id = 1");
    },
    passing('40001'),
  ],
  [
    'two transactions that cannot be put in an order, found by COMMIT',
    async (first, second) => {
      await runAll(first, ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'SELECT sum(id) FROM orders']);
      await runAll(second, ['BEGIN ISOLATION LEVEL SERIALIZABLE', 'SELECT sum(id) FROM orders']);
      await first.query('INSERT INTO orders (id) VALUES (11)');
      await second.query('INSERT INTO orders (id) VALUES (12)');
      await first.query('COMMIT');
      await second.query('COMMIT');
    },
    passing('40001'),
  ],
  [
    'a lock that is waited for too long',
    async (first, second) => {
      await runAll(first, LOCK);
      await runAll(second, ["SET lock_timeout = '10ms'", ...LOCK]);
    },
    passing('55P03'),
  ],
  [
    'a lock that is not waited for',
    async (first, second) => {
      await runAll(first, LOCK);
      await second.query('SELECT * FROM orders FOR UPDATE NOWAIT');
    },
    passing('55P03'),
  ],
  [
    'a person who ends the statement',
    async (first, second) => {
      const pid = await pidOf(second);
      const asleep = errorOf(() => second.query('SELECT pg_sleep(5)'));
      await until(first, ASLEEP, pid);
      await first.query('SELECT pg_cancel_backend($1)', [pid]);
      throw await asleep;
    },
    { kind: 'run-wide', why: '57014 (canceling statement due to user request)' },
  ],
  [
    'a person who ends the connection',
    async (first, second) => {
      const pid = await pidOf(second);
      const asleep = errorOf(() => second.query('SELECT pg_sleep(5)'));
      await until(first, ASLEEP, pid);
      await first.query('SELECT pg_terminate_backend($1)', [pid]);
      throw await asleep;
    },
    { kind: 'unknown-outcome', why: 'SQLSTATE 57P01' },
  ],
];

describe('PostgreSQL really ends', () => {
  test.for(DUELS)('%s', async ([, fight, expected]) => {
    const [first, second] = [await connectPostgres(url), await connectPostgres(url)];
    const error = await errorOf(() => fight(first, second));
    await expectFailure(error, expected);
  });
});

/** Asks again until there is a row about the process. */
async function until(client: pg.Client, sql: string, pid: number): Promise<void> {
  for (;;) if ((await client.query(sql, [pid])).rowCount! > 0) return;
}

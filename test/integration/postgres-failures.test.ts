import { describe, expect, test } from 'vitest';
import { SQL_STATE_CLASSES, SQL_STATES } from '../../src/failures/sql-states.ts';
import { type Expected, errorOf, expectFailure } from '../failures/expect-failure.ts';
import { reach } from '../support/services.ts';
import { connectPostgres, ROLE, runAll, type Statements, usePostgresTables } from './postgres.ts';

const { url, isReachable } = await reach('postgres');
usePostgresTables(url, isReachable);

/** Every SQLSTATE of the tables, and of the classes some that only their class decides. */
const STATES = {
  'not-applied': '40000 40001 40P01 55P03 55006 53000 53200 53300 57P03 08001 08004 25P03 25P04 57014'.split(
    ' ',
  ),
  'unknown-outcome': '08000 08003 08006 08007 40003 57P01 57P02 57P05 58000 58030'.split(' '),
  'too-large': '54000 54001 54023'.split(' '),
  'bad-records':
    '21000 22001 22003 22P02 23502 23503 23505 23514 23P01 27000 40002 44000 54011 P0001 20000 09000 45000'.split(
      ' ',
    ),
  'run-wide':
    '03000 07000 08P01 0A000 0B000 0L000 0P000 24000 25006 25P02 26000 28000 28P01 2A000 2BP01 2D000 2F002 34000 37000 38000 39000 3B001 3D000 3F000 42501 42601 42703 42P01 53100 53400 55000 57P04 58P01 F0000 HV000 XX000 XX002'.split(
      ' ',
    ),
} as const;

test('every state of the table, and a state of every class, is tested', () => {
  const tested: readonly string[] = Object.values(STATES).flat();
  expect([...SQL_STATES.keys()].filter((state) => !tested.includes(state))).toEqual([]);
  const classes = new Set(tested.map((state) => state.slice(0, 2)));
  expect([...SQL_STATE_CLASSES.keys()].filter((name) => !classes.has(name))).toEqual([]);
});

describe('PostgreSQL raises', () => {
  const rows = Object.entries(STATES).flatMap(([kind, states]) =>
    states.map((state) => ({ state, kind: kind as keyof typeof STATES })),
  );

  test.for(rows)('SQLSTATE $state: $kind', async ({ state, kind }) => {
    const client = await connectPostgres(url);
    const raise = `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${state}'; END $$`;
    await expectFailure(await errorOf(() => client.query(raise)), { kind, why: `SQLSTATE ${state}` });
  });
});

type Row = readonly [what: string, statements: readonly Statements[], Expected];

const bad = (state: string): Expected => ({ kind: 'bad-records', why: `SQLSTATE ${state}` });
const wrong = (state: string): Expected => ({ kind: 'run-wide', why: `SQLSTATE ${state}` });
const passing = (state: string): Expected => ({ kind: 'not-applied', why: `SQLSTATE ${state}` });
const tooLarge = (why: string | RegExp): Expected => ({ kind: 'too-large', why });

const COLUMNS = Array.from({ length: 1_601 }, (_, i) => `c${i} int`).join(', ');
const MANY = 70_000;
const MANY_VALUES = [
  `SELECT 1 WHERE 1 IN (${Array.from({ length: MANY }, (_, i) => `$${i + 1}`)})`,
  Array.from({ length: MANY }, () => 1),
] as const;

const PROVOKED: readonly Row[] = [
  ['a key that is taken', ['INSERT INTO orders (id) VALUES (1)'], bad('23505')],
  ['a missing value', ['INSERT INTO orders (id, name) VALUES (3, NULL)'], bad('23502')],
  ['a value that a check refuses', ['INSERT INTO orders (id, price) VALUES (3, -1)'], bad('23514')],
  ['a value that points nowhere', ['INSERT INTO orders (id, maker) VALUES (3, 99)'], bad('23503')],
  [
    'a value that points nowhere, found by COMMIT',
    ['BEGIN', 'SET CONSTRAINTS ALL DEFERRED', 'INSERT INTO orders (id, maker) VALUES (3, 99)', 'COMMIT'],
    bad('23503'),
  ],
  [
    'a value that excludes another',
    ["INSERT INTO orders (id, day) VALUES (3, '2026-01-01'), (4, '2026-01-01')"],
    bad('23P01'),
  ],
  ['a text that is too long', ["INSERT INTO orders (id, name) VALUES (3, 'more than ten')"], bad('22001')],
  ['a number that is too big', ['INSERT INTO orders (id, price) VALUES (3, 1000)'], bad('22003')],
  ['a text that is no number', [['INSERT INTO orders (id) VALUES ($1)', ['three']]], bad('22P02')],
  ['a text that is no date', [['INSERT INTO orders (id, day) VALUES (3, $1)', ['soon']]], bad('22007')],
  [
    'a day that no month has',
    [['INSERT INTO orders (id, day) VALUES (3, $1)', ['2026-02-31']]],
    bad('22008'),
  ],
  ['a text that is no JSON', [['INSERT INTO orders (id, extra) VALUES (3, $1)', ['{']]], bad('22P02')],
  [
    'a character that no text may hold',
    [['INSERT INTO orders (id, name) VALUES (3, $1)', ['a\u0000b']]],
    bad('22021'),
  ],
  [
    'a JSON text with a character that no text may hold',
    [['INSERT INTO orders (id, extra) VALUES (3, $1)', ['"\\u0000"']]],
    bad('22P05'),
  ],
  ['a division by zero', ['SELECT 1 / 0'], bad('22012')],
  [
    'two records with one key in an upsert',
    ['INSERT INTO orders (id) VALUES (3), (3) ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name'],
    bad('21000'),
  ],
  ['a record that its view would not show', ['INSERT INTO dear (id, price) VALUES (3, 5)'], bad('44000')],
  ['a record that a trigger refuses', ['INSERT INTO guarded VALUES (1)'], bad('P0001')],
  [
    'a row that is too big for its index',
    ["INSERT INTO long SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i"],
    tooLarge('SQLSTATE 54000'),
  ],
  ['more parameters than the protocol counts', [MANY_VALUES], tooLarge(/^08P01 \(bind message /)],
  ['a JSON text that is too deep', ["SELECT repeat('[', 100000)::json"], tooLarge('SQLSTATE 54001')],
  ['more columns than a table has', [`CREATE TABLE wide (${COLUMNS})`], bad('54011')],
  ['a table that is not there', ['INSERT INTO nowhere VALUES (1)'], wrong('42P01')],
  ['a column that is not there', ['INSERT INTO orders (nothing) VALUES (1)'], wrong('42703')],
  ['a function that is not there', ['SELECT nothing()'], wrong('42883')],
  ['a schema that is not there', ['CREATE TABLE nowhere.orders (id int)'], wrong('3F000')],
  ['a value of another type', ['INSERT INTO orders (id) VALUES (now())'], wrong('42804')],
  ['a statement that makes no sense', ['INSERT orders'], wrong('42601')],
  ['another database', ['SELECT * FROM elsewhere.public.orders'], wrong('0A000')],
  [
    'a table that the role must not write',
    [`SET ROLE ${ROLE}`, 'INSERT INTO orders (id) VALUES (3)'],
    wrong('42501'),
  ],
  [
    'a transaction that only reads',
    ['BEGIN READ ONLY', 'INSERT INTO orders (id) VALUES (3)'],
    wrong('25006'),
  ],
  ['a prepared statement that is not there', ['EXECUTE nothing'], wrong('26000')],
  [
    'more temporary files than are allowed',
    [
      "SET temp_file_limit = '64kB'",
      "SET work_mem = '64kB'",
      'SELECT * FROM generate_series(1, 100000) i ORDER BY -i',
    ],
    wrong('53400'),
  ],
  ['statement_timeout', ["SET statement_timeout = '10ms'", 'SELECT pg_sleep(5)'], passing('57014')],
  [
    'a table with a check that is still to come',
    [
      'BEGIN',
      'SET CONSTRAINTS ALL DEFERRED',
      'INSERT INTO orders (id, maker) VALUES (3, 99)',
      'ALTER TABLE orders ADD COLUMN more int',
    ],
    passing('55006'),
  ],
];

describe('PostgreSQL really refuses', () => {
  test.for(PROVOKED)('%s', async ([, statements, expected]) => {
    const client = await connectPostgres(url);
    await expectFailure(await errorOf(() => runAll(client, statements)), expected);
  });

  test('everything in a transaction that has failed', async () => {
    const client = await connectPostgres(url);
    await errorOf(() => runAll(client, ['BEGIN', 'SELECT 1 / 0']));
    await expectFailure(await errorOf(() => client.query('SELECT 1')), wrong('25P02'));
  });
});

import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { MYSQL_ERRORS } from '../../src/failures/mysql-errors.ts';
import { type Expected, errorOf, expectFailure } from '../failures/expect-failure.ts';
import { reach } from '../support/services.ts';
import { connectMariadb, runAll, useMariadbTables } from './mariadb.ts';

const { url, isReachable } = await reach('mariadb');
useMariadbTables(url, isReachable);

/** Every number of the table, also those that a client makes, or another server of the family. */
const NUMBERS = {
  'not-applied': [
    1020, 1040, 1042, 1203, 1205, 1213, 1226, 1614, 1969, 3024, 3572, 2002, 2003, 2005, 45010, 45012, 45013,
    45028, 45061,
  ],
  'unknown-outcome': [1053, 1152, 1180, 1317, 1927, 2006, 2013, 45004, 45009, 45011, 45026],
  'too-large': [1153, 1390, 45046],
  'bad-records': [
    1022, 1048, 1062, 1136, 1169, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1406, 1451, 1452, 1526, 1586,
    1644, 1690, 3140, 3819, 4025,
  ],
  'run-wide': [
    1021, 1044, 1045, 1049, 1054, 1064, 1114, 1129, 1130, 1142, 1143, 1146, 1251, 1290, 1836, 45023, 45025,
    45027, 45035, 45037, 45059,
  ],
} as const;

/** SQLSTATE under numbers that no table has. */
const STATES = {
  'not-applied': ['40001'],
  'unknown-outcome': ['08S01'],
  'bad-records': ['22001', '23000', '45000'],
  'run-wide': ['42000', '28000'],
} as const;

test('every number of the table is tested', () => {
  const tested = Object.values(NUMBERS).flat().map(String);
  expect(tested.toSorted()).toEqual([...MYSQL_ERRORS.keys()].toSorted());
});

describe('MariaDB signals', () => {
  const rows = Object.entries(NUMBERS).flatMap(([kind, numbers]) =>
    numbers.map((number) => ({ number, kind: kind as keyof typeof NUMBERS })),
  );

  test.for(rows)('error $number: $kind', async ({ number, kind }) => {
    const connection = await connectMariadb(url);
    const signal = `SIGNAL SQLSTATE '99999' SET MYSQL_ERRNO = ${number}`;
    await expectFailure(await errorOf(() => connection.query(signal)), { kind, why: `MySQL ${number}` });
  });

  const states = Object.entries(STATES).flatMap(([kind, each]) =>
    each.map((state) => ({ state, kind: kind as keyof typeof STATES })),
  );

  test.for(states)('an error of no table with SQLSTATE $state: $kind', async ({ state, kind }) => {
    const connection = await connectMariadb(url);
    const signal = `SIGNAL SQLSTATE '${state}' SET MYSQL_ERRNO = 9999`;
    await expectFailure(await errorOf(() => connection.query(signal)), { kind, why: `SQLSTATE ${state}` });
  });
});

type Row = readonly [what: string, statements: readonly string[], Expected];

const bad = (number: number): Expected => ({ kind: 'bad-records', why: `MySQL ${number}` });
const wrong = (why: string): Expected => ({ kind: 'run-wide', why });
const passing = (number: number): Expected => ({ kind: 'not-applied', why: `MySQL ${number}` });

const PROVOKED: readonly Row[] = [
  ['a key that is taken', ["INSERT INTO orders (id, name) VALUES (1, 'a')"], bad(1062)],
  ['a missing value', ['INSERT INTO orders (id, name) VALUES (3, NULL)'], bad(1048)],
  ['a missing column without a default', ['INSERT INTO orders (id) VALUES (3)'], bad(1364)],
  ['a value that a check refuses', ["INSERT INTO orders (id, name, price) VALUES (3, 'a', -1)"], bad(4025)],
  ['a text that is no JSON', ["INSERT INTO orders (id, name, extra) VALUES (3, 'a', '{')"], bad(4025)],
  ['a value that points nowhere', ["INSERT INTO orders (id, name, maker) VALUES (3, 'a', 99)"], bad(1452)],
  ['a value that others point to', ['DELETE FROM makers'], bad(1451)],
  ['a text that is too long', ["INSERT INTO orders (id, name) VALUES (3, 'more than ten')"], bad(1406)],
  ['a number that is too big', ["INSERT INTO orders (id, name, price) VALUES (3, 'a', 1000)"], bad(1264)],
  ['a text that is no number', ["INSERT INTO orders (id, name, code) VALUES (3, 'a', 'three')"], bad(1366)],
  ['a number with a rest', ["INSERT INTO orders (id, name, code) VALUES (3, 'a', '3 pieces')"], bad(1265)],
  ['a text that is no date', ["INSERT INTO orders (id, name, day) VALUES (3, 'a', 'soon')"], bad(1292)],
  ['a text in another encoding', ["INSERT INTO orders (id, name) VALUES (3, x'ff')"], bad(1366)],
  ['a result that no integer holds', ['SELECT 9223372036854775807 + 1'], bad(1690)],
  ['too few values', ['INSERT INTO orders (id, name) VALUES (3)'], bad(1136)],
  ['a record that no partition takes', ['INSERT INTO parts VALUES (99)'], bad(1526)],
  ['a record that a trigger refuses', ['INSERT INTO guarded VALUES (1)'], bad(1644)],
  ['a table that is not there', ['INSERT INTO nowhere VALUES (1)'], wrong('MySQL 1146')],
  ['a column that is not there', ['INSERT INTO orders (nothing) VALUES (1)'], wrong('MySQL 1054')],
  ['a database that is not there', ['USE nowhere'], wrong('MySQL 1049')],
  ['a statement that makes no sense', ['INSERT orders'], wrong('MySQL 1064')],
  ['a function that is not there', ['SELECT nothing()'], wrong('SQLSTATE 42000')],
  [
    'a transaction that only reads',
    ['START TRANSACTION READ ONLY', 'DELETE FROM parts'],
    wrong('SQLSTATE 25006'),
  ],
  [
    'a table that is full',
    [
      'SET max_heap_table_size = 16384',
      'CREATE TEMPORARY TABLE small (text char(250)) ENGINE = MEMORY',
      'INSERT INTO small SELECT seq FROM seq_1_to_10000',
    ],
    wrong('MySQL 1114'),
  ],
  ['a statement that takes too long', ['SET max_statement_time = 0.01', 'SELECT SLEEP(5)'], passing(1969)],
];

describe('MariaDB really refuses', () => {
  test.for(PROVOKED)('%s', async ([, statements, expected]) => {
    const connection = await connectMariadb(url);
    await expectFailure(await errorOf(() => runAll(connection, statements)), expected);
  });

  test('a statement that is larger than a packet may be', async () => {
    const connection = await connectMariadb(url);
    const [[most]] = await connection.query<RowDataPacket[]>('SELECT @@max_allowed_packet AS bytes');
    // A little more only: of much more, the server would close the connection before it could say why.
    const error = await errorOf(() => connection.query(`SELECT '${'x'.repeat(most!['bytes'])}'`));
    await expectFailure(error, { kind: 'too-large', why: 'MySQL 1153' });
  });

  test('more parameters than a prepared statement has', async () => {
    const connection = await connectMariadb(url);
    const marks = Array.from({ length: 70_000 }, () => '?');
    const error = await errorOf(() => connection.prepare(`SELECT 1 IN (${marks.join()})`));
    await expectFailure(error, { kind: 'too-large', why: 'MySQL 1390' });
  });
});

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { expectFailure } from './expect-failure.ts';

let folder: string;
const open: DatabaseSync[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-errors-'));
});

afterEach(() => {
  for (const database of open.splice(0)) database.close();
  rmSync(folder, { recursive: true, force: true });
});

function database(options: { readOnly?: boolean } = {}, file = 'orders.db'): DatabaseSync {
  const made = new DatabaseSync(join(folder, file), { timeout: 0, ...options });
  open.push(made);
  return made;
}

function withTable(
  sql = "CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> '')) STRICT",
) {
  const made = database();
  made.exec(sql);
  return made;
}

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it should have failed');
}

describe('node:sqlite throws because of', () => {
  test('a database that another connection writes to: not applied', async () => {
    withTable().exec('BEGIN IMMEDIATE');
    const error = errorOf(() => database().exec('BEGIN IMMEDIATE'));
    await expectFailure(error, { kind: 'not-applied', why: 'SQLITE_BUSY (5)' });
  });

  test('a snapshot that another connection has overtaken: not applied', async () => {
    const first = withTable();
    first.exec('PRAGMA journal_mode = WAL');
    const second = database();
    first.exec('BEGIN; SELECT * FROM orders');
    second.exec("INSERT INTO orders VALUES (1, 'a')");
    const error = errorOf(() => first.exec("INSERT INTO orders VALUES (2, 'b')"));
    await expectFailure(error, { kind: 'not-applied', why: 'SQLITE_BUSY (517)' });
  });

  test('a table that is being read: not applied', async () => {
    const made = withTable();
    made.exec("INSERT INTO orders VALUES (1, 'a'), (2, 'b')");
    const rows = made.prepare('SELECT * FROM orders').iterate();
    rows.next();
    const error = errorOf(() => made.exec('DROP TABLE orders'));
    rows.return?.();
    await expectFailure(error, { kind: 'not-applied', why: 'SQLITE_LOCKED (6)' });
  });

  test.each([
    ['the key of another record', "INSERT INTO orders VALUES (1, 'b')", 1555],
    ['a missing value', 'INSERT INTO orders VALUES (2, NULL)', 1299],
    ['a value that a check refuses', "INSERT INTO orders VALUES (2, '')", 275],
    ['a value of another type', "INSERT INTO orders VALUES (2, x'00')", 3091],
    ['what a trigger refuses', "UPDATE orders SET name = 'no'", 1811],
  ])('%s: bad records', async (_, sql, errcode) => {
    const made = withTable();
    made.exec("INSERT INTO orders VALUES (1, 'a')");
    made.exec("CREATE TRIGGER t BEFORE UPDATE ON orders BEGIN SELECT RAISE(ABORT, 'never'); END");
    await expectFailure(
      errorOf(() => made.exec(sql)),
      { kind: 'bad-records', why: `SQLITE_CONSTRAINT (${errcode})` },
    );
  });

  test('a key that is no number: bad records', async () => {
    const made = withTable('CREATE TABLE orders (id INTEGER PRIMARY KEY)');
    const error = errorOf(() => made.exec("INSERT INTO orders VALUES ('one')"));
    await expectFailure(error, { kind: 'bad-records', why: 'SQLITE_MISMATCH (20)' });
  });

  test('a value that is too big: bad records', async () => {
    const made = withTable();
    const error = errorOf(() => made.exec('INSERT INTO orders SELECT 1, hex(zeroblob(1000000000))'));
    await expectFailure(error, { kind: 'bad-records', why: 'SQLITE_TOOBIG (18)' });
  });

  test('more parameters than a statement takes: too large', async () => {
    const marks = Array.from({ length: 40_000 }, () => '?').join(',');
    const error = errorOf(() => withTable().prepare(`SELECT ${marks}`));
    await expectFailure(error, { kind: 'too-large' });
  });

  test.each([
    ['a table that does not exist', 'INSERT INTO orders2 VALUES (1)'],
    ['a column that does not exist', 'INSERT INTO orders (nope) VALUES (1)'],
    ['a statement that makes no sense', 'INSERT INTO'],
  ])('%s: about the run', async (_, sql) => {
    await expectFailure(
      errorOf(() => withTable().exec(sql)),
      { kind: 'run-wide', why: 'SQLITE_ERROR (1)' },
    );
  });

  test('a database that is only read: about the run', async () => {
    withTable();
    const made = database({ readOnly: true });
    const error = errorOf(() => made.exec("INSERT INTO orders VALUES (1, 'a')"));
    await expectFailure(error, { kind: 'run-wide', why: 'SQLITE_READONLY (8)' });
  });

  test('a folder that does not exist: about the run', async () => {
    const error = errorOf(() => database({}, 'no/such/folder/orders.db'));
    await expectFailure(error, { kind: 'run-wide', why: 'SQLITE_CANTOPEN (14)' });
  });

  test('a file that is no database: about the run', async () => {
    writeFileSync(join(folder, 'orders.db'), 'these are not the bytes of a database'.repeat(100));
    const error = errorOf(() => database().exec('SELECT * FROM sqlite_master'));
    await expectFailure(error, { kind: 'run-wide', why: 'SQLITE_NOTADB (26)' });
  });

  test('a database that has grown to its bound: about the run', async () => {
    const made = withTable();
    made.exec('PRAGMA max_page_count = 2');
    const error = errorOf(() =>
      made.exec(
        'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) INSERT INTO orders SELECT i, hex(zeroblob(100)) FROM n',
      ),
    );
    await expectFailure(error, { kind: 'run-wide', why: 'SQLITE_FULL (13)' });
  });

  test('a database whose pages are damaged: about the run', async () => {
    const made = withTable();
    made.exec(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) INSERT INTO orders SELECT i, hex(zeroblob(100)) FROM n',
    );
    open.pop()?.close();
    const file = join(folder, 'orders.db');
    chmodSync(file, 0o600);
    writeFileSync(file, Buffer.alloc(4096 * 20, 0xff), { flag: 'r+' });
    const error = errorOf(() => database().prepare('SELECT count(*), max(name) FROM orders').get());
    await expectFailure(error, { kind: 'run-wide' });
  });
});

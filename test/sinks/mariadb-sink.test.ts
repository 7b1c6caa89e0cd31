import { beforeEach, describe, expect, test } from 'vitest';
import { classify } from '../../src/failures/index.ts';
import { type MariadbSinkOptions, mariadbSink } from '../../src/sinks/mariadb-sink.ts';
import { chunkOf, sinkContract } from '../../src/testing/index.ts';
import { MariadbPlace } from './mariadb-place.ts';
import { failureOf, signal, writeAll, writeOne } from './writing.ts';

const place = await MariadbPlace.reach();
beforeEach(() => place.clear());

function sink(options: Partial<MariadbSinkOptions> = {}) {
  return mariadbSink({ url: place.url, table: 'orders', ...options });
}

async function stored(): Promise<readonly unknown[]> {
  const rows = await place.rows('orders');
  return rows.map((row) => ({ ...row, id: exact(BigInt(row['id'] as string)) }));
}

const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

describe.each<[string, Partial<MariadbSinkOptions>]>([
  ['', {}],
  ['with a key ', { key: 'id' }],
  ['that replaces ', { ifExists: 'replace' }],
])('the contract %s', (kind, options) => {
  const contract = sinkContract({
    create: () => sink(options),
    clear: () => place.clear(),
    stored,
    refused: { id: 3, name: Number.NaN },
    isOrdered: options.key === undefined,
    secondRun: options.ifExists === 'replace' ? 'replaces' : 'adds',
  });
  for (const { name, run } of contract) test(`mariadbSink() ${kind}${name}`, run);
});

const types = `SELECT column_name AS name, column_type AS type FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'orders' ORDER BY ordinal_position`;

test('mariadbSink() infers columns in order of first appearance, with types that change no value', async () => {
  const day = new Date('2024-02-29T12:34:56.789Z');
  await writeAll(sink(), [
    { id: 1, price: 1, name: 'a\\\'"', tags: ['x'], ok: true, day, bytes: Buffer.from('a\0'), mixed: 1 },
    { id: 2n ** 60n + 1n, price: 1e-7, name: '007', tags: { a: [1] }, ok: false, late: 'b', mixed: true },
  ]);
  expect((await place.sql(types)).map(({ name, type }) => `${name} ${type}`)).toEqual([
    ...[
      'id bigint(20)',
      'price double',
      'name longtext',
      'tags longtext',
      'ok tinyint(1)',
      'day datetime(3)',
    ],
    ...['bytes longblob', 'mixed longtext', 'late longtext'],
  ]);
  expect(await place.rows('orders')).toEqual([
    {
      id: '1',
      price: 1,
      name: 'a\\\'"',
      tags: '["x"]',
      ok: 1,
      day: '2024-02-29 12:34:56.789',
      bytes: Buffer.from('a\0'),
      mixed: '1',
      late: null,
    },
    {
      id: String(2n ** 60n + 1n),
      price: 1e-7,
      name: '007',
      tags: '{"a":[1]}',
      ok: 0,
      day: null,
      bytes: null,
      mixed: 'true',
      late: 'b',
    },
  ]);
});

test.each<[string, unknown, unknown, string]>([
  ['a text among integers', 1, '007', 'was made for integers and would change another value'],
  ['a number among texts', 'a', 7, 'was made for texts'],
  ['a number that is none', 1.5, Number.NaN, 'is double, and cannot hold NaN'],
  ['half of a surrogate pair', 'a', '\ud800', 'holds half of a surrogate pair'],
])('mariadbSink() refuses %s, and names column and record', async (_, first, second, reason) => {
  const { code, message } = await failureOf(writeAll(sink(), [{ a: first }], [{ a: first }, { a: second }]));
  expect(code).toBe('REFUSED_RECORD');
  expect(message).toContain(`test.ndjson (record 3): Column "a" ${reason}`);
  expect(await place.rows('orders')).toHaveLength(1);
});

describe('mariadbSink(), when the table exists', () => {
  test.each([
    ['a text that is too long', { note: 'abcd' }],
    ['a text that is no number', { id: 'x' }],
    ['an integer out of range', { id: 2 ** 40 }],
    ['a date that is none', { day: '2024-02-30' }],
    ['null for what must not be', { needed: null }],
  ])('takes nothing of a chunk with %s, and says that it is about records', async (_, record) => {
    await place.sql('CREATE TABLE orders (id int, day date, note varchar(3), needed int NOT NULL DEFAULT 1)');
    const error = await writeAll(sink(), [{ id: 1 }, record]).catch((reason: unknown) => reason);
    expect(classify(error).kind).toBe('bad-records');
    expect(await place.rows('orders')).toEqual([]);
  });

  test('is strict and exact, whatever the server is set to: an id of 0 stays 0', async () => {
    await place.sql(
      'CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, ok varchar(5), at timestamp(3) NULL)',
    );
    await writeAll(sink(), [{ id: 0, ok: true, at: new Date('2024-07-01T00:00:00.123Z') }, { ok: false }]);
    const [first, second] = await place.sql(
      'SELECT id, ok, UNIX_TIMESTAMP(at) AS at FROM orders ORDER BY id',
    );
    expect(first).toEqual({ id: 0, ok: 'true', at: '1719792000.123' });
    expect(second).toMatchObject({ id: 1, ok: 'false' });
  });

  test('fails when it has no transactions', async () => {
    await place.sql('CREATE TABLE orders (id int) ENGINE = MyISAM');
    expect((await failureOf(writeAll(sink(), [{ id: 1 }]))).message).toContain(
      'an engine that has no transactions',
    );
  });

  test('finds its columns whatever their case, and fails when it lacks one', async () => {
    await place.sql('CREATE TABLE orders (ID int, Note text)');
    await writeAll(sink(), [{ id: 1, note: 'a' }]);
    expect(await place.rows('orders')).toEqual([{ ID: 1, Note: 'a' }]);
    expect((await failureOf(writeAll(sink({ columns: ['id', 'b'] }), [{ id: 1 }]))).message).toBe(
      'Table "orders" exists and has no column "b"',
    );
  });
});

test('mariadbSink() adds columns for later keys of a table it has made, also when chunks come at once', async () => {
  const output = sink();
  await output.open!({ signal });
  await writeOne(output, chunkOf([{ id: 1 }]));
  await Promise.all(
    [2, 3, 4, 5].map((id) => writeOne(output, chunkOf([{ id, [`c${id}`]: 'x', both: id }], { before: id }))),
  );
  await output.close!({ complete: true });
  const names = (await place.sql(types)).map(({ name }) => name);
  expect(names.toSorted()).toEqual(['both', 'c2', 'c3', 'c4', 'c5', 'id']);
  expect(await place.rows('orders')).toHaveLength(5);
});

describe('mariadbSink({ key })', () => {
  test('updates rows, the last of a chunk last, and leaves other columns as they are', async () => {
    await writeAll(sink({ key: ['a', 'b'] }), [
      { a: 1, b: 'x', c: 1, d: 1 },
      { a: 1, b: 'X', c: 2, d: 2 },
      { a: 1, b: 'x', c: 3, d: 3 },
      { a: 1, b: 'x', c: 4 },
      { a: 1, b: 'X' },
    ]);
    expect(await place.sql('SELECT b, c, d FROM orders ORDER BY c')).toEqual([
      { b: 'X', c: '2', d: '2' },
      { b: 'x', c: '4', d: '3' },
    ]);
  });

  test('tells texts apart that differ in case, accents or spaces at the end', async () => {
    const records = ['a', 'A', 'á', 'a '].map((id) => ({ id, c: 1 }));
    await writeAll(sink({ key: 'id' }), records);
    expect(await place.rows('orders')).toHaveLength(4);
  });

  test('fails when no unique index of the table fits it', async () => {
    await place.sql('CREATE TABLE orders (id int, c int)');
    expect((await failureOf(writeAll(sink({ key: 'id' }), [{ id: 1, c: 1 }]))).message).toBe(
      'Table "orders" exists without a primary key or unique index on "id"',
    );
  });

  test('does not go by another unique index: a record must not overwrite the row of another key', async () => {
    await place.sql(
      'CREATE TABLE orders (no int AUTO_INCREMENT PRIMARY KEY, id int UNIQUE, mail varchar(9) UNIQUE)',
    );
    await writeAll(sink({ key: 'id' }), [{ id: 1 }, { id: 1 }]);
    expect((await failureOf(writeAll(sink({ key: 'id' }), [{ id: 2, mail: 'a' }]))).message).toBe(
      'Table "orders" has another unique index (mail), by which an upsert would go as well: leave its columns out, or write without a key',
    );
    expect(await place.rows('orders')).toHaveLength(1);
  });
});

test.each([['`; DROP TABLE orders; --'], ["'quoted'"], ['\\'], ['ñ'.repeat(64)]])(
  'mariadbSink() quotes %j as the name of a table, a column and a key',
  async (name) => {
    await writeAll(sink({ table: name, key: name }), [{ [name]: 1, other: 2 }], [{ [name]: 1, other: 3 }]);
    expect(await place.rows(name)).toEqual([{ [name]: '1', other: '3' }]);
  },
);

test.each(['a'.repeat(65), 'a ', '👍'])(
  'mariadbSink() refuses the key %j as the name of a column',
  async (name) => {
    const { message } = await failureOf(writeAll(sink(), [{ [name]: 1 }]));
    expect(message).toContain('A key must be a name of at most 64 characters of the basic plane');
  },
);

test('mariadbSink() divides what is larger than the server takes at once, and refuses a record that is', async () => {
  const text = 'x'.repeat(5 * 1024 * 1024);
  await writeAll(
    sink(),
    Array.from({ length: 5 }, (_, id) => ({ id, text })),
  );
  expect(await place.rows('orders')).toHaveLength(5);
  const { code } = await failureOf(writeAll(sink(), [{ id: 9, text: text.repeat(4) }]));
  expect(code).toBe('REFUSED_RECORD');
  expect(await place.rows('orders')).toHaveLength(5);
});

test('mariadbSink() says where it writes, without a password', () => {
  expect(sink({ url: 'mysql://ada:canary@h:3307/shop?connectTimeout=5' }).name).toBe(
    'mariadb://h:3307/shop?table=orders',
  );
  expect(mariadbSink({ table: 'a', connection: { database: 'd', password: 'canary' } }).name).toBe(
    'mariadb://localhost:3306/d?table=a',
  );
});

test.each<[object, string]>([
  [{ url: 'postgres://ada:canary@h/d' }, 'url must be like mariadb://user:password@host/database'],
  [{ connection: { host: 'h' } }, 'url must be left out when connection is given'],
  [{ table: 'a ' }, 'table must be a name of at most 64 characters of the basic plane'],
  [{ columns: ['a', 'A'] }, 'columns must differ from each other, got "A" twice'],
])('mariadbSink(%j) is a TypeError', (options, message) => {
  expect(() => sink(options as Partial<MariadbSinkOptions>)).toThrow(TypeError);
  expect(() => sink(options as Partial<MariadbSinkOptions>)).toThrow(message);
  expect(() => sink(options as Partial<MariadbSinkOptions>)).not.toThrow(/canary/);
});

import { beforeEach, describe, expect, test } from 'vitest';
import { classify } from '../../src/failures/index.ts';
import { type PostgresSinkOptions, postgresSink } from '../../src/sinks/postgres-sink.ts';
import { chunkOf, sinkContract } from '../../src/testing/index.ts';
import { PostgresPlace } from './postgres-place.ts';
import { failureOf, signal, writeAll, writeOne } from './writing.ts';

const place = await PostgresPlace.reach();
beforeEach(() => place.clear());

function sink(options: Partial<PostgresSinkOptions> = {}) {
  return postgresSink({ url: place.url, table: 'orders', ...options });
}

const sql = (text: string) => place.sql(text);
const all = 'SELECT * FROM orders ORDER BY ctid';

async function stored(): Promise<readonly unknown[]> {
  if (!(await place.hasTable('orders'))) return [];
  const rows = await sql(all);
  return rows.map((row) => ({ ...row, id: exact(BigInt(row['id'] as string)) }));
}

const exact = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

describe.each<[string, Partial<PostgresSinkOptions>]>([
  ['', {}],
  ['with a key ', { key: 'id' }],
  ['that replaces ', { ifExists: 'replace' }],
])('the contract %s', (kind, options) => {
  const contract = sinkContract({
    create: () => sink(options),
    clear: () => place.clear(),
    stored,
    refused: { id: 3, name: '\0' },
    isOrdered: options.key === undefined,
    secondRun: options.ifExists === 'replace' ? 'replaces' : 'adds',
    without: ['nul'],
  });
  for (const { name, run } of contract) test(`postgresSink() ${kind}${name}`, run);
});

const types = `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
  WHERE attrelid = 'orders'::regclass AND attnum > 0 ORDER BY attnum`;

test('postgresSink() infers columns in order of first appearance, with types that change no value', async () => {
  const day = new Date('2024-02-29T12:34:56.789Z');
  await writeAll(sink(), [
    {
      id: 1,
      price: 1,
      name: 'a',
      tags: ['x'],
      ok: true,
      day,
      bytes: Buffer.from('a\0'),
      mixed: 1,
      none: null,
    },
    { id: 2n ** 60n + 1n, price: 1.5, name: '007', tags: { a: [1] }, ok: false, late: 'b', mixed: '1' },
  ]);
  expect(await place.sql(types)).toEqual([
    { name: 'id', type: 'bigint' },
    { name: 'price', type: 'double precision' },
    { name: 'name', type: 'text' },
    { name: 'tags', type: 'jsonb' },
    { name: 'ok', type: 'boolean' },
    { name: 'day', type: 'timestamp with time zone' },
    { name: 'bytes', type: 'bytea' },
    { name: 'mixed', type: 'text' },
    { name: 'none', type: 'text' },
    { name: 'late', type: 'text' },
  ]);
  const none = { none: null };
  expect(await place.sql('SELECT * FROM orders')).toEqual([
    {
      id: '1',
      price: 1,
      name: 'a',
      tags: ['x'],
      ok: true,
      day,
      bytes: Buffer.from('a\0'),
      mixed: '1',
      late: null,
      ...none,
    },
    {
      id: String(2n ** 60n + 1n),
      price: 1.5,
      name: '007',
      tags: { a: [1] },
      ok: false,
      day: null,
      bytes: null,
      mixed: '1',
      late: 'b',
      ...none,
    },
  ]);
});

test.each<[string, unknown, unknown, string]>([
  ['a text among integers', 1, '007', 'was made for integers and would change another value'],
  ['a fraction among integers', 1, 1.5, 'was made for integers'],
  ['a number among texts', 'a', 7, 'was made for texts'],
  ['NUL', 'a', 'a\0', 'holds a NUL character, which PostgreSQL cannot hold'],
  ['half of a surrogate pair', 'a', '\ud800', 'holds half of a surrogate pair'],
])('postgresSink() refuses %s, and names column and record', async (_, first, second, reason) => {
  const { code, message } = await failureOf(writeAll(sink(), [{ a: first }], [{ a: first }, { a: second }]));
  expect(code).toBe('REFUSED_RECORD');
  expect(message).toContain(`test.ndjson (record 3): Column "a" ${reason}`);
  expect(await place.sql('SELECT * FROM orders')).toHaveLength(1);
});

describe('postgresSink(), when the table exists', () => {
  test('converts by the types of its columns, and leaves others to their defaults', async () => {
    await place.sql(`CREATE TABLE orders (id int PRIMARY KEY, price numeric(6, 2), day date, note varchar(3),
      tags text[], extra json, at timestamptz DEFAULT '2024-01-01Z', kind text GENERATED ALWAYS AS ('k') STORED)`);
    await writeAll(sink(), [
      { id: '12', price: '1.50', day: '2024-02-29', note: 'abc', tags: ['a"b', 'c,d'], extra: { a: '1' } },
      { id: 13, price: 2n, note: null },
    ]);
    expect(await place.sql('SELECT id, price, day::text, note, tags, extra, at, kind FROM orders')).toEqual([
      {
        id: 12,
        price: '1.50',
        day: '2024-02-29',
        note: 'abc',
        tags: ['a"b', 'c,d'],
        extra: { a: '1' },
        at: new Date('2024-01-01Z'),
        kind: 'k',
      },
      {
        id: 13,
        price: '2.00',
        day: null,
        note: null,
        tags: null,
        extra: null,
        at: new Date('2024-01-01Z'),
        kind: 'k',
      },
    ]);
  });

  test('has rows of defaults for records without keys', async () => {
    await place.sql(`CREATE TABLE orders (id serial, kind text DEFAULT 'k')`);
    await writeAll(sink(), [{}, { kind: 'x' }, {}]);
    expect(await place.sql('SELECT * FROM orders ORDER BY id')).toEqual([
      { id: 1, kind: 'k' },
      { id: 2, kind: 'x' },
      { id: 3, kind: 'k' },
    ]);
  });

  test.each([
    ['a text that is too long', { note: 'abcd' }],
    ['a text that is no number', { id: 'x' }],
    ['a fraction for an integer', { id: 1.5 }],
    ['an integer out of range', { id: 2 ** 40 }],
    ['a number that is none', { id: Number.NaN }],
    ['a nested value for a date', { day: { a: 1 } }],
  ])('takes nothing of a chunk with %s, and says that it is about records', async (_, record) => {
    await place.sql('CREATE TABLE orders (id int, day date, note varchar(3))');
    const error = await writeAll(sink(), [{ id: 1 }, record]).catch((reason: unknown) => reason);
    expect(classify(error).kind).toBe('bad-records');
    expect(await place.sql(all)).toEqual([]);
  });

  test('refuses a key that it has no column for', async () => {
    await place.sql('CREATE TABLE orders (id int)');
    expect((await failureOf(writeAll(sink(), [{ id: 1 }, { id: 2, b: 3 }]))).message).toContain(
      '(record 2): Table "orders" has no column "b": add it, or choose columns with the columns option',
    );
  });

  test('fails when it lacks a given column, or must not exist', async () => {
    await place.sql('CREATE TABLE orders (id int)');
    expect(await failureOf(writeAll(sink({ columns: ['id', 'b'] }), [{ id: 1 }]))).toEqual({
      code: 'SINK_FAILED',
      message: 'Table "orders" exists and has no column "b"',
    });
    expect((await failureOf(writeAll(sink({ ifExists: 'fail' })))).message).toBe(
      'Table "orders" exists already',
    );
  });
});

test('postgresSink() adds columns for later keys of a table it has made, also when chunks come at once', async () => {
  const output = sink();
  await output.open!({ signal });
  await writeOne(output, chunkOf([{ id: 1 }]));
  await Promise.all(
    [2, 3, 4, 5].map((id) => writeOne(output, chunkOf([{ id, [`c${id}`]: 'x', both: id }], { before: id }))),
  );
  await output.close!({ complete: true });
  const names = (await place.sql(types)).map(({ name }) => name);
  expect(names.toSorted()).toEqual(['both', 'c2', 'c3', 'c4', 'c5', 'id']);
  expect(await place.sql('SELECT * FROM orders')).toHaveLength(5);
});

test('postgresSink({ key }) updates rows, the last of a chunk last, and leaves other columns as they are', async () => {
  const output = sink({ key: ['a', 'b'] });
  await writeAll(output, [
    { a: 1, b: 'x', c: 1, d: 1 },
    { a: 1, b: 'y', c: 2, d: 2 },
    { a: 1, b: 'x', c: 3, d: 3 },
    { a: 1, b: 'x', c: 4 },
    { a: 1, b: 'y' },
  ]);
  expect(await place.sql('SELECT * FROM orders ORDER BY b')).toEqual([
    { a: '1', b: 'x', c: '4', d: '3' },
    { a: '1', b: 'y', c: '2', d: '2' },
  ]);
});

test('postgresSink({ key }) takes keys for one that are one to the column, and refuses null', async () => {
  await place.sql('CREATE TABLE orders (id int PRIMARY KEY, c int)');
  await writeAll(sink({ key: 'id' }), [
    { id: 1, c: 1 },
    { id: '1', c: 2 },
  ]);
  expect(await place.sql(all)).toEqual([{ id: 1, c: 2 }]);
  expect((await failureOf(writeAll(sink({ key: 'id' }), [{ id: null, c: 1 }]))).message).toContain(
    'Column "id" is part of the key and must have a value',
  );
});

test('postgresSink({ key }) fails when no unique index of the table fits it', async () => {
  await place.sql('CREATE TABLE orders (id int, c int, UNIQUE (id, c))');
  expect((await failureOf(writeAll(sink({ key: 'id' }), [{ id: 1, c: 1 }]))).message).toBe(
    'Table "orders" exists without a primary key or unique index on "id"',
  );
  await writeAll(sink({ key: ['c', 'id'] }), [{ id: 1, c: 1 }]);
});

test.each([['"; DROP TABLE orders; --'], ["'quoted'"], ['${x}'], ['ñ'.repeat(31)]])(
  'postgresSink() quotes %j as the name of a table, a column and a key',
  async (name) => {
    await writeAll(sink({ table: name, key: name }), [{ [name]: 1, other: 2 }], [{ [name]: 1, other: 3 }]);
    expect(await place.sql(`SELECT * FROM "${name.replaceAll('"', '""')}"`)).toEqual([
      { [name]: '1', other: '3' },
    ]);
  },
);

test('postgresSink() refuses a key that PostgreSQL would cut to become a column', async () => {
  const { message } = await failureOf(writeAll(sink(), [{ ['a'.repeat(64)]: 1 }]));
  expect(message).toContain('A key must be a name of at most 63 bytes without NUL characters');
});

test('postgresSink() writes more values at once than a statement can have parameters', async () => {
  const wide = (id: number) => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`c${i}`, id * i]));
  await writeAll(
    sink(),
    Array.from({ length: 1_000 }, (_, id) => wide(id)),
  );
  expect(await place.sql('SELECT count(*), max(c99) FROM orders')).toEqual([{ count: '1000', max: '98901' }]);
});

test('postgresSink() divides what is large into statements', async () => {
  const text = 'x'.repeat(3 * 1024 * 1024);
  await writeAll(
    sink({ key: 'id' }),
    Array.from({ length: 9 }, (_, id) => ({ id, text })),
  );
  expect(await place.sql('SELECT count(*), min(length(text)) FROM orders')).toEqual([
    { count: '9', min: text.length },
  ]);
});

test('postgresSink() has tables ready after a run without a chunk', async () => {
  await writeAll(sink({ columns: { a: 'integer', b: 'text' }, key: 'a' }));
  expect(await place.sql(types)).toHaveLength(2);
  await place.sql('INSERT INTO orders VALUES (1)');
  await writeAll(sink());
  expect(await place.sql(all)).toHaveLength(1);
  await writeAll(sink({ ifExists: 'replace' }));
  expect(await place.sql(all)).toEqual([]);
});

test('postgresSink() says where it writes, without a password', () => {
  expect(sink({ url: 'postgresql://ada:canary@h:5433/shop?sslmode=disable' }).name).toBe(
    'postgres://h:5433/shop?table=orders',
  );
  const { url: _, ...options } = {
    url: undefined,
    table: 'a b',
    connection: { host: 'h', password: 'canary' },
  };
  expect(postgresSink(options).name).toBe('postgres://h:5432/?table=a%20b');
});

test.each<[object, string]>([
  [{ url: 'mysql://ada:canary@h/d' }, 'url must be like postgres://user:password@host/database'],
  [{ url: 'canary' }, 'url must be like postgres://user:password@host/database'],
  [{ connection: { host: 'h' } }, 'url must be left out when connection is given'],
  [{ table: '' }, 'table must be a name of at most 63 bytes without NUL characters, got ""'],
  [{ table: 'a'.repeat(64) }, 'table must be a name of at most 63 bytes'],
  [{ key: ['a', 'b\0'] }, 'key must be a name of at most 63 bytes'],
  [{ columns: [] }, 'columns must be at least one column'],
  [{ columns: ['a', 'a'] }, 'columns must differ from each other, got "a" twice'],
  [{ columns: ['a'], key: 'b' }, 'key must be among the columns, got "b"'],
  [{ columns: { a: 'text); DROP TABLE x; --' } }, 'columns.a must be a type such as integer'],
  [{ ifExists: 'merge' }, 'ifExists must be one of append, replace, fail, got "merge"'],
])('postgresSink(%j) is a TypeError', (options, message) => {
  expect(() => sink(options as Partial<PostgresSinkOptions>)).toThrow(TypeError);
  expect(() => sink(options as Partial<PostgresSinkOptions>)).toThrow(message);
  expect(() => sink(options as Partial<PostgresSinkOptions>)).not.toThrow(/canary/);
});

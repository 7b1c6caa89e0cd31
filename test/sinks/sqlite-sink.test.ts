import { rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isTransient } from '../../src/failures/index.ts';
import { type SqliteSinkOptions, sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { chunkOf, sinkContract } from '../../src/testing/index.ts';
import { temporaryFolder } from './folder.ts';
import { context, failureOf, signal, writeAll, writeOne } from './writing.ts';

const path = temporaryFolder();

function sink(options: Partial<SqliteSinkOptions> = {}) {
  return sqliteSink({ file: path('test.db'), table: 'orders', ...options });
}

function sql(text: string): Record<string, unknown>[] {
  const db = new DatabaseSync(path('test.db'));
  try {
    const query = db.prepare(text);
    query.setReadBigInts(true);
    return query.all().map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, small(v)])));
  } finally {
    db.close();
  }
}

function small(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function execute(text: string): void {
  const db = new DatabaseSync(path('test.db'));
  db.exec(text);
  db.close();
}

const all = 'SELECT * FROM orders ORDER BY rowid';
const columns = `SELECT name, type FROM pragma_table_info('orders')`;

/** All rows, texts read as bytes: Node 22 reads a text up to a NUL only. */
function storedTexts(): Record<string, unknown>[] {
  const asBytes = sql(columns).map((column) => {
    const name = `"${String(column['name']).replaceAll('"', '""')}"`;
    return `iif(typeof(${name}) = 'text', CAST(${name} AS BLOB), ${name}) ${name}`;
  });
  return sql(`SELECT ${asBytes.join(', ')} FROM orders ORDER BY rowid`).map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([k, v]) => [k, v instanceof Uint8Array ? Buffer.from(v).toString() : v]),
    ),
  );
}

describe.each<[string, Partial<SqliteSinkOptions>]>([
  ['', {}],
  ['with a key ', { key: 'id' }],
  ['that replaces ', { ifExists: 'replace' }],
])('the contract %s', (kind, options) => {
  const contract = sinkContract({
    create: () => sink(options),
    clear: () => {
      for (const ending of ['', '-wal', '-shm']) rmSync(`${path('test.db')}${ending}`, { force: true });
    },
    stored: async () => (sql(columns).length === 0 ? [] : storedTexts()),
    refused: { id: 3, name: Number.NaN },
    isOrdered: options.key === undefined,
    secondRun: options.ifExists === 'replace' ? 'replaces' : 'adds',
  });
  for (const { name, run } of contract) test(`sqliteSink() ${kind}${name}`, run);
});

test('sqliteSink() infers columns in order of first appearance, with types that change no value', async () => {
  const records = [
    { id: 1, price: 1, name: 'a', tags: ['x'], ok: true, mixed: 1, none: null },
    { id: 2n ** 60n + 1n, price: 1.5, name: '007', tags: null, ok: false, mixed: '1', late: '1' },
  ];
  await writeAll(sink(), records);
  expect(sql(columns)).toEqual([
    { name: 'id', type: 'INTEGER' },
    { name: 'price', type: 'REAL' },
    { name: 'name', type: 'TEXT' },
    { name: 'tags', type: 'TEXT' },
    { name: 'ok', type: 'INTEGER' },
    { name: 'mixed', type: '' },
    { name: 'none', type: '' },
    { name: 'late', type: 'TEXT' },
  ]);
  expect(sql(all)).toEqual([
    { id: 1, price: 1, name: 'a', tags: '["x"]', ok: 1, mixed: 1, none: null, late: null },
    { id: 2n ** 60n + 1n, price: 1.5, name: '007', tags: null, ok: 0, mixed: '1', none: null, late: '1' },
  ]);
  expect(sql('SELECT typeof(mixed) t FROM orders ORDER BY rowid')).toEqual([{ t: 'integer' }, { t: 'text' }]);
});

test('sqliteSink() refuses a later value that its inferred column would change, and names column and record', async () => {
  const { code, message } = await failureOf(writeAll(sink(), [{ zip: 1 }], [{ zip: 2 }, { zip: '007' }]));
  expect(code).toBe('REFUSED_RECORD');
  expect(message).toBe(
    'test.ndjson (record 3): Column "zip" is INTEGER and would change a text that looks like a number: ' +
      'make it a number in a transform, or declare the column as TEXT',
  );
  expect(sql(all)).toEqual([{ zip: 1 }]);
});

test('sqliteSink() adds a column for a later key of a table it has made', async () => {
  await writeAll(sink(), [{ a: 1 }], [{ a: 2 }, { a: 3, b: 'x' }, { a: 4, b: 'y', c: 1.5 }]);
  expect(sql(columns).slice(1)).toEqual([
    { name: 'b', type: 'TEXT' },
    { name: 'c', type: 'REAL' },
  ]);
  expect(sql('SELECT a, b, c FROM orders WHERE a > 2')).toEqual([
    { a: 3, b: 'x', c: null },
    { a: 4, b: 'y', c: 1.5 },
  ]);
});

test('sqliteSink() takes back a column that was added for a chunk that failed', async () => {
  const output = sink();
  await output.open!({ signal });
  await writeOne(output, chunkOf([{ a: 1 }]));
  expect((await failureOf(writeOne(output, chunkOf([{ a: 2, b: 'x' }, 7])))).code).toBe('REFUSED_RECORD');
  await writeOne(output, chunkOf([{ a: 2, b: 2.5 }]));
  await output.close!({ complete: true });
  expect(sql(columns)).toEqual([
    { name: 'a', type: 'INTEGER' },
    { name: 'b', type: 'REAL' },
  ]);
  expect(sql(all)).toEqual([
    { a: 1, b: null },
    { a: 2, b: 2.5 },
  ]);
});

test('sqliteSink() does not replace the table again after a chunk that failed', async () => {
  execute('CREATE TABLE orders (old)');
  const output = sink({ ifExists: 'replace' });
  await output.open!({ signal });
  await failureOf(writeOne(output, chunkOf([7])));
  expect(sql(columns)).toEqual([{ name: 'old', type: '' }]);
  await writeOne(output, chunkOf([{ a: 1 }]));
  await failureOf(writeOne(output, chunkOf([{ a: 2 }, 7])));
  await writeOne(output, chunkOf([{ a: 3 }]));
  await output.close!({ complete: true });
  expect(sql(all)).toEqual([{ a: 1 }, { a: 3 }]);
});

test('sqliteSink() takes given columns for a choice: what else a record has is left out, what it lacks is null', async () => {
  await writeAll(sink({ columns: ['b', 'a'] }), [{ a: 1, c: 9 }], [{ a: 2, b: 'x', d: 9 }]);
  expect(sql(columns)).toEqual([
    { name: 'b', type: '' },
    { name: 'a', type: 'INTEGER' },
  ]);
  expect(sql(all)).toEqual([
    { b: null, a: 1 },
    { b: 'x', a: 2 },
  ]);
});

test('sqliteSink() takes types as they are given', async () => {
  const given = { id: 'INTEGER NOT NULL', zip: 'VARCHAR(20)', price: 'DECIMAL(10, 2)', any: '' };
  await writeAll(sink({ columns: given }), [{ id: '7', zip: 1234, price: '1.5', any: 5 }]);
  expect(sql(columns).map(({ type }) => type)).toEqual(['INTEGER', 'VARCHAR(20)', 'DECIMAL(10, 2)', '']);
  expect(sql(all)).toEqual([{ id: 7, zip: '1234', price: 1.5, any: 5 }]);
});

test('sqliteSink() names the record that breaks a constraint of the table', async () => {
  const work = writeAll(sink({ columns: { id: 'INTEGER NOT NULL' } }), [{ id: 1 }, {}]);
  expect(await failureOf(work)).toEqual({
    code: 'REFUSED_RECORD',
    message: 'test.ndjson (record 2): NOT NULL constraint failed: orders.id',
  });
});

describe('sqliteSink(), when the table exists', () => {
  test('finds its columns whatever their case, and leaves others to their defaults', async () => {
    execute(`CREATE TABLE orders (ID INTEGER PRIMARY KEY, state TEXT DEFAULT 'new', note TEXT)`);
    await writeAll(sink(), [{ id: 1, note: 'a' }], [{ note: 'b' }, { id: 9, state: null }]);
    expect(sql(all)).toEqual([
      { ID: 1, state: 'new', note: 'a' },
      { ID: 2, state: 'new', note: 'b' },
      { ID: 9, state: null, note: null },
    ]);
  });

  test('refuses a key that it has no column for, and names it', async () => {
    execute('CREATE TABLE orders (a)');
    expect(await failureOf(writeAll(sink(), [{ a: 1 }, { a: 2, b: 3 }]))).toEqual({
      code: 'REFUSED_RECORD',
      message:
        'test.ndjson (record 2): Table "orders" has no column "b": add it, or choose columns with the columns option',
    });
    expect(sql(all)).toEqual([]);
  });

  test('fails when it lacks a given column', async () => {
    execute('CREATE TABLE orders (a)');
    expect(await failureOf(writeAll(sink({ columns: ['a', 'b'] }), [{ a: 1 }]))).toEqual({
      code: 'SINK_FAILED',
      message: 'Table "orders" exists and has no column "b"',
    });
  });

  test('fails at once when it must not exist', async () => {
    execute('CREATE TABLE orders (a)');
    expect(await failureOf(sink({ ifExists: 'fail' }).open!({ signal }))).toEqual({
      code: 'SINK_FAILED',
      message: 'Table "orders" exists already',
    });
  });

  test('takes numbers written as texts, as CSV has them, when nothing of the text is lost', async () => {
    execute('CREATE TABLE orders (id INTEGER, price REAL, zip TEXT)');
    await writeAll(sink(), [{ id: '12', price: '1.5', zip: '007' }]);
    expect(sql(all)).toEqual([{ id: 12, price: 1.5, zip: '007' }]);
    expect((await failureOf(writeAll(sink(), [{ id: '012', price: '1', zip: '' }]))).message).toContain(
      '"id"',
    );
  });

  test('keeps every value in an ANY column of a STRICT table', async () => {
    execute('CREATE TABLE orders (a ANY) STRICT');
    await writeAll(sink(), [{ a: '007' }, { a: 5 }]);
    expect(sql('SELECT a, typeof(a) t FROM orders')).toEqual([
      { a: '007', t: 'text' },
      { a: 5, t: 'integer' },
    ]);
  });
});

describe('sqliteSink({ key })', () => {
  test('makes it the primary key and updates rows whose key is there', async () => {
    const key = ['a', 'b'];
    await writeAll(sink({ key }), [
      { a: 1, b: 'x', c: 1 },
      { a: 1, b: 'y', c: 2 },
    ]);
    await writeAll(sink({ key }), [
      { a: 1, b: 'x', c: 3 },
      { a: 2, b: 'x', c: 4 },
      { a: 2, b: 'x', c: 5 },
    ]);
    expect(sql('SELECT * FROM orders ORDER BY a, b')).toEqual([
      { a: 1, b: 'x', c: 3 },
      { a: 1, b: 'y', c: 2 },
      { a: 2, b: 'x', c: 5 },
    ]);
  });

  test('leaves columns as they are that a record does not have', async () => {
    await writeAll(sink({ key: 'id' }), [{ id: 1, a: 1, b: 1 }], [{ id: 1, a: 2 }]);
    expect(sql(all)).toEqual([{ id: 1, a: 2, b: 1 }]);
  });

  test('keeps a row that has nothing but its key', async () => {
    await writeAll(sink({ key: 'id' }), [{ id: 1 }, { id: 1 }], [{ id: 1 }, { id: 2 }]);
    expect(sql(all)).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test.each([
    ['null', { id: null, a: 1 }],
    ['nothing', { a: 1 }],
  ])('refuses a record that has %s for it', async (_, record) => {
    const { code, message } = await failureOf(writeAll(sink({ key: 'id' }), [{ id: 1, a: 1 }, record]));
    expect([code, message]).toEqual([
      'REFUSED_RECORD',
      'test.ndjson (record 2): Column "id" is part of the key and must have a value',
    ]);
  });

  test('fails when no unique index of the table fits it', async () => {
    execute('CREATE TABLE orders (id)');
    expect(await failureOf(writeAll(sink({ key: 'id' }), [{ id: 1 }]))).toEqual({
      code: 'SINK_FAILED',
      message: 'Table "orders" exists without a primary key or unique index on "id"',
    });
  });
});

describe('sqliteSink(), after a run without a chunk', () => {
  test('has made a table of the given columns', async () => {
    await writeAll(sink({ columns: { a: 'INTEGER', b: 'TEXT' }, key: 'a' }));
    expect(sql(columns)).toHaveLength(2);
  });

  test('has emptied a table that was to be replaced', async () => {
    execute('CREATE TABLE orders (a); INSERT INTO orders VALUES (1)');
    await writeAll(sink({ ifExists: 'replace' }));
    expect(sql(all)).toEqual([]);
  });

  test('has left a table as it was that was to be added to', async () => {
    execute('CREATE TABLE orders (a); INSERT INTO orders VALUES (1)');
    await writeAll(sink());
    expect(sql(all)).toEqual([{ a: 1 }]);
  });
});

test('sqliteSink({ ifExists: "replace" }) run twice does not double the rows', async () => {
  for (let run = 0; run < 2; run++) await writeAll(sink({ ifExists: 'replace' }), [{ a: 1 }], [{ a: 2 }]);
  expect(sql(all)).toEqual([{ a: 1 }, { a: 2 }]);
});

test.each([
  ['"; DROP TABLE orders; --'],
  ['a"b'],
  ["'quoted'"],
  ['[brackets]'],
  ['`ticks`'],
  ['select'],
  ['naïve 日本'],
  ['${x}'],
  ['a'.repeat(1_000)],
])('sqliteSink() quotes %j as the name of a table, a column and a key', async (name) => {
  await writeAll(sink({ table: name, key: name }), [{ [name]: 1, other: 2 }], [{ [name]: 1, other: 3 }]);
  expect(sql(`SELECT * FROM "${name.replaceAll('"', '""')}"`)).toEqual([{ [name]: 1, other: 3 }]);
});

test.each([
  ['an empty key', { '': 1 }, 'A key cannot be the name of a column'],
  ['a key with NUL', { 'a\0b': 1 }, 'A key cannot be the name of a column'],
  ['keys that differ in case only', { id: 1, ID: 2 }, 'Key "ID" and column "id" are one name to SQLite'],
  ['a text', 'text', 'A row must be made of an object, this is a string'],
  ['an array', [1], 'A row must be made of an object, this is an array'],
  ['null', null, 'A row must be made of an object, this is null'],
])('sqliteSink() refuses %s, and names the record', async (_, record, reason) => {
  const { code, message } = await failureOf(writeAll(sink(), [{ a: 1 }, record]));
  expect([code, message]).toEqual(['REFUSED_RECORD', expect.stringContaining(`(record 2): ${reason}`)]);
  expect(sql(columns)).toEqual([]);
});

test('sqliteSink() refuses a later key that differs from a column in case only', async () => {
  const { message } = await failureOf(writeAll(sink(), [{ id: 1 }], [{ ID: 2 }]));
  expect(message).toContain('(record 2): Key "ID" and column "id" are one name to SQLite');
});

test('sqliteSink() refuses more columns than a table can have', async () => {
  const wide = Object.fromEntries(Array.from({ length: 2_001 }, (_, i) => [`c${i}`, i]));
  const { c0, ...fits } = wide;
  expect((await failureOf(writeAll(sink(), [wide]))).message).toContain('A table has at most 2,000 columns');
  await writeAll(sink(), [fits]);
  expect((await failureOf(writeAll(sink(), [fits], [{ c0 }]))).code).toBe('REFUSED_RECORD');
});

test('sqliteSink() takes records of many shapes', async () => {
  const records = Array.from({ length: 1_000 }, (_, i) =>
    Object.fromEntries([
      ['id', i],
      ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((b) => i & (1 << b)).map((b) => [`b${b}`, i]),
    ]),
  );
  await writeAll(sink(), records);
  expect(sql('SELECT count(*) n, sum(b0) a, sum(b9) b FROM orders')).toEqual([
    { n: 1_000, a: 250_000, b: ((512 + 999) * 488) / 2 },
  ]);
});

describe('sqliteSink(), when another connection holds the write lock', () => {
  let other: DatabaseSync;
  beforeEach(() => {
    execute('PRAGMA journal_mode = WAL; CREATE TABLE orders (a)');
    other = new DatabaseSync(path('test.db'));
    other.exec('BEGIN IMMEDIATE');
  });
  afterEach(() => other.close());

  test('fails with an error that passes, and succeeds later', async () => {
    const output = sink();
    await output.open!({ signal });
    const chunk = chunkOf([{ a: 1 }]);
    const error: unknown = await writeOne(output, chunk).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errcode: 5 });
    expect(isTransient(error)).toBe(true);
    other.exec('ROLLBACK');
    await output.write(chunk, { ...context, attempt: 2 });
    await output.close!({ complete: true });
    expect(sql(all)).toEqual([{ a: 1 }]);
  });
});

test('sqliteSink() has a chunk in the file when its write resolves, synced by SQLite', async () => {
  const output = sink();
  await output.open!({ signal });
  await writeOne(output, chunkOf([{ a: 1 }]));
  expect(sql('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  expect(sql(all)).toEqual([{ a: 1 }]);
  await output.close!({ complete: false });
});

test('sqliteSink() cannot be opened on a file that is no database', async () => {
  writeFileSync(path('test.db'), 'no database at all, and long enough to be read as one'.repeat(20));
  await expect(sink().open!({ signal })).rejects.toMatchObject({ errcode: 26 });
});

test.each<[Partial<SqliteSinkOptions>, string]>([
  [{ file: '' }, 'file must be a path or a file URL, got ""'],
  [{ table: '' }, 'table must be a name without NUL characters, got ""'],
  [{ table: 'a\0b' }, 'table must be a name without NUL characters, got "a\\u0000b"'],
  [{ key: ['a', ''] }, 'key must be a name without NUL characters, got ""'],
  [{ columns: [] }, 'columns must be at least one column, got an array'],
  [{ columns: ['a', 'A'] }, 'columns must differ from each other, got "A" twice'],
  [{ columns: ['a'], key: 'b' }, 'key must be among the columns, got "b"'],
  [
    { columns: { a: 'TEXT); DROP TABLE x; --' } },
    'columns.a must be a type such as INTEGER, got "TEXT); DROP TABLE x; --"',
  ],
  [{ ifExists: 'merge' as 'fail' }, 'ifExists must be one of append, replace, fail, got "merge"'],
])('sqliteSink(%j) is a TypeError', (options, message) => {
  expect(() => sink(options)).toThrow(new TypeError(message));
});

test.each<[Partial<SqliteSinkOptions>, string]>([
  [{}, 'at-least-once'],
  [{ key: 'id' }, 'effectively-once'],
  [{ ifExists: 'replace' }, 'exactly-once'],
])('sqliteSink(%j) guarantees %s', (options, guarantee) => {
  expect(sink(options).guarantee).toBe(guarantee);
});

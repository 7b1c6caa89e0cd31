import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { checkSinkFlags, describeSink, parseSink, tableNameOf } from '../../src/cli/sink-argument.ts';

describe('parseSink', () => {
  test.each([
    ['-', { kind: 'stdout' }, 'stdout'],
    ['out.csv.gz', { kind: 'file', file: 'out.csv.gz' }, 'out.csv.gz'],
    ['./ab:c.csv', { kind: 'file', file: './ab:c.csv' }, './ab:c.csv'],
    ['C:\\out.csv', { kind: 'file', file: 'C:\\out.csv' }, 'C:\\out.csv'],
    [
      'sqlite:a.db?table=t',
      { kind: 'sqlite', file: 'a.db', table: 't', isTableDerived: false },
      'a.db (table t)',
    ],
    [
      'sqlite:a.db?table=my+table&key=id,day',
      { kind: 'sqlite', file: 'a.db', table: 'my table', key: ['id', 'day'], isTableDerived: false },
      'a.db (table my table)',
    ],
    [
      'SQLITE:/data/a.db',
      { kind: 'sqlite', file: '/data/a.db', table: 'orders', isTableDerived: true },
      '/data/a.db (table orders)',
    ],
    [
      'postgresql://ada:canary@h:5433/shop?table=my+table&key=id,day&sslmode=require',
      {
        kind: 'postgres',
        url: 'postgresql://ada:canary@h:5433/shop?sslmode=require',
        table: 'my table',
        key: ['id', 'day'],
        isTableDerived: false,
      },
      'h:5433/shop (table my table)',
    ],
    [
      'mysql://h/shop',
      { kind: 'mariadb', url: 'mysql://h/shop', table: 'orders', isTableDerived: true },
      'h/shop (table orders)',
    ],
    [
      'https://ada:canary@h/p?token=canary',
      { kind: 'http', url: 'https://ada:canary@h/p?token=canary' },
      'https://h/p',
    ],
  ] as const)('reads %s', (argument, place, name) => {
    const found = parseSink(argument, 'in/orders.json.gz');
    expect(found).toEqual(place);
    expect(describeSink(found)).toBe(name);
  });

  test.each([
    [
      'ftp://h/x',
      'There is no sink ftp: – there are sqlite:FILE?table=NAME, postgres://…, mariadb://…, https://…, a file, and -',
    ],
    ['postgres://ada:canary@h', 'The sink is no valid address: postgres://host/database?table=NAME'],
    ['mariadb://ada:canary@h:99999/db', 'The sink is no valid address: mariadb://host/database?table=NAME'],
    ['mongodb://ada:canary@h/db', 'There is no sink mongodb:'],
    ['sqlite:', 'sqlite: needs a file'],
    ['sqlite:?table=t', 'sqlite: needs a file'],
    ['sqlite:a.db?tabel=t', 'sqlite: has no parameter tabel – there are table and key'],
    ['http://ada:canary@h:99999/', 'The sink is no valid address'],
  ])('refuses %s, and says what there is', (argument, message) => {
    expect(() => parseSink(argument, 'a.csv')).toThrow(UsageError);
    expect(() => parseSink(argument, 'a.csv')).toThrow(message);
    expect(() => parseSink(argument, 'a.csv')).not.toThrow(/canary/);
  });
});

describe('tableNameOf', () => {
  test.each([
    ['data/orders.json.gz', 'orders'],
    ['orders', 'orders'],
    ['https://h/export/items.json?x=1#y', 'items'],
    ['https://example.com', 'records'],
    ['https://h/export/', 'export'],
    ['-', 'records'],
    ['logs/*.ndjson', 'records'],
    ['part-{1,2}.csv', 'records'],
    ['.hidden', 'records'],
  ])('calls the table of %s %s', (source, table) => {
    expect(tableNameOf(source)).toBe(table);
  });
});

describe('checkSinkFlags', () => {
  const sqlite = parseSink('sqlite:a.db?table=t', 'a.csv');
  const file = parseSink('o.csv', 'a.csv');
  const http = parseSink('https://h/', 'a.csv');
  const stdout = parseSink('-', 'a.csv');

  test.each([
    [file, { key: 'id' }, '--key is for the sink sqlite: or postgres: or mariadb:, and this one is a file'],
    [
      http,
      { columns: 'id' },
      '--columns is for the sink sqlite: or postgres: or mariadb: or a file or -, and this one is https://…',
    ],
    [parseSink('a.db', 'a.csv'), {}, 'The sink for a database is sqlite:a.db?table=NAME'],
    [sqlite, { to: 'csv' }, '--to is for the sink a file or -, and this one is sqlite:'],
    [http, { to: 'ndjson' }, '--to'],
    [stdout, { ifExists: 'fail' }, '--if-exists'],
    [http, { escapeFormulas: true }, '--escape-formulas'],
    [sqlite, { method: 'PUT' }, '--method is for the sink https://…, and this one is sqlite:'],
    [sqlite, { body: 'ndjson' }, '--body'],
    [
      sqlite,
      { columns: 'id,city=customer.city' },
      '--columns NAME=PATH is for CSV and TSV; a table takes keys',
    ],
    [file, { columns: 'id,,total' }, '--columns takes NAME or NAME=PATH, separated by commas, and got ""'],
    [file, { columns: 'id,city=' }, 'and got "city="'],
    [sqlite, { columns: '=id' }, 'and got "=id"'],
    [stdout, { columns: 'a=x,b,a=y' }, '--columns names "a" twice'],
    [file, { columns: 'a,b,a' }, '--columns names "a" twice'],
    [sqlite, { columns: 'id,id' }, '--columns names "id" twice'],
  ] as const)('refuses for %j what would do nothing: %j', (place, flags, message) => {
    expect(() => checkSinkFlags(place, flags)).toThrow(message);
  });

  test.each([
    [sqlite, { key: 'id', columns: 'id', ifExists: 'replace' }],
    [file, { columns: 'id,city=customer.city' }],
    [parseSink('postgres://h/d', 'a.csv'), { key: 'id', columns: 'id', ifExists: 'fail' }],
    [parseSink('mariadb://h/d', 'a.csv'), { key: 'id', columns: 'id', ifExists: 'append' }],
    [file, { columns: 'id', ifExists: 'append', escapeFormulas: true }],
    [http, { method: 'PUT', body: 'ndjson' }],
    [file, { to: 'tsv' }],
    [parseSink('a.db', 'a.csv'), { to: 'csv' }],
    [stdout, { to: 'csv', columns: 'id', escapeFormulas: true }],
    [stdout, {}],
  ] as const)('lets %j have %j', (place, flags) => {
    expect(() => checkSinkFlags(place, flags)).not.toThrow();
  });
});

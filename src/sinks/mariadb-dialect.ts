import { encodeJson } from '../core/json.ts';
import type { SqlColumn, SqlDialect, SqlValue } from './sql-dialect.ts';
import { type SqlGroup, Unstorable } from './sql-kinds.ts';

const MAX_NAME_LENGTH = 64;

const TYPES: Readonly<Record<SqlGroup, string>> = {
  integer: 'bigint',
  number: 'double',
  boolean: 'boolean',
  text: 'longtext',
  date: 'datetime(3)',
  bytes: 'longblob',
  nested: 'longtext',
  mixed: 'longtext',
};

/** An index needs to know the most that a text has: 768 characters are what InnoDB takes. */
const KEY_TYPES: Readonly<Partial<Record<SqlGroup, string>>> = {
  text: 'varchar(255)',
  mixed: 'varchar(255)',
  nested: 'varchar(255)',
  bytes: 'varbinary(255)',
};

/** MariaDB and MySQL, in their strict mode. */
export const MARIADB: SqlDialect = {
  name: 'MariaDB',
  maxColumns: 1_017,
  flawOf: (name) =>
    isName(name)
      ? undefined
      : `a name of at most ${MAX_NAME_LENGTH} characters of the basic plane, without NUL and without a space at its end`,
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  fold: (name) => name.toLowerCase(),
  typeFor: (group, isKey) => (isKey && KEY_TYPES[group]) || TYPES[group],
  storable,
};

function isName(name: string): boolean {
  return name.length > 0 && name.length <= MAX_NAME_LENGTH && !/[\0\ud800-\udfff]| $/.test(name);
}

const TEXT = /char|text|enum|set|json/;
const NUMBER = /int|decimal|numeric|float|double|bit|year/;
const TIME = /date|time/;

function storable(value: unknown, column: SqlColumn): SqlValue {
  if (column.type === 'json') return { json: jsonOf(value) };
  switch (typeof value) {
    case 'string':
    case 'bigint':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new Unstorable(`is ${column.type}, and cannot hold ${value}`);
    case 'boolean':
      return TEXT.test(column.type) ? String(value) : value;
    default:
      if (value instanceof Uint8Array) return value;
      return value instanceof Date ? time(value, column) : nested(value, column);
  }
}

/** Columns of time take no ISO 8601; the time zone of the session is UTC. */
function time(value: Date, { type }: SqlColumn): SqlValue {
  if (Number.isNaN(value.getTime())) throw new Unstorable('is no valid date');
  const text = value.toISOString();
  return TIME.test(type) ? text.replace('T', ' ').replace('Z', '') : text;
}

function nested(value: unknown, { type }: SqlColumn): SqlValue {
  if (NUMBER.test(type)) throw new Unstorable(`is ${type}, and cannot hold a nested value`);
  return { json: jsonOf(value) };
}

function jsonOf(value: unknown): string {
  try {
    return encodeJson(value);
  } catch (cause) {
    throw new Unstorable(`has no form as text: ${(cause as Error).message}`);
  }
}

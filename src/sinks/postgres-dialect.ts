import { encodeJson } from '../core/json.ts';
import type { SqlColumn, SqlDialect, SqlValue } from './sql-dialect.ts';
import { type SqlGroup, Unstorable } from './sql-kinds.ts';

/** Longer names PostgreSQL cuts, without an error: two could become one. */
const MAX_NAME_BYTES = 63;

const TYPES: Readonly<Record<SqlGroup, string>> = {
  integer: 'bigint',
  number: 'double precision',
  boolean: 'boolean',
  text: 'text',
  date: 'timestamptz',
  bytes: 'bytea',
  nested: 'jsonb',
  mixed: 'text',
};

/** PostgreSQL, which converts no value without a word, but by the precision of a column. */
export const POSTGRES: SqlDialect = {
  name: 'PostgreSQL',
  maxColumns: 1_600,
  flawOf(name) {
    const isName =
      name !== '' && !name.includes('\0') && name.isWellFormed() && Buffer.byteLength(name) <= MAX_NAME_BYTES;
    return isName ? undefined : `a name of at most ${MAX_NAME_BYTES} bytes without NUL characters`;
  },
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  fold: (name) => name,
  typeFor: (group) => TYPES[group],
  storable,
};

function storable(value: unknown, column: SqlColumn): SqlValue {
  switch (typeof value) {
    case 'string':
      if (value.includes('\0')) throw new Unstorable('holds a NUL character, which PostgreSQL cannot hold');
      return value;
    case 'number':
      return Number.isFinite(value) ? value : notFinite(value, column);
    case 'bigint':
    case 'boolean':
      return value;
    default:
      return value instanceof Uint8Array ? value : json(value);
  }
}

/** Those that are no JSON have names. */
function notFinite(value: number, { type }: SqlColumn): SqlValue {
  if (/double precision|float|real|numeric/.test(type)) return String(value);
  throw new Unstorable(`is ${type}, and cannot hold ${value}`);
}

function json(value: unknown): SqlValue {
  try {
    return value instanceof Date ? value.toISOString() : { json: encodeJson(value) };
  } catch (cause) {
    throw new Unstorable(`has no form as text: ${(cause as Error).message}`);
  }
}

/** Rows as one JSON text, the values under `c0`, `c1` and so on: as many as there are cost one parameter. */
export function rowsAsJson(rows: readonly (readonly SqlValue[])[]): string {
  const texts = rows.map((row) => `{${row.map((value, i) => `"c${i}":${asJson(value)}`).join(',')}}`);
  return `[${texts.join(',')}]`;
}

function asJson(value: SqlValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `"\\\\x${Buffer.from(value).toString('hex')}"`;
  if (typeof value === 'object') return value.json;
  return Object.is(value, -0) ? '-0' : String(value);
}

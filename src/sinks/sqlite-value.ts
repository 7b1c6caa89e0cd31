import type { SQLInputValue } from 'node:sqlite';
import { messageOf } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import type { Affinity, SqliteColumn } from './sqlite-column.ts';

/** Why a value cannot be stored, without the value itself. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/**
 * The value to bind so that the column holds exactly what the record holds: SQLite converts by a column's type without
 * a word.
 * @throws Unstorable when the column would change the value, or nothing in SQLite can hold it
 */
export function storable(value: unknown, column: SqliteColumn): SQLInputValue {
  switch (typeof value) {
    case 'string':
      return text(value, column);
    case 'number':
      return number(value, column);
    case 'boolean':
      return column.affinity === 'text' ? refuseAsText(column) : value ? 1n : 0n;
    case 'bigint':
      return integer(value, column);
    case 'undefined':
      return null;
    default:
      return value === null ? null : object(value, column);
  }
}

/** What a column without a type should be declared as, judged by the values of a chunk. */
export function typeFor(values: Iterable<unknown>): string {
  const kinds = new Set<Kind>();
  for (const value of values) kinds.add(kindOf(value));
  kinds.delete('null');
  if (kinds.size === 0) return '';
  if (isOnly(kinds, 'integer', 'big')) return 'INTEGER';
  if (isOnly(kinds, 'integer', 'real')) return 'REAL';
  if (isOnly(kinds, 'text')) return 'TEXT';
  return isOnly(kinds, 'blob') ? 'BLOB' : '';
}

/** `big`: an integer that a REAL column could not hold. */
type Kind = 'null' | 'integer' | 'big' | 'real' | 'text' | 'blob';

function kindOf(value: unknown): Kind {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return 'integer';
  if (typeof value === 'number')
    return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'integer' : 'real';
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? 'integer' : 'big';
  return value instanceof Uint8Array ? 'blob' : 'text';
}

function isOnly(kinds: ReadonlySet<Kind>, ...allowed: readonly Kind[]): boolean {
  return [...kinds].every((kind) => allowed.includes(kind));
}

function text(value: string, column: SqliteColumn): SQLInputValue {
  if (!value.isWellFormed()) throw new Unstorable('holds half of a surrogate pair, which UTF-8 cannot hold');
  if (column.affinity === 'text' || column.affinity === 'none' || !looksLikeNumber(value)) return value;
  if (column.isChosen && isExactNumber(value, column.affinity)) return numberOf(value, column.affinity);
  throw new Unstorable(
    `is ${column.type} and would change a text that looks like a number: make it a number in a transform, or declare the column as TEXT`,
  );
}

/** What SQLite takes for a number: white space around it and leading zeros do not count, nor does what follows a NUL. */
const NUMBER = /^[ \t\n\v\f\r]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\v\f\r]*(?:\0|$)/;

function looksLikeNumber(value: string): boolean {
  const first = value.charCodeAt(0);
  return (first <= 0x20 || (first >= 0x2b && first <= 0x39)) && NUMBER.test(value);
}

/** Whether the number that SQLite makes of a text is written just like the text. */
function isExactNumber(value: string, affinity: Affinity): boolean {
  if (/^(?:0|-?[1-9]\d{0,18})$/.test(value) && affinity !== 'real') return isInt64(BigInt(value));
  return String(Number(value)) === value && value !== '-0';
}

/** Made here: SQLite's own conversion is not everywhere exact to the last bit. */
function numberOf(value: string, affinity: Affinity): SQLInputValue {
  const isInteger = /^-?\d+$/.test(value) && affinity !== 'real';
  return isInteger && isInt64(BigInt(value)) ? BigInt(value) : Number(value);
}

function number(value: number, column: SqliteColumn): SQLInputValue {
  if (Number.isNaN(value)) throw new Unstorable('is not a number (NaN), which SQLite cannot hold');
  if (column.affinity === 'text') return column.isChosen ? String(value) : refuseAsText(column);
  // A number is bound as REAL. A column without a type would keep it so.
  return column.affinity === 'none' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function integer(value: bigint, column: SqliteColumn): SQLInputValue {
  if (!isInt64(value))
    throw new Unstorable('is an integer beyond 64 bits: make it a text in a transform, and the column TEXT');
  if (column.affinity === 'text') return column.isChosen ? String(value) : refuseAsText(column);
  if (column.affinity === 'real' && BigInt(Number(value)) !== value)
    throw new Unstorable(
      `is ${column.type} and would round an integer: declare the column as INTEGER or TEXT`,
    );
  return value;
}

function object(value: unknown, column: SqliteColumn): SQLInputValue {
  if (value instanceof Uint8Array) return value;
  let json: string;
  try {
    json = value instanceof Date ? value.toISOString() : encodeJson(value);
  } catch (cause) {
    throw new Unstorable(`has no form as text: ${messageOf(cause)}`);
  }
  return text(json, column);
}

function refuseAsText(column: SqliteColumn): never {
  throw new Unstorable(
    `is ${column.type} and would change a value that is no text: make it a text in a transform, or declare the column without a type`,
  );
}

function isInt64(value: bigint): boolean {
  return value >= MIN_INT64 && value <= MAX_INT64;
}

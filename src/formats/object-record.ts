import { isVerbatimNumber } from './verbatim-json.ts';

/** A record with named values: what becomes a row. */
export type ObjectRecord = Readonly<Record<string, unknown>>;

/** Whether a record is an object of keys and values, and not an array, a date, a map or bytes. */
export function isObjectRecord(record: unknown): record is ObjectRecord {
  if (typeof record !== 'object' || record === null) return false;
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.prototype.toString.call(record) === '[object Object]';
}

/** The record's own value under a key; a key such as `constructor` finds nothing that the record does not hold. */
export function valueOf(record: ObjectRecord, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The value at a path of keys; `undefined` where the path leads through anything but objects. */
export function valueAt(record: ObjectRecord, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of path) {
    if (!isObjectRecord(value) || isVerbatimNumber(value)) return undefined;
    value = valueOf(value, key);
  }
  return value;
}

/** Whether two lists hold the same names in the same order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What a value is, for a message that must not show it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`;
  return isObjectRecord(value) ? 'an object' : `a ${value.constructor?.name ?? 'object'}`;
}

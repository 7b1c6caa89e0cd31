/** What a value is to a database. `big`: an integer that a double could not hold. */
export type SqlKind = 'integer' | 'big' | 'real' | 'boolean' | 'text' | 'date' | 'bytes' | 'nested';

/** The kind of a value; `undefined` for null and what is missing. */
export function sqlKindOf(value: unknown): SqlKind | undefined {
  switch (typeof value) {
    case 'undefined':
      return undefined;
    case 'string':
      return 'text';
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return BigInt(Number(value)) === value ? 'integer' : 'big';
    case 'number':
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'integer' : 'real';
    default:
      if (value === null) return undefined;
      if (value instanceof Uint8Array) return 'bytes';
      return value instanceof Date ? 'date' : 'nested';
  }
}

/** The one group that all kinds belong to; `mixed` for none. What a column is made for it goes on to take. */
export type SqlGroup = 'integer' | 'number' | 'boolean' | 'text' | 'date' | 'bytes' | 'nested' | 'mixed';

const GROUPS: Readonly<Record<Exclude<SqlGroup, 'mixed'>, ReadonlySet<SqlKind>>> = {
  integer: new Set(['integer', 'big']),
  number: new Set(['integer', 'real']),
  boolean: new Set(['boolean']),
  text: new Set(['text']),
  date: new Set(['date']),
  bytes: new Set(['bytes']),
  nested: new Set(['nested']),
};

/** The group of the values that a column is to be made for. Without a value it is to take anything. */
export function sqlGroupOf(values: Iterable<unknown>): SqlGroup {
  const kinds = new Set<SqlKind>();
  for (const value of values) {
    const kind = sqlKindOf(value);
    if (kind !== undefined) kinds.add(kind);
  }
  const found = Object.entries(GROUPS).find(([, group]) => [...kinds].every((kind) => group.has(kind)));
  return kinds.size === 0 || found === undefined ? 'mixed' : (found[0] as SqlGroup);
}

/** Whether a column that was made for a group takes a value of a kind as it is. */
export function takes(group: SqlGroup, kind: SqlKind): boolean {
  return group === 'mixed' || GROUPS[group].has(kind);
}

/** Why a value cannot be stored, without the value itself. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';
}

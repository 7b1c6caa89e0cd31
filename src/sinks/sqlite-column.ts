/** How SQLite converts what is stored in a column; `none` stores everything as it is. */
export type Affinity = 'integer' | 'real' | 'numeric' | 'text' | 'none';

export interface SqliteColumn {
  readonly name: string;
  /** As declared; empty for none. */
  readonly type: string;
  readonly affinity: Affinity;
  /** Whether someone chose the type: then a value that has exactly this form as well may be converted. */
  readonly isChosen: boolean;
}

export function sqliteColumn(name: string, type: string, isChosen: boolean, isStrict = false): SqliteColumn {
  return { name, type, affinity: affinityOf(type, isStrict), isChosen };
}

/** The rules of SQLite's "Determination Of Column Affinity", in their order. */
function affinityOf(type: string, isStrict: boolean): Affinity {
  const upper = type.toUpperCase();
  if (isStrict && upper === 'ANY') return 'none';
  if (upper.includes('INT')) return 'integer';
  if (/CHAR|CLOB|TEXT/.test(upper)) return 'text';
  if (upper === '' || upper.includes('BLOB')) return 'none';
  return /REAL|FLOA|DOUB/.test(upper) ? 'real' : 'numeric';
}

/** An identifier as SQL reads it. @throws TypeError when no identifier can hold it */
export function quoteIdentifier(option: string, name: string): string {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || !name.isWellFormed())
    throw new TypeError(`${option} must be a name without NUL characters, got ${JSON.stringify(name)}`);
  return `"${name.replaceAll('"', '""')}"`;
}

/** The name as SQLite compares it: without regard to the case of ASCII letters. */
export function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

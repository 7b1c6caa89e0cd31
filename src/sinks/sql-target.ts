import { expectKind, oneOf } from '../core/options.ts';
import type { Guarantee } from '../core/sink.ts';
import type { SqlDialect } from './sql-dialect.ts';

/** Where rows go: what the sinks of all SQL servers have in common. */
export interface SqlTargetOptions {
  readonly table: string;
  /**
   * The columns to write: names, or names and types (`{ id: 'integer', note: 'text' }`). What else a record has is left
   * out, what it lacks is null. @default those of the table if it exists, else the keys of the records, with types
   * inferred from the first chunk; later keys become further columns
   */
  readonly columns?: readonly string[] | Readonly<Record<string, string>>;
  /**
   * Columns that identify a row: the primary key of a new table. A record whose key is there already updates its row;
   * columns that the record does not have stay as they are.
   */
  readonly key?: string | readonly string[];
  /**
   * What becomes of a table that exists: rows are added, or the first chunk replaces it (with its indexes), or the run
   * fails. @default 'append'
   */
  readonly ifExists?: 'append' | 'replace' | 'fail';
}

export interface SqlTarget {
  readonly table: string;
  readonly ifExists: 'append' | 'replace' | 'fail';
  /** Names and types, if given; a type that is `undefined` is inferred. */
  readonly columns: ReadonlyMap<string, string | undefined> | undefined;
  readonly key: readonly string[];
}

/** Checks the options. @throws TypeError when one is wrong */
export function sqlTarget(options: SqlTargetOptions, dialect: SqlDialect): SqlTarget {
  const { table, columns, key = [], ifExists = 'append' } = options;
  checkName('table', table, dialect);
  oneOf('ifExists', ifExists, ['append', 'replace', 'fail']);
  const keys = typeof key === 'string' ? [key] : key;
  for (const name of keys) checkName('key', name, dialect);
  const given = columns === undefined ? undefined : givenColumns(columns, dialect);
  const missing = keys.find((name) => given !== undefined && !given.has(name));
  if (missing !== undefined)
    throw new TypeError(`key must be among the columns, got ${JSON.stringify(missing)}`);
  return { table, ifExists, columns: given, key: keys };
}

/** What holds when no ledger notes the chunks. */
export function guaranteeOf({ key, ifExists }: Pick<SqlTarget, 'key' | 'ifExists'>): Guarantee {
  if (ifExists === 'replace') return 'exactly-once';
  return key.length > 0 ? 'effectively-once' : 'at-least-once';
}

function checkName(option: string, name: unknown, dialect: SqlDialect): void {
  const flaw = typeof name === 'string' ? dialect.flawOf(name) : 'a name';
  expectKind(option, name, flaw === undefined, flaw ?? '');
}

/** Words and a size, as in `varchar(20)` or `integer NOT NULL`: nothing that could end the definition. */
const TYPE =
  /^[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z_][A-Za-z0-9_]*)*(?: ?\( ?\d+ ?(?:, ?\d+ ?)?\))?(?: [A-Za-z ]+)?(?:\[\])?$/;

function givenColumns(
  columns: NonNullable<SqlTargetOptions['columns']>,
  dialect: SqlDialect,
): Map<string, string | undefined> {
  const isObject = typeof columns === 'object' && columns !== null;
  expectKind('columns', columns, isObject, 'a list of names, or names and types');
  const entries: readonly (readonly [string, string | undefined])[] = isList(columns)
    ? columns.map((name) => [name, undefined])
    : Object.entries(columns);
  expectKind('columns', columns, entries.length > 0, 'at least one column');
  const seen = new Set<string>();
  for (const [name, type] of entries) {
    checkName('columns', name, dialect);
    if (seen.has(dialect.fold(name)))
      throw new TypeError(`columns must differ from each other, got ${JSON.stringify(name)} twice`);
    seen.add(dialect.fold(name));
    const isType = type === undefined || (typeof type === 'string' && TYPE.test(type));
    expectKind(`columns.${name}`, type, isType, 'a type such as integer');
  }
  return new Map(entries);
}

function isList(columns: NonNullable<SqlTargetOptions['columns']>): columns is readonly string[] {
  return Array.isArray(columns);
}

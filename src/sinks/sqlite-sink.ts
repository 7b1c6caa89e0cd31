import type { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expectKind, knownOptions, type OptionNames, oneOf } from '../core/options.ts';
import type { Guarantee, Sink } from '../core/sink.ts';
import { folded, quoteIdentifier } from './sqlite-column.ts';
import { SqliteRows } from './sqlite-rows.ts';
import { prepareTable, readTable, type SqliteTable, type SqliteTarget, tableExists } from './sqlite-table.ts';

/** Options of `sqliteSink`. */
export interface SqliteSinkOptions {
  /** Path of the database; it is made when there is none. */
  readonly file: string | URL;
  readonly table: string;
  /**
   * The columns to write: names, or names and types (`{ id: 'INTEGER', note: 'TEXT' }`). What else a record has is left
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

const OPTIONS: OptionNames<SqliteSinkOptions> = {
  file: true,
  table: true,
  columns: true,
  key: true,
  ifExists: true,
};

/**
 * Writes records as rows of a SQLite table, one transaction a chunk: nested values as JSON text, dates in ISO 8601,
 * booleans as 0 and 1, bytes as BLOB. A value that its column would change is refused. A chunk that is written is safe
 * against a power cut (`synchronous = FULL`).
 *
 * Effectively once with `key`; exactly once with `ifExists: 'replace'`, since the next run begins anew; else at least
 * once: a run that is cut off leaves the rows it has written, and the next one writes them again.
 * @throws TypeError when an option is wrong; a write fails with `REFUSED_RECORD` at a record that cannot be stored
 */
export function sqliteSink<T = unknown>(options: SqliteSinkOptions): Sink<T> {
  const { file, target } = checked(options);
  let db: DatabaseSync | undefined;
  /** As the last committed chunk has left it. */
  let table: SqliteTable | undefined;
  let rows: SqliteRows | undefined;

  return {
    name: `sqlite:${file}?table=${target.table}`,
    guarantee: guaranteeOf(target),
    async open() {
      db = await openDatabase(file);
      if (target.ifExists === 'fail' && readTable(db, target.table) !== undefined) {
        db.close();
        throw tableExists(target.table);
      }
    },
    async write(chunk, { signal }) {
      signal.throwIfAborted();
      const open = opened(db, file);
      try {
        rows = inTransaction(open, () => {
          const ready = rows ?? new SqliteRows(open, target, table ?? prepareTable(open, target, chunk)!);
          ready.insert(chunk);
          return ready;
        });
        table = rows.table;
      } catch (error) {
        // They may know columns and statements that the rollback has undone.
        rows = undefined;
        throw error;
      }
    },
    async close({ complete }) {
      const closing = db;
      db = undefined;
      try {
        const isEmpty = complete && table === undefined;
        if (closing !== undefined && isEmpty) inTransaction(closing, () => prepareTable(closing, target));
      } finally {
        closing?.close();
      }
    },
  };
}

function checked(options: SqliteSinkOptions) {
  knownOptions('sqliteSink', options, OPTIONS);
  const { file, table, columns, key = [], ifExists = 'append' } = options;
  const path = file instanceof URL ? fileURLToPath(file) : file;
  expectKind('file', file, typeof path === 'string' && path !== '', 'a path or a file URL');
  quoteIdentifier('table', table);
  oneOf('ifExists', ifExists, ['append', 'replace', 'fail']);
  const keys = typeof key === 'string' ? [key] : key;
  for (const name of keys) quoteIdentifier('key', name);
  const given = columns === undefined ? undefined : givenColumns(columns);
  const missing = keys.find((name) => given !== undefined && !given.has(name));
  if (missing !== undefined)
    throw new TypeError(`key must be among the columns, got ${JSON.stringify(missing)}`);
  const target: SqliteTarget = { table, ifExists, columns: given, key: keys };
  return { file: path, target };
}

/** Words and a size, as in `VARCHAR(20)` or `INTEGER NOT NULL`: nothing that could end the definition. */
const TYPE = /^(?:[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z_][A-Za-z0-9_]*)*(?: ?\( ?\d+ ?(?:, ?\d+ ?)?\))?)?$/;

function givenColumns(columns: NonNullable<SqliteSinkOptions['columns']>): Map<string, string | undefined> {
  expectKind(
    'columns',
    columns,
    typeof columns === 'object' && columns !== null,
    'a list of names, or names and types',
  );
  const entries: readonly (readonly [string, string | undefined])[] = isList(columns)
    ? columns.map((name) => [name, undefined])
    : Object.entries(columns);
  expectKind('columns', columns, entries.length > 0, 'at least one column');
  const seen = new Set<string>();
  for (const [name, type] of entries) {
    quoteIdentifier('columns', name);
    if (seen.has(folded(name)))
      throw new TypeError(`columns must differ from each other, got ${JSON.stringify(name)} twice`);
    seen.add(folded(name));
    if (type !== undefined)
      expectKind(
        `columns.${name}`,
        type,
        typeof type === 'string' && TYPE.test(type),
        'a type such as INTEGER',
      );
  }
  return new Map(entries);
}

function isList(columns: NonNullable<SqliteSinkOptions['columns']>): columns is readonly string[] {
  return Array.isArray(columns);
}

function guaranteeOf({ key, ifExists }: SqliteTarget): Guarantee {
  if (ifExists === 'replace') return 'exactly-once';
  return key.length > 0 ? 'effectively-once' : 'at-least-once';
}

async function openDatabase(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    // A wait inside SQLite stops everything else, too: a longer one is for the retries.
    db.exec('PRAGMA busy_timeout = 100');
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

function opened(db: DatabaseSync | undefined, file: string): DatabaseSync {
  if (db === undefined) throw new TypeError(`${file} must be opened before it is written`);
  return db;
}

/** Takes the write lock at once: a transaction that only reads at first may not get it later, however long it waits. */
function inTransaction<R>(db: DatabaseSync, work: () => R): R {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

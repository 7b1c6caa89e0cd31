import type { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import type { FullCheckpointStore } from '../core/checkpoint.ts';
import type { Chunk } from '../core/chunk.ts';
import { expectKind, knownOptions, type OptionNames, oneOf } from '../core/options.ts';
import type { Guarantee, OpenContext, Sink } from '../core/sink.ts';
import { Ledger, type TableOrigin } from './ledger.ts';
import { folded, quoteIdentifier } from './sqlite-column.ts';
import { inTransaction, SqliteDatabase } from './sqlite-database.ts';
import { noteTable, SqliteLedger } from './sqlite-ledger.ts';
import { SqliteNotes } from './sqlite-notes.ts';
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
 * Exactly once with its ledger, which is the checkpoint of a run that is given none: each chunk is noted in the
 * transaction that writes it, in the tables `chain_reaction_run` and `chain_reaction_chunk` of the same file. Without a
 * checkpoint it is effectively once with `key`; exactly once with `ifExists: 'replace'`, since the next run begins anew;
 * else at least once: a run that is cut off leaves the rows it has written, and the next one writes them again.
 * @throws TypeError when an option is wrong; a write fails with `REFUSED_RECORD` at a record that cannot be stored
 */
export function sqliteSink<T = unknown>(
  options: SqliteSinkOptions,
): Sink<T> & { readonly ledger: FullCheckpointStore } {
  const { file, target } = checked(options);
  return new SqliteWriter<T>(file, target);
}

class SqliteWriter<T> implements Sink<T> {
  readonly name: string;
  readonly file: string;
  readonly keepsNothing = true;
  readonly ledger: Ledger;
  readonly #database: SqliteDatabase;
  readonly #given: SqliteTarget;
  /** As it is given, but for a table that this run has found or made earlier. */
  #target: SqliteTarget;
  #db: DatabaseSync | undefined;
  /** As the last committed chunk has left it. */
  #table: SqliteTable | undefined;
  #rows: SqliteRows | undefined;
  #notes: SqliteNotes | undefined;
  #origin: TableOrigin | undefined;

  constructor(file: string, target: SqliteTarget) {
    this.file = file;
    this.name = `sqlite:${file}?table=${target.table}`;
    this.#database = new SqliteDatabase(file);
    this.#given = target;
    this.#target = target;
    this.ledger = new Ledger(new SqliteLedger(this.#database), this.name);
  }

  get guarantee(): Guarantee {
    return this.ledger.claim === undefined ? guaranteeOf(this.#given) : 'exactly-once';
  }

  async open({ resume }: OpenContext): Promise<void> {
    const isContinued = this.ledger.claim === undefined && resume?.isContinued === true;
    this.#origin = isContinued ? 'found' : this.ledger.table;
    this.#target = this.#origin === undefined ? this.#given : { ...this.#given, ifExists: 'append' };
    this.#table = undefined;
    this.#rows = undefined;
    this.#db = await this.#database.acquire();
    try {
      if (this.#target.ifExists === 'fail' && readTable(this.#db, this.#target.table) !== undefined)
        throw tableExists(this.#target.table);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  async write(chunk: Chunk<T>, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    const db = this.#db;
    if (db === undefined) throw new TypeError(`${this.#database.file} must be opened before it is written`);
    try {
      const { claim } = this.ledger;
      if (claim !== undefined) this.#notes ??= new SqliteNotes(db, claim, this.name);
      this.#rows = inTransaction(db, () => {
        if (this.#notes?.add(chunk as Chunk) === false) return this.#rows; // an attempt before has written it
        const rows =
          this.#rows ?? new SqliteRows(db, this.#target, this.#table ?? this.#prepare(db, chunk as Chunk));
        rows.insert(chunk as Chunk);
        return rows;
      });
      this.#table = this.#rows?.table ?? this.#table;
    } catch (error) {
      // They may know columns and statements that the rollback has undone.
      this.#rows = undefined;
      throw error;
    }
  }

  async close({ complete }: { readonly complete: boolean }): Promise<void> {
    const db = this.#db;
    if (db === undefined) return;
    try {
      if (complete && this.#table === undefined) inTransaction(db, () => prepareTable(db, this.#target));
    } finally {
      this.#release();
    }
  }

  #prepare(db: DatabaseSync, chunk: Chunk): SqliteTable {
    const { claim } = this.ledger;
    const isFound = this.#target.ifExists === 'append' && readTable(db, this.#target.table) !== undefined;
    const table = prepareTable(db, this.#target, chunk)!;
    const origin = this.#origin ?? (isFound ? 'found' : 'made');
    if (claim !== undefined) noteTable(db, claim, origin);
    return origin === 'made' ? { ...table, grows: this.#target.columns === undefined } : table;
  }

  #release(): void {
    this.#db = undefined;
    this.#notes = undefined;
    this.#database.release();
  }
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

import type { DatabaseSync } from 'node:sqlite';
import type { Chunk } from '../core/chunk.ts';
import { PipelineError } from '../core/errors.ts';
import { isObjectRecord, kindOf, type ObjectRecord, sameNames, valueOf } from '../formats/object-record.ts';
import { refusedRecord } from '../formats/refused-record.ts';
import { folded, quoteIdentifier, type SqliteColumn, sqliteColumn } from './sqlite-column.ts';
import { typeFor } from './sqlite-value.ts';

/** What SQLite is built for at most, unless someone built it otherwise. */
const MOST_COLUMNS = 2_000;

export interface SqliteTarget {
  readonly table: string;
  readonly ifExists: 'append' | 'replace' | 'fail';
  /** Names and types, if given; a type that is `undefined` is inferred. */
  readonly columns: ReadonlyMap<string, string | undefined> | undefined;
  readonly key: readonly string[];
}

export interface SqliteTable {
  readonly name: string;
  /** By their names, folded. */
  readonly columns: ReadonlyMap<string, SqliteColumn>;
  /** Whether this run made up its columns, and may add more. */
  readonly grows: boolean;
}

/** The table to write into, made or replaced where asked. Without a chunk, columns have no types but those given. */
export function prepareTable(db: DatabaseSync, target: SqliteTarget, chunk?: Chunk): SqliteTable | undefined {
  const found = readTable(db, target.table);
  if (found !== undefined && target.ifExists === 'fail') throw tableExists(target.table);
  if (found !== undefined && target.ifExists === 'append') return withColumns(found, target);

  const columns = chosenColumns(target, chunk);
  if (columns === undefined) {
    if (found !== undefined) db.exec(`DELETE FROM ${quoteIdentifier('table', target.table)}`);
    return found;
  }
  if (found !== undefined) db.exec(`DROP TABLE ${quoteIdentifier('table', target.table)}`);
  db.exec(createStatement(target, columns));
  return { name: target.table, columns: byName(columns), grows: target.columns === undefined };
}

export function readTable(db: DatabaseSync, name: string): SqliteTable | undefined {
  const rows = db.prepare('SELECT name, type FROM pragma_table_info(?)').all(name);
  if (rows.length === 0) return undefined;
  const list = db.prepare(`SELECT strict FROM pragma_table_list(?) WHERE schema = 'main'`).get(name);
  const columns = rows.map((row) =>
    sqliteColumn(String(row['name']), String(row['type']), true, list?.['strict'] === 1),
  );
  return { name, columns: byName(columns), grows: false };
}

export function tableExists(table: string): PipelineError {
  return new PipelineError({ code: 'SINK_FAILED', message: `Table ${JSON.stringify(table)} exists already` });
}

/** Adds a column for a key that the records of this chunk have, and those before it had not. */
export function addColumn(
  db: DatabaseSync,
  table: SqliteTable,
  name: string,
  chunk: Chunk,
  index: number,
): SqliteTable {
  const similar = table.columns.get(folded(name));
  if (similar !== undefined) throw differsInCase(chunk, index, name, similar.name);
  if (table.columns.size === MOST_COLUMNS) throw tooManyColumns(chunk, index);
  const column = inferred(name, chunk, index);
  db.exec(`ALTER TABLE ${quoteIdentifier('table', table.name)} ADD COLUMN ${definition(column)}`);
  return { ...table, columns: new Map([...table.columns, [folded(name), column]]) };
}

export function objectAt(chunk: Chunk, index: number): ObjectRecord {
  const record = chunk.records[index];
  if (isObjectRecord(record)) return record;
  throw refusedRecord(chunk, index, `A row must be made of an object, this is ${kindOf(record)}`);
}

function withColumns(found: SqliteTable, { table, columns }: SqliteTarget): SqliteTable {
  for (const name of columns?.keys() ?? [])
    if (!found.columns.has(folded(name)))
      throw new PipelineError({
        code: 'SINK_FAILED',
        message: `Table ${JSON.stringify(table)} exists and has no column ${JSON.stringify(name)}`,
      });
  return found;
}

function chosenColumns({ columns, key }: SqliteTarget, chunk: Chunk | undefined): SqliteColumn[] | undefined {
  if (columns === undefined) return chunk && columnsOf(chunk, key);
  return [...columns].map(([name, type]) =>
    type === undefined
      ? sqliteColumn(name, chunk === undefined ? '' : typeFor(valuesOf(chunk, name)), false)
      : sqliteColumn(name, type, true),
  );
}

/** The keys of all records, in order of first appearance, with the types that their values have. */
function columnsOf(chunk: Chunk, key: readonly string[]): SqliteColumn[] {
  const names = new Map<string, string>();
  let last: readonly string[] = [];
  for (let index = 0; index < chunk.count; index++) {
    const keys = Object.keys(objectAt(chunk, index));
    if (sameNames(keys, last)) continue;
    last = keys;
    for (const key of keys) {
      const similar = names.get(folded(key));
      if (similar === key) continue;
      if (similar !== undefined) throw differsInCase(chunk, index, key, similar);
      if (names.size === MOST_COLUMNS) throw tooManyColumns(chunk, index);
      expectStorableName(key, chunk, index);
      names.set(folded(key), key);
    }
  }
  if (names.size === 0) throw refusedRecord(chunk, 0, 'A record without any key cannot make a table');
  const missing = key.find((name) => !names.has(folded(name)));
  if (missing !== undefined)
    throw refusedRecord(
      chunk,
      0,
      `Column ${JSON.stringify(missing)} is part of the key and must have a value`,
    );
  return [...names.values()].map((name) => inferred(name, chunk, 0));
}

function inferred(name: string, chunk: Chunk, index: number): SqliteColumn {
  expectStorableName(name, chunk, index);
  return sqliteColumn(name, typeFor(valuesOf(chunk, name)), false);
}

function* valuesOf(chunk: Chunk, name: string): Generator {
  for (const record of chunk.records) if (isObjectRecord(record)) yield valueOf(record, name);
}

function expectStorableName(name: string, chunk: Chunk, index: number): void {
  if (name === '' || name.includes('\0') || !name.isWellFormed())
    throw refusedRecord(
      chunk,
      index,
      `A key cannot be the name of a column, got ${JSON.stringify(name)}: rename it in a transform`,
    );
}

function createStatement({ table, key }: SqliteTarget, columns: readonly SqliteColumn[]): string {
  const primary =
    key.length === 0 ? [] : [`PRIMARY KEY (${key.map((k) => quoteIdentifier('key', k)).join(', ')})`];
  return `CREATE TABLE ${quoteIdentifier('table', table)} (${[...columns.map(definition), ...primary].join(', ')})`;
}

function definition({ name, type }: SqliteColumn): string {
  return `${quoteIdentifier('columns', name)} ${type}`.trimEnd();
}

function byName(columns: readonly SqliteColumn[]): ReadonlyMap<string, SqliteColumn> {
  return new Map(columns.map((column) => [folded(column.name), column]));
}

function differsInCase(chunk: Chunk, index: number, name: string, similar: string): PipelineError {
  const reason = `Key ${JSON.stringify(name)} and column ${JSON.stringify(similar)} are one name to SQLite: rename it in a transform`;
  return refusedRecord(chunk, index, reason);
}

function tooManyColumns(chunk: Chunk, index: number): PipelineError {
  return refusedRecord(chunk, index, `A table has at most ${MOST_COLUMNS.toLocaleString('en-US')} columns`);
}

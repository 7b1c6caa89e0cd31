import type { Chunk } from '../core/chunk.ts';
import { PipelineError } from '../core/errors.ts';
import { isObjectRecord, kindOf, type ObjectRecord, sameNames, valueOf } from '../formats/object-record.ts';
import { refusedRecord } from '../formats/refused-record.ts';
import type { SqlColumn, SqlDialect } from './sql-dialect.ts';
import { sqlGroupOf } from './sql-kinds.ts';
import type { SqlTarget } from './sql-target.ts';

/** A table as a run writes it. */
export interface SqlTable {
  readonly name: string;
  /** By their names, folded. */
  readonly columns: ReadonlyMap<string, SqlColumn>;
  /** Whether this run made up its columns, and may add more. */
  readonly grows: boolean;
  /** By which an upsert would go besides its key. */
  readonly otherKeys: readonly UniqueIndex[];
}

export interface UniqueIndex {
  readonly name: string;
  /** Folded. */
  readonly columns: ReadonlySet<string>;
}

export function sqlTable(
  name: string,
  columns: readonly SqlColumn[],
  grows: boolean,
  { fold }: SqlDialect,
  otherKeys: readonly UniqueIndex[] = [],
): SqlTable {
  return { name, columns: new Map(columns.map((column) => [fold(column.name), column])), grows, otherKeys };
}

/** No unique index of the table is that of the key. */
export function lacksIndex({ table, key }: SqlTarget): PipelineError {
  const columns = key.map((name) => JSON.stringify(name)).join(', ');
  const message = `Table ${JSON.stringify(table)} exists without a primary key or unique index on ${columns}`;
  return new PipelineError({ code: 'SINK_FAILED', message });
}

export function tableExists(table: string): PipelineError {
  return new PipelineError({ code: 'SINK_FAILED', message: `Table ${JSON.stringify(table)} exists already` });
}

/** @throws PipelineError SINK_FAILED when a table that is there lacks a column that was asked for */
export function expectColumns(found: SqlTable, { table, columns }: SqlTarget, { fold }: SqlDialect): void {
  for (const name of columns?.keys() ?? [])
    if (!found.columns.has(fold(name)))
      throw new PipelineError({
        code: 'SINK_FAILED',
        message: `Table ${JSON.stringify(table)} exists and has no column ${JSON.stringify(name)}`,
      });
}

/** The columns of a new table, judged by a chunk. Without one, those that are given. */
export function newColumns(
  target: SqlTarget,
  chunk: Chunk | undefined,
  dialect: SqlDialect,
): readonly SqlColumn[] | undefined {
  if (target.columns === undefined) return chunk && columnsOf(target, chunk, dialect);
  return [...target.columns].map(([name, type]) =>
    type === undefined ? inferred(target, name, chunk, dialect) : { name, type, madeFor: undefined },
  );
}

/** The statement that makes a table. */
export function createStatement(
  { table, key }: SqlTarget,
  columns: readonly SqlColumn[],
  { quote }: SqlDialect,
): string {
  const primary = key.length === 0 ? [] : [`PRIMARY KEY (${key.map(quote).join(', ')})`];
  const definitions = columns.map(({ name, type }) => `${quote(name)} ${type}`);
  return `CREATE TABLE ${quote(table)} (${[...definitions, ...primary].join(', ')})`;
}

/** The statement that adds columns to a table. */
export function addStatement(
  { name }: SqlTable,
  columns: readonly SqlColumn[],
  { quote }: SqlDialect,
): string {
  const additions = columns.map((column) => `ADD COLUMN ${quote(column.name)} ${column.type}`);
  return `ALTER TABLE ${quote(name)} ${additions.join(', ')}`;
}

/**
 * Columns for keys that a chunk has and the table has not; none unless the table grows.
 * @throws PipelineError REFUSED_RECORD at the first record with a key that can be no column
 */
export function furtherColumns(
  table: SqlTable,
  target: SqlTarget,
  chunk: Chunk,
  dialect: SqlDialect,
): readonly SqlColumn[] {
  if (!table.grows) return [];
  const found = new Map<string, string>();
  for (const [name, index] of keysOf(chunk)) {
    const similar = table.columns.get(dialect.fold(name))?.name ?? found.get(dialect.fold(name));
    if (similar === name) continue;
    if (similar !== undefined) throw differsInCase(chunk, index, name, similar, dialect);
    if (table.columns.size + found.size === dialect.maxColumns) throw tooMany(chunk, index, dialect);
    expectName(name, chunk, index, dialect);
    found.set(dialect.fold(name), name);
  }
  return [...found.values()].map((name) => inferred(target, name, chunk, dialect));
}

export function objectAt(chunk: Chunk, index: number): ObjectRecord {
  const record = chunk.records[index];
  if (isObjectRecord(record)) return record;
  throw refusedRecord(chunk, index, `A row must be made of an object, this is ${kindOf(record)}`);
}

/** The keys of all records, in order of first appearance, with the types that their values have. */
function columnsOf(target: SqlTarget, chunk: Chunk, dialect: SqlDialect): readonly SqlColumn[] {
  const nothing = sqlTable(target.table, [], true, dialect);
  const columns = furtherColumns(nothing, target, chunk, dialect);
  if (columns.length === 0) throw refusedRecord(chunk, 0, 'A record without any key cannot make a table');
  const names = new Set(columns.map(({ name }) => dialect.fold(name)));
  const missing = target.key.find((name) => !names.has(dialect.fold(name)));
  if (missing !== undefined) throw lacksKey(chunk, 0, missing);
  return columns;
}

export function lacksKey(chunk: Chunk, index: number, name: string): PipelineError {
  const reason = `Column ${JSON.stringify(name)} is part of the key and must have a value`;
  return refusedRecord(chunk, index, reason);
}

/** Each key of a chunk, and the first record that has it. */
function* keysOf(chunk: Chunk): Generator<readonly [name: string, index: number]> {
  const seen = new Set<string>();
  let last: readonly string[] = [];
  for (let index = 0; index < chunk.count; index++) {
    const keys = Object.keys(objectAt(chunk, index));
    if (sameNames(keys, last)) continue;
    last = keys;
    for (const key of keys) {
      if (seen.has(key)) continue;
      seen.add(key);
      yield [key, index];
    }
  }
}

function inferred(
  { key }: SqlTarget,
  name: string,
  chunk: Chunk | undefined,
  dialect: SqlDialect,
): SqlColumn {
  const group = sqlGroupOf(chunk === undefined ? [] : valuesOf(chunk, name));
  const isKey = key.some((each) => dialect.fold(each) === dialect.fold(name));
  return { name, type: dialect.typeFor(group, isKey), madeFor: group };
}

function* valuesOf(chunk: Chunk, name: string): Generator {
  for (const record of chunk.records) if (isObjectRecord(record)) yield valueOf(record, name);
}

function expectName(name: string, chunk: Chunk, index: number, dialect: SqlDialect): void {
  const flaw = dialect.flawOf(name);
  if (flaw === undefined) return;
  const reason = `A key must be ${flaw} to be the name of a column, got ${JSON.stringify(name)}: rename it in a transform`;
  throw refusedRecord(chunk, index, reason);
}

function differsInCase(
  chunk: Chunk,
  index: number,
  name: string,
  similar: string,
  dialect: SqlDialect,
): PipelineError {
  const reason = `Key ${JSON.stringify(name)} and column ${JSON.stringify(similar)} are one name to ${dialect.name}: rename it in a transform`;
  return refusedRecord(chunk, index, reason);
}

function tooMany(chunk: Chunk, index: number, { maxColumns }: SqlDialect): PipelineError {
  const reason = `A table has at most ${maxColumns.toLocaleString('en-US')} columns`;
  return refusedRecord(chunk, index, reason);
}

import type { Chunk } from '../core/chunk.ts';
import { PipelineError } from '../core/errors.ts';
import { type ObjectRecord, sameNames, valueOf } from '../formats/object-record.ts';
import { refusedRecord } from '../formats/refused-record.ts';
import type { SqlColumn, SqlDialect, SqlValue } from './sql-dialect.ts';
import { sqlKindOf, takes, Unstorable } from './sql-kinds.ts';
import { lacksKey, objectAt, type SqlTable } from './sql-table.ts';
import type { SqlTarget } from './sql-target.ts';

/** Rows that have values for the same columns, for one statement. */
export interface SqlRows {
  readonly columns: readonly SqlColumn[];
  /** Each with a value for every column. */
  readonly values: readonly (readonly SqlValue[])[];
}

/** How records with the same keys become rows. */
interface Plan {
  readonly keys: readonly string[];
  readonly columns: readonly SqlColumn[];
  /** Which of the columns identify a row. */
  readonly isKey: readonly boolean[];
}

/**
 * The rows of a chunk, in its order; those that follow each other with the same columns are together.
 * @throws PipelineError REFUSED_RECORD at the first record that cannot be stored as it is
 */
export function rowsOf(
  chunk: Chunk,
  table: SqlTable,
  target: SqlTarget,
  dialect: SqlDialect,
): readonly SqlRows[] {
  const groups: { columns: readonly SqlColumn[]; values: SqlValue[][] }[] = [];
  let plan: Plan | undefined;
  for (let index = 0; index < chunk.count; index++) {
    const record = objectAt(chunk, index);
    const keys =
      target.columns === undefined ? Object.keys(record) : (plan?.keys ?? [...target.columns.keys()]);
    if (plan === undefined || !sameNames(keys, plan.keys)) {
      plan = planFor(keys, chunk, index, table, target, dialect);
      groups.push({ columns: plan.columns, values: [] });
    }
    groups.at(-1)!.values.push(rowOf(record, plan, chunk, index, dialect));
  }
  return groups;
}

function planFor(
  keys: readonly string[],
  chunk: Chunk,
  index: number,
  table: SqlTable,
  target: SqlTarget,
  { fold, name: database }: SqlDialect,
): Plan {
  const columns = keys.map((key) => columnFor(key, chunk, index, table, fold));
  const names = new Set(columns.map(({ name }) => name));
  if (names.size < columns.length)
    throw refusedRecord(
      chunk,
      index,
      `Two keys are the same column to ${database}: rename one in a transform`,
    );
  const missing = target.key.find((key) => !columns.some(({ name }) => fold(name) === fold(key)));
  if (missing !== undefined) throw lacksKey(chunk, index, missing);
  expectOneKey(table, names, fold);
  const keyNames = new Set(target.key.map(fold));
  return { keys, columns, isKey: columns.map(({ name }) => keyNames.has(fold(name))) };
}

/** A record must not overwrite the row of another key. */
function expectOneKey(
  { name: table, otherKeys }: SqlTable,
  names: ReadonlySet<string>,
  fold: SqlDialect['fold'],
): void {
  const met = otherKeys.find(({ columns }) => [...names].some((name) => columns.has(fold(name))));
  if (met === undefined) return;
  const message = `Table ${JSON.stringify(table)} has another unique index (${met.name}), by which an upsert would go as well: leave its columns out, or write without a key`;
  throw new PipelineError({ code: 'SINK_FAILED', message });
}

function columnFor(
  key: string,
  chunk: Chunk,
  index: number,
  { columns, name: table }: SqlTable,
  fold: SqlDialect['fold'],
): SqlColumn {
  const column = columns.get(fold(key));
  if (column !== undefined) return column;
  const reason = `Table ${JSON.stringify(table)} has no column ${JSON.stringify(key)}: add it, or choose columns with the columns option`;
  throw refusedRecord(chunk, index, reason);
}

function rowOf(
  record: ObjectRecord,
  { keys, columns, isKey }: Plan,
  chunk: Chunk,
  index: number,
  dialect: SqlDialect,
): SqlValue[] {
  let at = 0;
  try {
    const row: SqlValue[] = [];
    for (; at < columns.length; at++)
      row.push(valueFor(valueOf(record, keys[at]!), columns[at]!, isKey[at]!, dialect));
    return row;
  } catch (error) {
    if (!(error instanceof Unstorable)) throw error;
    throw refusedRecord(chunk, index, `Column ${JSON.stringify(columns[at]!.name)} ${error.message}`);
  }
}

function valueFor(value: unknown, column: SqlColumn, isKey: boolean, dialect: SqlDialect): SqlValue {
  const kind = sqlKindOf(value);
  if (kind === undefined) {
    if (isKey) throw new Unstorable('is part of the key and must have a value');
    return null;
  }
  if (column.madeFor !== undefined && !takes(column.madeFor, kind))
    throw new Unstorable(
      `was made for ${NAMES[column.madeFor]} and would change another value: change it in a transform, or choose the type with the columns option`,
    );
  if (typeof value === 'string' && !value.isWellFormed())
    throw new Unstorable('holds half of a surrogate pair, which UTF-8 cannot hold');
  return dialect.storable(value, column);
}

/** How people are told of what a column was made for. */
const NAMES = {
  integer: 'integers',
  number: 'numbers',
  boolean: 'booleans',
  text: 'texts',
  date: 'dates',
  bytes: 'bytes',
  nested: 'nested values',
  mixed: 'anything',
} as const;

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Chunk } from '../core/chunk.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { type ObjectRecord, sameNames, valueOf } from '../formats/object-record.ts';
import { ValueReader } from '../formats/project-values.ts';
import { refusedRecord } from '../formats/refused-record.ts';
import { folded, quoteIdentifier, type SqliteColumn } from './sqlite-column.ts';
import { addColumn, objectAt, type SqliteTable, type SqliteTarget } from './sqlite-table.ts';
import { storable, Unstorable } from './sqlite-value.ts';

/** The most statements that are kept, one for each set of keys. */
const MOST_PLANS = 256;

/** How records with the same keys become rows. */
interface Plan {
  readonly keys: readonly string[];
  readonly columns: readonly SqliteColumn[];
  /** Which of the columns identify a row. */
  readonly isKey: readonly boolean[];
  readonly statement: StatementSync;
  /** Used again for each record. */
  readonly values: SQLInputValue[];
}

/** What reads the values of a plan from bytes. */
interface Reading {
  readonly plan: Plan | undefined;
  readonly reader: ValueReader;
}

/** Turns the records of chunks into rows of one table, inside the transaction of the caller. */
export class SqliteRows {
  readonly #db: DatabaseSync;
  readonly #target: SqliteTarget;
  readonly #plans = new Map<string, Plan>();
  #table: SqliteTable;
  #last: Plan | undefined;
  #reading: Reading | undefined;

  constructor(db: DatabaseSync, target: SqliteTarget, table: SqliteTable) {
    this.#db = db;
    this.#target = target;
    this.#table = table;
  }

  /** The table with the columns that were added for the records so far. */
  get table(): SqliteTable {
    return this.#table;
  }

  /**
   * From the bytes where they are JSON or CSV, else from the decoded records.
   * @throws PipelineError REFUSED_RECORD at the first record that cannot be stored as it is
   */
  insert(chunk: Chunk): void {
    let index = 0;
    for (const block of chunk.blocks) {
      const reading = this.#readingOf(chunk, index);
      for (const values of reading.reader.valuesOf(block)) {
        if (values === undefined) this.#insertDecoded(chunk, index);
        else this.#run(reading.plan!, values, chunk, index);
        index += 1;
      }
    }
  }

  #insertDecoded(chunk: Chunk, index: number): void {
    const record = objectAt(chunk, index);
    const plan = this.#planFor(record, chunk, index);
    this.#run(
      plan,
      plan.keys.map((key) => valueOf(record, key)),
      chunk,
      index,
    );
  }

  #run(
    { columns, isKey, statement, values }: Plan,
    from: readonly unknown[],
    chunk: Chunk,
    index: number,
  ): void {
    let at = 0;
    try {
      for (; at < columns.length; at++) {
        const value = storable(from[at], columns[at]!);
        if (value === null && isKey[at]) throw new Unstorable('is part of the key and must have a value');
        values[at] = value;
      }
      statement.run(...values);
    } catch (error) {
      if (error instanceof Unstorable)
        throw refusedRecord(chunk, index, `Column ${JSON.stringify(columns[at]!.name)} ${error.message}`);
      throw isAboutTheRecord(error) ? refusedRecord(chunk, index, messageOf(error), error) : error;
    }
  }

  /** Reads the values of chosen columns, else of the keys that the last record had. */
  #readingOf(chunk: Chunk, index: number): Reading {
    const given = this.#target.columns;
    const plan =
      given === undefined ? this.#last : (this.#last ??= this.#plan([...given.keys()], chunk, index));
    if (this.#reading === undefined || this.#reading.plan !== plan)
      this.#reading = {
        plan,
        reader: new ValueReader(plan?.keys.map((key) => [key]) ?? [], given === undefined),
      };
    return this.#reading;
  }

  #planFor(record: ObjectRecord, chunk: Chunk, index: number): Plan {
    const given = this.#target.columns;
    if (given !== undefined) return (this.#last ??= this.#plan([...given.keys()], chunk, index));
    const keys = Object.keys(record);
    if (this.#last !== undefined && sameNames(keys, this.#last.keys)) return this.#last;
    const shape = JSON.stringify(keys);
    const plan = this.#plans.get(shape) ?? this.#plan(keys, chunk, index);
    if (this.#plans.size >= MOST_PLANS) this.#plans.clear();
    this.#plans.set(shape, plan);
    this.#last = plan;
    return plan;
  }

  #plan(keys: readonly string[], chunk: Chunk, index: number): Plan {
    const columns = keys.map((key) => this.#columnFor(key, chunk, index));
    const names = new Set(columns.map((column) => column.name));
    if (names.size < columns.length)
      throw refusedRecord(chunk, index, 'Two keys are the same column to SQLite: rename one in a transform');
    const missing = this.#target.key.find((key) => !columns.some(({ name }) => folded(name) === folded(key)));
    if (missing !== undefined)
      throw refusedRecord(
        chunk,
        index,
        `Column ${JSON.stringify(missing)} is part of the key and must have a value`,
      );
    const keyNames = new Set(this.#target.key.map(folded));
    const isKey = columns.map(({ name }) => keyNames.has(folded(name)));
    return { keys, columns, isKey, statement: this.#prepare(columns, isKey), values: [] };
  }

  #columnFor(key: string, chunk: Chunk, index: number): SqliteColumn {
    const column = this.#table.columns.get(folded(key));
    if (column !== undefined && (column.name === key || !this.#table.grows)) return column;
    if (!this.#table.grows)
      throw refusedRecord(
        chunk,
        index,
        `Table ${JSON.stringify(this.#table.name)} has no column ${JSON.stringify(key)}: add it, or choose columns with the columns option`,
      );
    this.#table = addColumn(this.#db, this.#table, key, chunk, index);
    return this.#table.columns.get(folded(key))!;
  }

  #prepare(columns: readonly SqliteColumn[], isKey: readonly boolean[]): StatementSync {
    const insert = insertStatement(this.#target, columns, isKey);
    try {
      return this.#db.prepare(insert);
    } catch (cause) {
      if (!/ON CONFLICT clause/.test(messageOf(cause))) throw cause;
      const key = this.#target.key.map((name) => JSON.stringify(name)).join(', ');
      const message = `Table ${JSON.stringify(this.#target.table)} exists without a primary key or unique index on ${key}`;
      throw new PipelineError({ code: 'SINK_FAILED', message, cause });
    }
  }
}

function insertStatement(
  { table, key }: SqliteTarget,
  columns: readonly SqliteColumn[],
  isKey: readonly boolean[],
): string {
  const into = `INSERT INTO ${quoteIdentifier('table', table)}`;
  if (columns.length === 0) return `${into} DEFAULT VALUES`;
  const names = columns.map(({ name }) => quoteIdentifier('columns', name));
  const insert = `${into} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  if (key.length === 0) return insert;
  const conflict = `ON CONFLICT (${key.map((name) => quoteIdentifier('key', name)).join(', ')})`;
  const updates = names.filter((_, i) => !isKey[i]).map((name) => `${name} = excluded.${name}`);
  return updates.length === 0
    ? `${insert} ${conflict} DO NOTHING`
    : `${insert} ${conflict} DO UPDATE SET ${updates.join(', ')}`;
}

/** CONSTRAINT, MISMATCH and TOOBIG: the rest of the chunk is all right. */
const ABOUT_THE_RECORD = new Set([19, 20, 18]);

function isAboutTheRecord(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' && ABOUT_THE_RECORD.has(errcode & 0xff);
}

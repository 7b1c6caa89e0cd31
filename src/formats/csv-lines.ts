import { type Options, stringify } from 'csv-stringify/sync';
import type { Chunk } from '../core/chunk.ts';
import { messageOf, type PipelineError } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { Column } from './columns.ts';
import { isObjectRecord, kindOf, type ObjectRecord, sameNames, valueAt } from './object-record.ts';
import { refusedRecord } from './refused-record.ts';
import { isVerbatimNumber, verbatimRecords } from './verbatim-json.ts';

export interface CsvLayout {
  readonly delimiter: string;
  readonly escapeFormulas: boolean;
}

/** The line that names the columns. A name that begins with a byte order mark is quoted, or readers would take the mark for the file's own. */
export function headerLine(columns: readonly Column[], layout: CsvLayout): Uint8Array {
  const names = columns.map(({ name }) => name);
  return Buffer.from(
    stringify([names], { ...optionsOf(columns, layout), quoted_match: [/^\uFEFF/] } as Options),
  );
}

/** One line a record, made of decoded values. @param isStrict refuses a record with a key that is no column */
export function csvLines(
  block: RecordBlock,
  columns: readonly Column[],
  layout: CsvLayout,
  isStrict: boolean,
): Uint8Array {
  const names = columns.map(({ path }) => path[0]!);
  const known = new Set(names);
  const rows = verbatimRecords(block).map((record, index) => {
    const object = objectAt(block, index, record);
    const keys = Object.keys(object);
    if (isStrict && !sameNames(keys, names)) {
      const other = keys.find((key) => !known.has(key));
      if (other !== undefined) throw unknownColumn(block, index, other);
    }
    return columns.map((column) => fieldOf(valueAt(object, column.path), block, index, column.name));
  });
  return Buffer.from(stringify(rows, optionsOf(columns, layout)));
}

/**
 * The keys of the records, in order of first appearance; of CSV in the order of its columns. In objects those that are
 * whole numbers come first.
 */
export function columnNamesOf(block: RecordBlock | Chunk): readonly string[] {
  const names = new Set<string>();
  let last: readonly string[] = [];
  let before = 0;
  for (const each of 'blocks' in block ? block.blocks : [block]) {
    const { csv } = each.encoded ?? {};
    for (const [i, record] of samplesOf(each).entries()) {
      const object = objectAt(block, before + i, record);
      const keys = csv?.columns.filter((column) => Object.hasOwn(object, column)) ?? Object.keys(object);
      if (!sameNames(keys, last)) for (const key of keys) names.add(columnName(key, block, before + i));
      last = keys;
    }
    before += each.count;
  }
  if (names.size === 0) throw refusedRecord(block, 0, 'A record without any key has no form in CSV');
  return [...names];
}

/** Records that have all keys of the records of a block, in the same order. They are not looked at as records are. */
export function samplesOf(block: RecordBlock): readonly unknown[] {
  const csv = block.encoded?.csv;
  if (csv?.isEven !== true) return verbatimRecords(block);
  return [Object.fromEntries(csv.columns.map((column) => [column, '']))];
}

/** A line of one empty value would be an empty line, which readers skip. */
function optionsOf(columns: readonly Column[], { delimiter, escapeFormulas }: CsvLayout): Options {
  return {
    delimiter,
    escape_formulas: escapeFormulas,
    quoted_empty: columns.length === 1,
    ...(escapeFormulas && { cast: { string: leaveNumbers } }),
  };
}

/** A text that is a number is no formula, although it may begin with a minus. */
function leaveNumbers(value: string): string | { value: string; escape_formulas: false } {
  return /^-\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(value) ? { value, escape_formulas: false } : value;
}

function columnName(key: string, block: RecordBlock, index: number): string {
  if (key.isWellFormed()) return key;
  throw refusedRecord(block, index, 'A key holds half of a surrogate pair, which UTF-8 cannot hold');
}

function objectAt(block: RecordBlock, index: number, record: unknown): ObjectRecord {
  if (isObjectRecord(record) && !isVerbatimNumber(record)) return record;
  const kind = isVerbatimNumber(record) ? 'a number' : kindOf(record);
  throw refusedRecord(block, index, `A line of CSV must be made of an object, this is ${kind}`);
}

function unknownColumn(block: RecordBlock, index: number, column: string): PipelineError {
  const reason = `The header is written and has no column ${JSON.stringify(column)}: name all columns with the columns option`;
  return refusedRecord(block, index, reason);
}

function fieldOf(value: unknown, block: RecordBlock, index: number, column: string): unknown {
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    const reason = `Column ${JSON.stringify(column)} holds half of a surrogate pair, which UTF-8 cannot hold`;
    throw refusedRecord(block, index, reason);
  }
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (isVerbatimNumber(value)) return numberOf(value.rawJSON);
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return String(value);
  return textOf(value, block, index, column);
}

/** As a number where that is written the same, else as the text that it is. */
function numberOf(text: string): unknown {
  const number = Number(text);
  return String(number) === text ? number : text;
}

function textOf(value: unknown, block: RecordBlock, index: number, column: string): string {
  try {
    if (value instanceof Date) return value.toISOString();
    if (ArrayBuffer.isView(value)) throw new TypeError('bytes have no text form of their own');
    return encodeJson(value);
  } catch (cause) {
    const reason = `Column ${JSON.stringify(column)} has no form in CSV: ${messageOf(cause)}`;
    throw refusedRecord(block, index, reason, cause);
  }
}

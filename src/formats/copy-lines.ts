import { encodeJson } from '../core/json.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { Column } from './columns.ts';
import { isObjectRecord, kindOf, valueAt } from './object-record.ts';
import { refusedRecord } from './refused-record.ts';
import { isVerbatimNumber, verbatimRecords } from './verbatim-json.ts';

/** One line of PostgreSQL's COPY text format a record ("COPY", File Formats), made of decoded values. */
export function copyLines(block: RecordBlock, columns: readonly Column[]): Uint8Array {
  const lines = verbatimRecords(block).map((record, index) => {
    if (!isObjectRecord(record) || isVerbatimNumber(record)) {
      const kind = isVerbatimNumber(record) ? 'a number' : kindOf(record);
      throw refusedRecord(block, index, `A row must be made of an object, this is ${kind}`);
    }
    const fields = columns.map(({ name, path }) => fieldOf(valueAt(record, path), block, index, name));
    return `${fields.join('\t')}\n`;
  });
  return Buffer.from(lines.join(''));
}

function fieldOf(value: unknown, block: RecordBlock, index: number, column: string): string {
  if (value === null || value === undefined) return '\\N';
  const text = textOf(value);
  const flaw = text.includes('\0') ? 'a NUL' : text.isWellFormed() ? undefined : 'half of a surrogate pair';
  if (flaw !== undefined)
    throw refusedRecord(
      block,
      index,
      `Column ${JSON.stringify(column)} holds ${flaw}, which PostgreSQL cannot hold`,
    );
  return text.replace(SPECIAL, (character) => `\\${LETTERS[character]!}`);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isVerbatimNumber(value)) return value.rawJSON;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? encodeJson(value) : String(value as number | bigint | boolean);
}

const SPECIAL = /[\b\f\n\r\t\v\\]/g;
const LETTERS: Readonly<Record<string, string>> = {
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\v': 'v',
  '\\': '\\',
};

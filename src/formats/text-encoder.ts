import type { Chunk } from '../core/chunk.ts';
import type { Encoder } from '../core/format.ts';
import { kindOf } from './object-record.ts';
import { refusedRecord } from './refused-record.ts';

const NOTHING = new Uint8Array(0);
const LINE_BREAK = /[\n\r]/;

/** One line a record. Its records must be texts without a line break, else the write is refused. */
export function textEncoder(): Encoder {
  return {
    name: 'text',
    contentType: 'text/plain; charset=utf-8',
    header: () => NOTHING,
    encode: (chunk) => [Buffer.from(`${lines(chunk).join('\n')}\n`)],
    separator: NOTHING,
    footer: NOTHING,
  };
}

function lines(chunk: Chunk): readonly string[] {
  return chunk.records.map((record, index) => {
    const reason = flawOf(record);
    if (reason !== undefined) throw refusedRecord(chunk, index, reason);
    return record as string;
  });
}

function flawOf(record: unknown): string | undefined {
  if (typeof record !== 'string')
    return `A line of text must be a string, this is ${kindOf(record)}: make it one in a transform`;
  if (LINE_BREAK.test(record)) return 'A line of text cannot hold a line break';
  if (!record.isWellFormed()) return 'The text holds half of a surrogate pair, which UTF-8 cannot hold';
  return undefined;
}

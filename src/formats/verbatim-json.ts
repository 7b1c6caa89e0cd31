import type { Chunk } from '../core/chunk.ts';
import type { RecordBlock, RecordBytes } from '../core/record-block.ts';
import { textOfRecords } from './record-text.ts';

/** A JSON number as it is written. */
export interface VerbatimNumber {
  readonly rawJSON: string;
}

/** `JSON.parse`, but numbers stay as they are written; `JSON.stringify` writes them the same. */
export function parseVerbatim(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? rawJSON(source) : value,
  );
}

export function isVerbatimNumber(value: unknown): value is VerbatimNumber {
  return isRawJSON(value);
}

/** The records of a block or chunk, numbers as they are written where it is made of JSON. Nobody has looked at them then. */
export function verbatimRecords(block: RecordBlock | Chunk): readonly unknown[] {
  if ('blocks' in block) return block.blocks.flatMap((each) => recordsOf(each));
  return recordsOf(block);
}

function recordsOf(block: RecordBlock): readonly unknown[] {
  const encoded: RecordBytes | undefined = block.encoded;
  if (encoded?.format !== 'json') return block.records;
  const textOf = textOfRecords(encoded);
  return Array.from(encoded.starts, (_, index) => parseVerbatim(textOf(index)));
}

/** In every supported Node (V8 11.4), but not yet in TypeScript's library. */
const { isRawJSON, parse, rawJSON } = JSON as unknown as {
  isRawJSON: (this: void, value: unknown) => boolean;
  parse: (
    this: void,
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => unknown;
  rawJSON: (this: void, text: string) => unknown;
};

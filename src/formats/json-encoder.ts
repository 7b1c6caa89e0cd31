import type { Encoder } from '../core/format.ts';

const SEPARATOR = Buffer.from(',\n');

/** All records as the elements of one JSON array, chunk after chunk. Bytes that are JSON already pass as they are. */
export function jsonEncoder<T = unknown>(): Encoder<T> {
  return {
    name: 'json',
    contentType: 'application/json',
    header: (first) => Buffer.from(first === undefined ? '[' : '[\n'),
    *encode(chunk, scratch) {
      for (const [index, block] of chunk.blocks.entries()) {
        if (index > 0) yield SEPARATOR;
        yield withoutBrackets(block.jsonArray(scratch));
      }
    },
    separator: SEPARATOR,
    footer: Buffer.from(']\n'),
  };
}

function withoutBrackets(array: Uint8Array): Uint8Array {
  return array.subarray(1, -1);
}

import type { Encoder } from '../core/format.ts';

const NOTHING = new Uint8Array(0);

/** One line of JSON a record. Bytes that are JSON already pass as they are. */
export function ndjsonEncoder<T = unknown>(): Encoder<T> {
  return {
    name: 'ndjson',
    contentType: 'application/x-ndjson',
    header: () => NOTHING,
    *encode(chunk, scratch) {
      for (const block of chunk.blocks) yield block.ndjson(scratch);
    },
    separator: NOTHING,
    footer: NOTHING,
  };
}

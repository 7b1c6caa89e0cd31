import type { RecordBytes } from '../../src/core/record-block.ts';

/** Records with a line feed behind each, whatever they hold. */
export function encodedOf(records: readonly (string | Buffer)[]): RecordBytes {
  const pieces = records.map((record) => Buffer.from(record as string));
  const starts = new Uint32Array(pieces.length);
  const ends = new Uint32Array(pieces.length);
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    starts[i] = at;
    ends[i] = at + piece.length;
    at = ends[i]! + 1;
  }
  const bytes = Buffer.concat(pieces.flatMap((piece) => [piece, Buffer.from('\n')]));
  return { format: 'json', bytes, starts, ends };
}

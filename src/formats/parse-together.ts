import { randomBytes } from 'node:crypto';
import type { RecordBytes } from '../core/record-block.ts';
import { Scratch } from '../core/scratch.ts';
import { asBuffer, type Encoding } from './record-text.ts';

const OPENING = 0x5b;
const CLOSING = 0x5d;

/**
 * Stands between every two records. Nobody can have written it into a record, so where it comes back from the parser,
 * at every second place, nothing but one whole value was between two of them: `1,2` is none, nor are `[3` and `4]`.
 */
const MARK = randomBytes(12).toString('base64url');
const SEPARATOR = Buffer.from(`,"${MARK}",`);

/** V8 keeps a text of more bytes, at two a character, apart from short-lived ones: that costs what a larger group saves. */
const GROUP_BYTES = 60 * 1024;

const scratch = new Scratch();

/** The index behind the last of the records from `from` on, at most `most`, that are best decoded together. */
export function groupEnd({ starts, ends }: RecordBytes, from: number, most: number): number {
  const end = starts[from]! + GROUP_BYTES;
  let to = from + 1;
  while (to < most && ends[to]! + (to - from) * SEPARATOR.length <= end) to++;
  return to;
}

/**
 * Decodes well-formed records as one JSON array, which takes a tenth less time than one after another: V8 expects an
 * element to have the keys of the element before.
 * @returns `undefined` when one of them is malformed
 */
export function parseTogether(
  encoded: RecordBytes,
  from: number,
  to: number,
  encoding: Encoding,
): readonly unknown[] | undefined {
  let values: unknown[];
  try {
    values = JSON.parse(joined(encoded, from, to).toString(encoding)) as unknown[];
  } catch {
    return undefined;
  }
  if (values.length !== 2 * (to - from) - 1) return undefined;
  const records: unknown[] = [values[0]];
  for (let i = 1; i < values.length; i += 2) {
    if (values[i] !== MARK) return undefined;
    records.push(values[i + 1]);
  }
  return records;
}

function joined({ bytes: given, starts, ends }: RecordBytes, from: number, to: number): Buffer {
  const bytes = asBuffer(given);
  const length = ends[to - 1]! - starts[from]! + (to - from) * SEPARATOR.length + 2;
  const out = scratch.room(length);
  out[0] = OPENING;
  let at = 1;
  for (let i = from; i < to; i++) {
    if (i > from) at += SEPARATOR.copy(out, at);
    at += bytes.copy(out, at, starts[i], ends[i]);
  }
  out[at] = CLOSING;
  return out.subarray(0, at + 1);
}

import { randomBytes } from 'node:crypto';
import type { RecordBytes } from '../core/record-block.ts';
import { Scratch } from '../core/scratch.ts';
import { CLOSE_ARRAY, COMMA, isWhiteSpace, OPEN_ARRAY } from '../scan/json/bytes.ts';
import { asBuffer, type Encoding } from './record-text.ts';

/**
 * Stands between every two records that are no elements of an array. Nobody can have written it into a record, so where it
 * comes back from the parser, at every second place, nothing but one whole value was between two of them: `1,2` is none,
 * nor are `[3` and `4]`.
 */
const MARK = randomBytes(12).toString('base64url');
const SEPARATOR = Buffer.from(`,"${MARK}",`);

/** V8 keeps a text of more bytes, at two a character, apart from short-lived ones: that costs what a larger group saves. */
export const GROUP_BYTES = 60 * 1024;

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
  const isList = areListed(encoded, from, to);
  const text = (isList ? listed : marked)(encoded, from, to).toString(encoding);
  let values: unknown[];
  try {
    values = JSON.parse(text) as unknown[];
  } catch {
    return undefined;
  }
  const records = isList ? values : betweenMarks(values);
  return records?.length === to - from ? records : undefined;
}

/**
 * Whether the records lie there as the elements of an array do. Then they need no marks: whoever framed them ended each
 * at the first comma outside of strings and brackets; when all of it is JSON, so does the parser.
 */
function areListed({ bytes, starts, ends }: RecordBytes, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) {
    let commas = 0;
    for (let at = ends[i - 1]!; at < starts[i]!; at++)
      if (bytes[at] === COMMA) commas++;
      else if (!isWhiteSpace(bytes[at]!)) return false;
    if (commas !== 1) return false;
  }
  return true;
}

function listed({ bytes, starts, ends }: RecordBytes, from: number, to: number): Buffer {
  const [start, end] = [starts[from]!, ends[to - 1]!];
  const out = scratch.room(end - start + 2);
  out[0] = OPEN_ARRAY;
  asBuffer(bytes).copy(out, 1, start, end);
  out[out.length - 1] = CLOSE_ARRAY;
  return out;
}

function marked({ bytes: given, starts, ends }: RecordBytes, from: number, to: number): Buffer {
  const bytes = asBuffer(given);
  const length = ends[to - 1]! - starts[from]! + (to - from) * SEPARATOR.length + 2;
  const out = scratch.room(length);
  out[0] = OPEN_ARRAY;
  let at = 1;
  for (let i = from; i < to; i++) {
    if (i > from) at += SEPARATOR.copy(out, at);
    at += bytes.copy(out, at, starts[i], ends[i]);
  }
  out[at] = CLOSE_ARRAY;
  return out.subarray(0, at + 1);
}

function betweenMarks(values: readonly unknown[]): readonly unknown[] | undefined {
  const records: unknown[] = [values[0]];
  for (let i = 1; i < values.length; i += 2) {
    if (values[i] !== MARK || i + 1 === values.length) return undefined;
    records.push(values[i + 1]);
  }
  return records;
}

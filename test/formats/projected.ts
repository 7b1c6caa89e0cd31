import fc from 'fast-check';
import { ByteBlock } from '../../src/core/byte-block.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';

/** Text as JSON has it, with escapes at any place of a block. */
const escapes = fc
  .array(
    fc.constantFrom(
      ...['a', 'bc', ',', 'é', '😀', '\\n', '\\t', '\\r', '\\b', '\\f', '\\"', '\\\\', '\\/'],
      ...['\\u0022', '\\u000a', '\\u002C', '\\u00e9', '\\ud83d\\ude00', 'u', 'x'.repeat(14)],
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((units) => `"${units.join('')}"`);

const units = fc.array(fc.constantFrom('a', 'bcd', 'é', '東'), { maxLength: 8, size: 'max' });
/** A short text without escapes, with a comma or none. */
const short = fc
  .tuple(units, fc.constantFrom('', ','), units)
  .map(([before, comma, after]) => `"${before.join('')}${comma}${after.join('')}"`);

/** Strings of JSON. */
export const texts = fc.oneof({ weight: 3, arbitrary: escapes }, { weight: 1, arbitrary: short });

/** Records of JSON as a decoder gives them out. */
export function blockOf(records: readonly string[]): RecordBlock {
  const bytes = Buffer.from(records.map((text) => `${text} ,\n`).join(''));
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const text of records) {
    starts.push(at);
    ends.push(at + Buffer.byteLength(text));
    at += Buffer.byteLength(text) + 3;
  }
  return new ByteBlock({
    source: 'in',
    start: { source: 0, records: 0, bytes: 0 },
    end: { source: 0, records: records.length, bytes: bytes.length },
    encoded: { format: 'json', bytes, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) },
    offset: 0,
    decode: ({ starts, ends }) =>
      Array.from(starts, (start, i) => JSON.parse(bytes.toString('utf8', start, ends[i])) as unknown),
  });
}

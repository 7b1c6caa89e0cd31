import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NotUtf8, Utf8Pieces } from '../../src/formats/utf8-pieces.ts';
import { everyNth } from './decoding.ts';

/** The text, and the message of what was thrown behind it. */
function decode(
  bytes: Uint8Array,
  cuts: readonly number[],
): readonly [text: string, error: string | undefined] {
  const pieces = new Utf8Pieces();
  let text = '';
  let from = 0;
  try {
    for (const to of [...cuts, bytes.length]) {
      for (const part of pieces.decode(bytes.subarray(from, to))) text += part;
      from = to;
    }
    pieces.end();
    return [text, undefined];
  } catch (error) {
    if (!(error instanceof NotUtf8)) throw error;
    return [text, error.message];
  }
}

test('Utf8Pieces gives out text of any characters, however its bytes are cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), (text, size) => {
      const bytes = Buffer.from(text);
      expect(decode(bytes, everyNth(bytes.length, size))).toEqual([
        bytes.toString().replace(/^\ufeff/, ''),
        undefined,
      ]);
    }),
    { numRuns: 1_000 },
  );
});

test('Utf8Pieces gives out the same text before a flaw, however the bytes are cut', () => {
  const byte = fc.constantFrom(
    0x41,
    0xc3,
    0xa9,
    0xe2,
    0x82,
    0xac,
    0xf0,
    0x9f,
    0x8c,
    0x8d,
    0xff,
    0xed,
    0xa0,
    0x80,
    0xef,
    0xbb,
    0xbf,
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 12 }), (list) => {
      const bytes = Uint8Array.from(list);
      const [whole, error] = decode(bytes, []);
      for (let size = 1; size < bytes.length; size++)
        expect(decode(bytes, everyNth(bytes.length, size))).toEqual([whole, error]);
    }),
    { numRuns: 2_000 },
  );
});

test('Utf8Pieces leaves out a byte order mark only at the beginning', () => {
  const bytes = Buffer.from('\ufeffa\ufeffb');
  for (let at = 0; at <= bytes.length; at++) expect(decode(bytes, [at])).toEqual(['a\ufeffb', undefined]);
});

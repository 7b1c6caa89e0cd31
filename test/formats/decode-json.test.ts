import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RecordBytes } from '../../src/core/record-block.ts';
import { decodeJson } from '../../src/formats/decode-json.ts';
import { type Frames, ScanError, scanEngine } from '../../src/scan/index.ts';
import { encodedOf } from './encoded.ts';

const decoding = { maxDepth: 20, maxRecordBytes: 1 << 20, numbers: 'bigint' } as const;

/** Of which records and what is nearly one are made. */
const PIECES = ['{"a":1}', '[', ']', '{', '}', ',', '"', '\\', '1', '"b"', ':', 'ü', '[2,3]', ' '];

/** The elements of an array up to where it is none. */
function elementsOf(bytes: Buffer): RecordBytes {
  const framer = scanEngine().jsonFramer({ records: 'elements', path: [], maxDepth: 100 });
  let frames: Frames | undefined;
  try {
    frames = framer.push(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(ScanError);
  }
  const { count = 0 } = frames ?? {};
  const [starts, ends] = [frames?.starts, frames?.ends].map((all) =>
    Uint32Array.from(all?.subarray(0, count) ?? []),
  );
  return { format: 'json', bytes, starts: starts!, ends: ends! };
}

/** What becomes of each record when there is no other. */
function oneByOne(records: readonly (string | Buffer)[]) {
  const runs = records.map((record) => decodeJson(encodedOf([record]), decoding));
  return {
    records: runs.flatMap((run) => run.records),
    flaws: runs.flatMap(({ flaws }, index) => flaws.map((flaw) => ({ ...flaw, index }))),
  };
}

const together = (records: readonly (string | Buffer)[]) => decodeJson(encodedOf(records), decoding);

describe('A record among others is decoded as it is alone', () => {
  test.each<[string, readonly (string | Buffer)[]]>([
    ['well-formed ones', ['{"a":1}', '[2]', '"x"', '3', 'null', 'true']],
    ['none', []],
    ['one that holds two values', ['{"a":1},{"b":2}', '{"c":3}']],
    ['two that are one value together', ['1', '[2', '3]', '4']],
    ['one too many in one, and one too few in others', ['{"a":1},{"b":2}', '{"c":[{}', '{}]}']],
    ['three values in one, which make up for two halves', ['{},0,{}', '{"c":[1', '2]}', '{}']],
    ['values that close the array and open another', ['1],[2', '3']],
    ['halves of a text', ['"a', 'b"', '1,2']],
    ['a key and its value', ['{"a":', '1}', '{}']],
    ['nothing', ['', '1', ' ', '2']],
    ['a comma', ['1', ',', '2', '2,', ',3']],
    ['white space around them', [' 1 ', '\t{"a" : 1}', '2\r']],
    ['a key of all objects', ['{"__proto__":1}', '{"__proto__":{"a":2}}', '{"a":1,"a":2}']],
    ['bytes that are no UTF-8', ['1', Buffer.from([0x22, 0xff, 0x22]), '"ü"']],
    ['half a letter at an end', [Buffer.from([0x22, 0xc3]), Buffer.from([0xbc, 0x22]), '1']],
    ['letters of several bytes', ['"ü"', '"東京"', '"👩"', '"a"']],
    ['a byte order mark', ['1', '\uFEFF2', '3']],
    ['numbers that do not fit', ['1', '12345678901234567890', '{"a":1e400}', '2', '9007199254740993']],
    ['nesting beyond the bound', ['1', `${'['.repeat(30)}${']'.repeat(30)}`, '2']],
  ])('%s', (_what, records) => {
    expect(together(records)).toEqual(oneByOne(records));
  });

  test('whatever is cut out of it, put into it or moved to its neighbour', () => {
    const piece = fc.constantFrom(...PIECES);
    const record = fc.array(piece, { minLength: 0, maxLength: 4 }).map((pieces) => pieces.join(''));
    const property = fc.property(fc.array(record, { maxLength: 8 }), (records) => {
      expect(together(records)).toEqual(oneByOne(records));
    });
    fc.assert(property, { numRuns: 3_000 });
  });

  test('where the elements of an array lie side by side, whatever is put into the array', () => {
    const seen = { malformed: 0, wellFormed: 0 };
    const element = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map((pieces) => pieces.join('')),
    );
    const text = fc
      .tuple(fc.array(element, { minLength: 2, maxLength: 6 }), fc.constantFrom(',', ', ', ' ,\n'))
      .map(([elements, comma]) => `[${elements.join(comma)}]`);
    const property = fc.property(text, (text) => {
      const encoded = elementsOf(Buffer.from(text));
      const found = decodeJson(encoded, decoding);
      const each = Array.from(encoded.starts, (start, i) => encoded.bytes.subarray(start, encoded.ends[i]));
      expect(found).toEqual(oneByOne(each.map((bytes) => Buffer.from(bytes))));
      if (each.length > 1) seen[found.flaws.length > 0 ? 'malformed' : 'wellFormed'] += 1;
    });
    fc.assert(property, { numRuns: 6_000 });
    expect(Math.min(seen.malformed, seen.wellFormed)).toBeGreaterThan(100);
  });

  test('in many groups, with a malformed one here and there', () => {
    const records = Array.from({ length: 5_000 }, (_, id) => {
      if (id % 997 === 5) return `{"id":${id}`;
      return id % 500 === 7
        ? `{"id":1234567890123456789}`
        : JSON.stringify({ id, text: 'ü'.repeat(id % 90) });
    });
    const { flaws, records: decoded } = together(records);
    expect(flaws.map(({ index }) => index)).toEqual([5, 1002, 1999, 2996, 3993, 4990]);
    expect({ flaws, records: decoded }).toEqual(oneByOne(records));
  });
});

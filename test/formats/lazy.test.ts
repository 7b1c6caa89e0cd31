import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { checkJson, decodeJson } from '../../src/formats/decode-json.ts';
import { json } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import type { NumberPolicy } from '../../src/formats/numbers.ts';

const value = fc.oneof(
  fc.json(),
  fc.json({ maxDepth: 7 }),
  fc.constantFrom('1e400', '12345678901234567890', '1'.repeat(10_001), '"1e400"', '{"a":"1234567890123456"}'),
);
const damaged = fc.tuple(value, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([text, at, byte]) => {
  const bytes = Buffer.from(text);
  bytes[at % bytes.length] = byte;
  return bytes;
});
const record = fc.oneof(
  value.map((text) => Buffer.from(text)),
  damaged,
);

test.each<NumberPolicy>(['bigint', 'error', 'string', 'lossy'])(
  'checking finds what decoding finds, numbers: %s',
  (numbers) => {
    const found = { flaws: 0 };
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), fc.constantFrom(3, 512), (records, maxDepth) => {
        const bytes = Buffer.concat(records.flatMap((bytes) => [bytes, Buffer.from('\n')]));
        const ends: number[] = [];
        for (const { length } of records) ends.push((ends.at(-1) ?? -1) + 1 + length);
        const encoded = {
          format: 'json',
          bytes,
          starts: Uint32Array.from(records, ({ length }, i) => ends[i]! - length),
          ends: Uint32Array.from(ends),
        } as const;
        const decoding = { maxDepth, numbers, maxRecordBytes: 1_000_000 };
        const flaws = checkJson(encoded, decoding).flaws;
        found.flaws += flaws.length;
        expect(flaws).toEqual(decodeJson(encoded, decoding).flaws);
      }),
      { numRuns: 3_000 },
    );
    expect(found.flaws).toBeGreaterThan(500);
  },
);

const LINES = '{"a":1}\n{"a":2}\n';

test.each([
  ['ndjson', ndjson(), LINES],
  ['json', json({ path: '' }), '[{"a":1},{"a":2}]'],
])(
  '%s: bytes are written without decoding, and records are decoded when someone looks',
  (_name, format, text) => {
    const decoder = format.decoder({ source: 'in', sourceIndex: 0 });
    const parse = JSON.parse;
    let parsed = 0;
    JSON.parse = (...args) => {
      parsed += 1;
      return parse(...args) as unknown;
    };
    try {
      const blocks = [...(decoder.decode(Buffer.from(text)) as Iterable<RecordBlock>)];
      expect(blocks.map((block) => Buffer.from(block.ndjson()).toString()).join('')).toBe(LINES);
      expect(blocks.map(({ count }) => count)).toEqual([2]);
      expect(parsed).toBe(0);
      expect(blocks[0]!.records).toEqual([{ a: 1 }, { a: 2 }]);
      expect(blocks[0]!.records).toBe(blocks[0]!.records);
      expect(parsed).toBe(1);
    } finally {
      JSON.parse = parse;
    }
  },
);

test('once records are looked at, decoding finds what is wrong, in the same place', () => {
  const decoder = ndjson().decoder({ source: 'in', sourceIndex: 0 });
  const [first] = [...(decoder.decode(Buffer.from('{"a":1}\n')) as Iterable<RecordBlock>)];
  expect(first!.records).toEqual([{ a: 1 }]);
  const items = [...(decoder.decode(Buffer.from('{"a":2}\n{"a":}\n{"a":3}\n')) as Iterable<unknown>)];
  expect(items).toMatchObject([
    { count: 1, records: [{ a: 2 }] },
    { position: { record: 3, byte: 16, line: 3 }, malformed: { code: 'MALFORMED_RECORD' } },
    { count: 1, records: [{ a: 3 }] },
  ]);
});

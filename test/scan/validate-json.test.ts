import { describe, expect, test } from 'vitest';
import { engines } from './engines.ts';

interface Case {
  readonly record: string | Uint8Array;
  /** Kind and offset of the flaw. */
  readonly flaw?: string;
}

const cases: readonly Case[] = [
  { record: '{"a":[1,-0.5e+10,true,false,null,"\\ud800\\u12aF\\/"]}' },
  { record: ' \t{ } \r\n' },
  { record: '12' },
  { record: '0' },
  { record: '"é€𝄞"' },
  { record: '"\u007f\u0080\u2028"' },
  { record: '', flaw: 'syntax@0' },
  { record: '  ', flaw: 'syntax@2' },
  { record: '{"a":1', flaw: 'syntax@6' },
  { record: '"abc', flaw: 'syntax@4' },
  { record: '"abc\\"', flaw: 'syntax@6' },
  { record: '-', flaw: 'syntax@1' },
  { record: '1.', flaw: 'syntax@2' },
  { record: 'tru', flaw: 'syntax@3' },
  { record: 'truex', flaw: 'syntax@4' },
  { record: 'trux', flaw: 'syntax@3' },
  { record: '01', flaw: 'syntax@1' },
  { record: '1 2', flaw: 'syntax@2' },
  { record: '[1,2,]', flaw: 'syntax@5' },
  { record: '[1}', flaw: 'syntax@2' },
  { record: '{"a":[1}', flaw: 'syntax@7' },
  { record: '{"a","b"}', flaw: 'syntax@4' },
  { record: '{1:2}', flaw: 'syntax@1' },
  { record: '["\\x"]', flaw: 'syntax@3' },
  { record: '["\\u12"]', flaw: 'syntax@6' },
  { record: '["\u0000"]', flaw: 'syntax@2' },
  { record: '["\n"]', flaw: 'syntax@2' },
  { record: '[1,\f2]', flaw: 'syntax@3' },
  { record: '\ufeff1', flaw: 'syntax@0' },
  { record: Buffer.from('"\x80"', 'latin1'), flaw: 'utf8@1' },
  { record: Buffer.from('"\xc0\xaf"', 'latin1'), flaw: 'utf8@1' },
  { record: Buffer.from('"\xe0\x9f\xbf"', 'latin1'), flaw: 'utf8@2' },
  { record: Buffer.from('"\xed\xa0\x80"', 'latin1'), flaw: 'utf8@2' },
  { record: Buffer.from('"\xf0\x8f\xbf\xbf"', 'latin1'), flaw: 'utf8@2' },
  { record: Buffer.from('"\xf4\x90\x80\x80"', 'latin1'), flaw: 'utf8@2' },
  { record: Buffer.from('"\xc3"', 'latin1'), flaw: 'utf8@2' },
  { record: Buffer.from('\xff', 'latin1'), flaw: 'utf8@0' },
  { record: '[[[[]]]]' },
  { record: '[[[[[]]]]]', flaw: 'depth@4' },
  { record: '[[[{"a":{}}]]]', flaw: 'depth@8' },
];

for (const engine of engines) {
  describe(`validateJson() of ${engine.name}`, () => {
    test.each(cases)('$record: $flaw', ({ record, flaw }) => {
      expect(flawIn([record])).toBe(flaw && `0: ${flaw}`);
    });

    test.each(cases)('$record among others: $flaw', ({ record, flaw }) => {
      const others = ['{"a":"\\\\"}', `[${'"x\\"y",'.repeat(40)}1]`];
      expect(flawIn([...others, record, ...others])).toBe(flaw && `2: ${flaw}`);
    });

    /** The flaw, its offset counted from the beginning of its record. */
    function flawIn(records: readonly (string | Uint8Array)[]): string | undefined {
      const parts = records.map((record) => Buffer.from(record));
      const ends = parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, { length }) => sum + length, i));
      const starts = parts.map(({ length }, i) => ends[i]! - length);
      const bytes = Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
      const flaw = engine.validateJson(bytes, Uint32Array.from(starts), Uint32Array.from(ends), 4);
      return flaw && `${flaw.record}: ${flaw.kind}@${flaw.offset - starts[flaw.record]!}`;
    }
  });
}

test('validateJson() says what it expected and what it got', () => {
  const reasons = ['[1 2]', '{"a":1]', '{a}', '"\\x"', '[1,]'].map(
    (record) =>
      engines[0]!.validateJson(Buffer.from(record), Uint32Array.of(0), Uint32Array.of(record.length), 9)
        ?.reason,
  );
  expect(reasons).toEqual([
    "Expected , or ], got '2'",
    "Expected , or }, got ']'",
    "Expected a key in double quotes or }, got 'a'",
    "Expected a valid escape after \\, got 'x'",
    "Expected a value, got ']'",
  ]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeJson } from '../../src/core/json.ts';
import { json } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import { mayHoldInexact, type NumberPolicy } from '../../src/formats/numbers.ts';
import { decoding, recordsOf } from './decoding.ts';

const POLICIES: readonly NumberPolicy[] = ['bigint', 'string', 'error', 'lossy'];
const REFUSED = Symbol('refused');

const cases: readonly (readonly [
  literal: string,
  ...values: readonly [bigint: unknown, string: unknown, error: unknown, lossy: unknown],
])[] = [
  ['9007199254740991', 9007199254740991, 9007199254740991, 9007199254740991, 9007199254740991],
  ['9007199254740992', 9007199254740992n, '9007199254740992', REFUSED, 9007199254740992],
  ['-9007199254740993', -9007199254740993n, '-9007199254740993', REFUSED, -9007199254740992],
  ['1234567890123456', 1234567890123456, 1234567890123456, 1234567890123456, 1234567890123456],
  ['1e400', REFUSED, '1e400', REFUSED, Infinity],
  ['-1E+0400', REFUSED, '-1E+0400', REFUSED, -Infinity],
  ['1e308', 1e308, 1e308, 1e308, 1e308],
  [
    '0.12345678901234567890',
    0.12345678901234568,
    0.12345678901234568,
    0.12345678901234568,
    0.12345678901234568,
  ],
  ['1e-400', 0, 0, 0, 0],
  ['-0', -0, -0, -0, -0],
  ['1'.repeat(400), BigInt('1'.repeat(400)), '1'.repeat(400), REFUSED, Infinity],
  ['1'.repeat(10_001), REFUSED, '1'.repeat(10_001), REFUSED, Infinity],
];

describe.each(POLICIES.map((policy, index) => [policy, index] as const))('numbers: %s', (numbers, index) => {
  test.each(cases.map(([literal, ...values]) => [literal, values[index]] as const))(
    '%s',
    (literal, value) => {
      for (const format of [ndjson({ numbers }), json({ numbers })]) {
        const text = `[{"a":[${literal}],"b":"${literal}"}]`;
        const { items, error } = decoding(format, text);
        if (value === REFUSED) expect(error ?? items[0]).toMatchObject({ code: 'INEXACT_NUMBER' });
        else {
          const record = { a: [value], b: literal };
          expect(items.map((item) => 'value' in item && item.value)).toEqual([
            format.name === 'json' ? record : [record],
          ]);
        }
      }
    },
  );
});

test('the default policy writes back the integers that it read', () => {
  const line = '{"id":123456789012345678901234567890,"ids":[-9007199254740993,1]}';
  expect(recordsOf(ndjson(), line).map(encodeJson)).toEqual([line]);
});

test('a message shows at most 40 digits', () => {
  const { items } = decoding(ndjson({ numbers: 'error' }), '7'.repeat(100));
  expect(items[0]).toMatchObject({
    message: expect.stringContaining(`The number ${'7'.repeat(40)}… does not fit`),
  });
});

test.each([
  ['{"a":1234567890123456}', true],
  ['{"a":123456789012345}', false],
  ['[1e400]', true],
  ['[1e99,1.5e+20]', false],
  ['{"id":"1234567890123456","uuid":"3e123","n":1}', false],
  ['{"a":"\\"1234567890123456","b":2}', false],
  ['{"a":"\\\\","b":1234567890123456}', true],
])('mayHoldInexact(%s) is %s: strings do not count', (text, expected) => {
  expect(mayHoldInexact(text)).toBe(expected);
});

test('every integer keeps its value or is refused, and none is changed', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), (integer) => {
      const [value] = recordsOf(ndjson(), String(integer)) as [number | bigint];
      expect(BigInt(value)).toBe(integer);
      expect(typeof value).toBe(Number.isSafeInteger(Number(integer)) ? 'number' : 'bigint');
    }),
    { numRuns: 1_000 },
  );
});

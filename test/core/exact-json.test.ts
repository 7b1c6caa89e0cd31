import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readExactJson, writeExactJson } from '../../src/core/exact-json.ts';

const key = fc.oneof(
  fc.string(),
  fc.constantFrom('$', '$bigint', '$$bigint', '$date', '__proto__', 'toJSON'),
);
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array(),
    fc.constantFrom('\ud800', '\u2028', -0, Number.NaN, 2n ** 80n, -(2n ** 63n)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

describe('exact JSON', () => {
  test('gives every value back as it was', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(readExactJson(writeExactJson(value))).toStrictEqual(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test('leaves out what is undefined, and pollutes no prototype', () => {
    expect(readExactJson(writeExactJson({ a: undefined, b: 1 }))).toStrictEqual({ b: 1 });
    const read = readExactJson('{"__proto__":{"admin":true}}');
    expect(Object.hasOwn(read as object, '__proto__')).toBe(true);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test.each([
    ['a function', { a: [() => 1] }, '$.a[0]', 'function'],
    ['a symbol', { a: Symbol('x') }, '$.a', 'symbol'],
    ['undefined in an array', [1, undefined], '$[1]', 'undefined'],
    ['a Map', { deep: { map: new Map() } }, '$.deep.map', 'Map'],
    ['an Error', new Error('x'), '$', 'Error'],
  ])('refuses %s, and says where it is', (_name, value, path, kind) => {
    const message = `${path} must be plain data, at most 64 levels deep, got ${kind}`;
    expect(() => writeExactJson(value)).toThrow(new TypeError(message));
  });

  test('refuses a circle', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => writeExactJson(circle)).toThrow(TypeError);
  });

  test.each([
    '{"$bigint":"1.5"}',
    '{"$bigint":"-0"}',
    '{"$bigint":1}',
    '{"$number":"1"}',
    '{"$date":"now"}',
    '{"$bytes":7}',
    '{"$other":1}',
    '{"$bigint":"1","b":2}',
    '{"a":',
  ])('does not read %s', (text) => {
    expect(() => readExactJson(text)).toThrow(SyntaxError);
  });
});

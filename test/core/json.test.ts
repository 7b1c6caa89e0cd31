import { expect, test } from 'vitest';
import { encodeJson } from '../../src/core/json.ts';

test.each([
  [{ a: 1, b: [null, 'x', true] }, '{"a":1,"b":[null,"x",true]}'],
  [{ n: 9_007_199_254_740_993n }, '{"n":9007199254740993}'],
  [[1n, { deep: -(2n ** 70n) }], '[1,{"deep":-1180591620717411303424}]'],
  [7n, '7'],
  [null, 'null'],
  ['', '""'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [JSON.parse('{"__proto__":{"x":1}}'), '{"__proto__":{"x":1}}'],
])('encodeJson(%o) is %s', (record, json) => {
  expect(encodeJson(record)).toBe(json);
});

test.each([[undefined], [() => 1], [Symbol('x')]])(
  'encodeJson(%o) is a TypeError, never the text "undefined"',
  (record) => {
    expect(() => encodeJson(record)).toThrow(`A record must have a JSON form, got ${typeof record}`);
  },
);

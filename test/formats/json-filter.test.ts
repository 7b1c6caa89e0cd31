import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObjectBlock } from '../../src/core/object-block.ts';
import { type JsonOptions, json } from '../../src/formats/json-format.ts';
import { cutsOf, decoding, everyNth, PIECE_SIZES, recordsOf } from './decoding.ts';

const ORDERS =
  '{"orders":[{"id":1,"lines":[{"sku":"a"},{"sku":"b"}]},{"id":2,"lines":[{"sku":"ü"}]}],"total":3}';

describe('json() with a filter', () => {
  test.each<[what: string, input: string, options: JsonOptions, records: unknown[]]>([
    [
      'values whose path matches a RegExp',
      ORDERS,
      { filter: /^orders\.\d+\.lines\.\d+$/ },
      [{ sku: 'a' }, { sku: 'b' }, { sku: 'ü' }],
    ],
    ['scalars', ORDERS, { filter: /\.id$/ }, [1, 2]],
    [
      'several subtrees',
      ORDERS,
      { filter: /^(?:orders\.0\.lines|total)$/ },
      [[{ sku: 'a' }, { sku: 'b' }], 3],
    ],
    [
      'values that a function picks by their path',
      ORDERS,
      { filter: (path) => path.at(-1) === 'sku' },
      ['a', 'b', 'ü'],
    ],
    [
      'values that a function picks by their token',
      '[1,[2],{"a":"x"}]',
      { filter: (_, { name }) => name === 'startObject' || name === 'numberValue' },
      [1, 2, { a: 'x' }],
    ],
    ['nothing where nothing matches', ORDERS, { filter: /nowhere/ }, []],
    ['comments and trailing commas', '// a\n[1, /* b */ {"a": 2,},\n]', { jsonc: true }, [1, { a: 2 }]],
    ['a document with comments', '/**/ {"a": [1,],} // b', { jsonc: true }, [{ a: [1] }]],
    [
      'a path among comments',
      '{"a.b": {"c": [1, 2,]}, "a": {"b.c": 3}} //',
      { jsonc: true, path: ['a.b', 'c'] },
      [1, 2],
    ],
    ['the values of an object at a path', '{"a":{"x":1,"y":[2]}}', { jsonc: true, path: 'a' }, [1, [2]]],
    ['the values of the root', '{"x":1,"y":[2]}', { jsonc: true, path: '' }, [1, [2]]],
    ['a filter among comments', '{"a": 1, /* "b": 2 */ "b": 3}', { jsonc: true, filter: /^b$/ }, [3]],
    ['a byte order mark', '\ufeff[1]', { jsonc: true }, [1]],
  ])('takes %s, however it is cut', (_, input, options, records) => {
    for (const cuts of cutsOf(Buffer.byteLength(input)))
      expect(recordsOf(json(options), input, cuts)).toEqual(records);
  });

  test('gives out blocks of objects whose positions are their numbers', () => {
    const decoder = json({ filter: /id$/ }).decoder({ source: 'orders.json', sourceIndex: 1 });
    const [block] = Array.from(decoder.decode(Buffer.from(ORDERS)) as Iterable<ObjectBlock<unknown>>);
    expect(block).toBeInstanceOf(ObjectBlock);
    expect(block!.describe(1)).toBe('orders.json (record 2)');
    expect(block!.end).toEqual({ source: 1, records: 2 });
  });

  test.each<
    [input: string | Buffer, options: JsonOptions, code: string, records: number, message: string | RegExp]
  >([
    [
      '[{"a":1},{"a":2}}',
      { jsonc: true },
      'MALFORMED_INPUT',
      2,
      /^in \(record 3\): Parser cannot parse input/,
    ],
    [
      '[{"a":1},{"a":x}]',
      { filter: /a$/ },
      'MALFORMED_INPUT',
      1,
      /^in \(record 2\): Parser cannot parse input/,
    ],
    ['[{"a":1},', { filter: /a$/ }, 'SOURCE_TRUNCATED', 1, /^in \(record 2\): Parser/],
    ['', { jsonc: true }, 'SOURCE_TRUNCATED', 0, /^in \(record 1\): Parser/],
    [
      Buffer.from('[{"a":1},{"a":"\xff"}]', 'latin1'),
      { filter: /a$/ },
      'INVALID_UTF8',
      1,
      'in (record 2): The input is not valid UTF-8',
    ],
    [
      Buffer.from('[{}]\xc3', 'latin1'),
      { jsonc: true },
      'INVALID_UTF8',
      1,
      'in (record 2): The input ends within a character',
    ],
    [
      '[[],[[[]]]]',
      { jsonc: true, maxDepth: 2 },
      'RECORD_TOO_DEEP',
      1,
      'in (record 2): The record is nested deeper than maxDepth (2)',
    ],
    ['[{},1e400]', { jsonc: true }, 'INEXACT_NUMBER', 1, /^in \(record 2\): The number 1e400/],
    ['{"a":{}}', { jsonc: true, path: 'b' }, 'PATH_NOT_FOUND', 0, 'in (record 1): There is nothing at b'],
    [
      '{"a":1}',
      { jsonc: true, path: 'a' },
      'PATH_NOT_FOUND',
      0,
      'in (record 1): The value at a is neither an array nor an object',
    ],
    [
      '{"a":[{}],"a":[]}',
      { jsonc: true, path: 'a' },
      'PATH_NOT_FOUND',
      1,
      'in (record 2): The key a stands there twice',
    ],
  ])(
    'throws at %j with %j, behind the records before it, however it is cut',
    (input, options, code, records, message) => {
      for (const cuts of cutsOf(input.length)) {
        const { items, error } = decoding(json(options), input, cuts);
        expect(items).toHaveLength(records);
        expect(error).toMatchObject({
          code,
          message: message instanceof RegExp ? expect.stringMatching(message) : message,
        });
      }
    },
  );

  test('holds a record, and what the parser keeps of it, to maxRecordBytes', () => {
    const maxRecordBytes = 1_000;
    const fine = JSON.stringify(Array.from({ length: 40 }, (_, i) => ({ i, text: 'x'.repeat(800) })));
    const wide = `[{},[${'1,'.repeat(600)}1]]`;
    const long = `[{},"${'x'.repeat(1_100)}"]`;
    for (const size of [...PIECE_SIZES, 100_000]) {
      const decode = (input: string, options: JsonOptions) =>
        decoding(json({ ...options, maxRecordBytes }), input, everyNth(input.length, size));
      expect(decode(fine, { jsonc: true }).items).toHaveLength(40);
      expect(decode(fine, { filter: /\.i$/ }).items).toHaveLength(40);
      for (const input of [wide, long])
        expect(decode(input, { jsonc: true })).toMatchObject({
          items: [{ value: {} }],
          error: { code: 'RECORD_TOO_LARGE' },
        });
    }
  });

  test('holds 200,000 levels to maxDepth', () => {
    const { error } = decoding(json({ filter: /^x$/ }), '['.repeat(200_000));
    expect(error).toMatchObject({ code: 'RECORD_TOO_DEEP' });
  });

  test.each(['bigint', 'string', 'lossy'] as const)('keeps the policy of numbers: %s', (numbers) => {
    const text = '[1,-2.5e3,9007199254740993,[12345678901234567890],0.1]';
    expect(recordsOf(json({ jsonc: true, numbers }), text)).toEqual(recordsOf(json({ numbers }), text));
  });

  test('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(...PIECE_SIZES, 1_000), (text, size) => {
        const document = recordsOf(
          json({ filter: (path) => path.length === 0 }),
          text,
          everyNth(Buffer.byteLength(text), size),
        );
        expect(document).toEqual(recordsOf(json(), `[${text}]`));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[options: JsonOptions, error: string]>([
    [{ filter: 'a.b' as never }, 'filter must be a RegExp or a function, got "a.b"'],
    [{ filter: /a/, path: 'b' }, 'filter must be left out when there is a path'],
    [{ jsonc: true, path: 7 as never }, 'path must be a dotted path or a list of keys, got 7'],
  ])('refuses %j', (options, error) => {
    expect(() => json(options)).toThrow(error);
  });
});

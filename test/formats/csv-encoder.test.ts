import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Encoder } from '../../src/core/format.ts';
import { type CsvEncoderOptions, csvEncoder, tsvEncoder } from '../../src/formats/csv-encoder.ts';
import { chunkOf } from '../../src/testing/index.ts';

function encode(encoder: Encoder, ...lists: readonly (readonly unknown[])[]): string {
  const chunks = lists.map((records, index) => chunkOf(records, { index, before: index * 1_000 }));
  const pieces = [
    encoder.header(chunks[0]),
    ...chunks.flatMap((chunk) => [...encoder.encode(chunk)]),
    encoder.footer,
  ];
  return Buffer.concat(pieces).toString();
}

function csv(options: CsvEncoderOptions, ...lists: readonly (readonly unknown[])[]): string {
  return encode(csvEncoder(options), ...lists);
}

test('csvEncoder() names the keys of the first chunk in order of first appearance', () => {
  const text = csv(
    {},
    [
      { b: 1, a: 2 },
      { c: 3, a: 4 },
    ],
    [{ a: 5 }],
  );
  expect(text).toBe('b,a,c\n1,2,\n,4,3\n,5,\n');
});

test('csvEncoder() refuses a later record with a column that the header lacks, and names both', () => {
  const encoder = csvEncoder();
  const write = () => encode(encoder, [{ a: 1 }], [{ a: 2 }, { a: 3, extra: 4 }]);
  expect(write).toThrow(
    'test.ndjson (record 1002): The header is written and has no column "extra": name all columns with the columns option',
  );
  expect(write).toThrow(expect.objectContaining({ code: 'REFUSED_RECORD', position: { record: 1002 } }));
});

test('csvEncoder() takes given columns for a choice and leaves out the rest', () => {
  expect(csv({ columns: ['c', 'a'] }, [{ a: 1, b: 2 }, { c: 3 }])).toBe('c,a\n,1\n3,\n');
});

test('csvEncoder() refuses columns beyond the given ones when told to', () => {
  expect(() => csv({ columns: ['a'], otherColumns: 'refuse' }, [{ a: 1, b: 2 }])).toThrow(
    /record 1.*no column "b"/,
  );
});

test.each([
  ['null', null, ''],
  ['undefined', undefined, ''],
  ['an empty text', '', ''],
  ['true', true, 'true'],
  ['false', false, 'false'],
  ['a number', -1.5, '-1.5'],
  ['a large number', 1e21, '1e+21'],
  ['a bigint, verbatim', 2n ** 64n, '18446744073709551616'],
  ['a date as ISO 8601', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['an object as JSON', { a: [1, { b: 'x' }] }, '"{""a"":[1,{""b"":""x""}]}"'],
  ['an array of bigints as JSON', [2n ** 60n], '[1152921504606846976]'],
  ['a delimiter', 'a,b', '"a,b"'],
  ['a quote', 'a"b', '"a""b"'],
  ['a line feed', 'a\nb', '"a\nb"'],
  ['a carriage return', 'a\rb', '"a\rb"'],
])('csvEncoder() writes %s', (_, value, expected) => {
  expect(csv({ header: false }, [{ id: 1, value }])).toBe(`1,${expected}\n`);
});

test('csvEncoder() quotes an empty value that is alone on its line, so that the line is no empty one', () => {
  const text = csv({}, [{ a: '' }, { a: null }, { a: 'x' }]);
  expect(text).toBe('a\n""\n""\nx\n');
  expect(parse(text, { columns: true, skip_empty_lines: true })).toHaveLength(3);
});

test('csvEncoder() writes columns such as __proto__ and finds no values that a record does not hold', () => {
  const record = JSON.parse('{"__proto__":"p","constructor":"c"}') as object;
  expect(csv({}, [record, { constructor: 'd' }, {}])).toBe('__proto__,constructor\np,c\n,d\n,\n');
});

test.each([
  ['a text', 'text', 'a string'],
  ['null', null, 'null'],
  ['an array', [1], 'an array'],
  ['a date', new Date(0), 'a Date'],
])('csvEncoder() refuses %s as a record', (_, record, kind) => {
  const write = () => csv({ columns: ['a'] }, [{ a: 1 }, record]);
  expect(write).toThrow(`test.ndjson (record 2): A line of CSV must be made of an object, this is ${kind}`);
});

test.each([
  ['an invalid date', new Date(Number.NaN)],
  ['a function', () => 1],
  ['bytes', new Uint8Array(2)],
  ['half of a surrogate pair', '\ud800'],
])('csvEncoder() refuses %s as a value, names the column and keeps the value to itself', (_, value) => {
  expect(() => csv({}, [{ a: 1, b: value }])).toThrow(/^test\.ndjson \(record 1\): Column "b" h/);
});

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', '-1'],
  ['-5.50', '-5.50'],
  ['-1+cmd', "'-1+cmd"],
  ['-', "'-"],
  ['@a', "'@a"],
  ['\tx', "'\tx"],
  ['\rx', '"\'\rx"'],
  ['＝1', "'＝1"],
  [-1, '-1'],
  [-1n, '-1'],
  ['a=1', 'a=1'],
])('csvEncoder() escapes formulas when asked: %s', (value, expected) => {
  expect(csv({ escapeFormulas: true, header: false }, [{ a: value }])).toBe(`${expected}\n`);
  expect(csv({ header: false }, [{ a: value }])).not.toContain("'");
});

test('csvEncoder() refuses a key that UTF-8 cannot hold, and names its record', () => {
  expect(() => csv({}, [{ a: 1 }, { '\ud800': 1 }])).toThrow(/^test\.ndjson \(record 2\): A key holds half/);
});

test('csvEncoder() writes nothing for an empty run, or the header when the columns are given', () => {
  expect(csvEncoder().header(undefined).toString()).toBe('');
  expect(Buffer.from(csvEncoder({ columns: ['a', 'b'] }).header(undefined)).toString()).toBe('a,b\n');
});

test('csvEncoder() quotes a first column that begins with a byte order mark', () => {
  const text = csv({}, [{ '\ufeffid': 1 }]);
  expect(parse(text, { columns: true, bom: true })).toEqual([{ '\ufeffid': '1' }]);
});

test('csvEncoder() writes texts that csv-parse reads back as they were', () => {
  const texts = fc.array(fc.record({ a: anyText(), b: anyText() }), { minLength: 1 });
  fc.assert(
    fc.property(texts, fc.boolean(), (records, isTsv) => {
      const text = encode(isTsv ? tsvEncoder() : csvEncoder(), records);
      const read = parse(text, {
        columns: true,
        bom: true,
        delimiter: isTsv ? '\t' : ',',
        record_delimiter: '\n',
      });
      expect(read).toEqual(records);
    }),
    { numRuns: 500 },
  );
});

function anyText(): fc.Arbitrary<string> {
  const special = fc.constantFrom('"', ',', '\n', '\r', '\t', "'", '\ufeff', ' ', 'x', '');
  return fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(special).map((parts) => parts.join('')),
  );
}

test.each([
  [
    { columns: [] },
    'columns must be a list of at least one name, or an object of names and paths, got an array',
  ],
  [{ columns: ['a', 'a'] }, 'columns must differ from each other, got "a" twice'],
  [{ delimiter: ';;' }, 'delimiter must be one character, got ";;"'],
])('csvEncoder(%j) is a TypeError', (options, message) => {
  expect(() => csvEncoder(options)).toThrow(new TypeError(message));
});

test('tsvEncoder() puts tabs between the values', () => {
  expect(encode(tsvEncoder(), [{ a: 'x\ty', b: 'p,q' }])).toBe('a\tb\n"x\ty"\tp,q\n');
});

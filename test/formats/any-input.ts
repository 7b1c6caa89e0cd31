import fc from 'fast-check';
import type { Format } from '../../src/core/format.ts';
import { csv } from '../../src/formats/csv-format.ts';
import { json, jsonSeq } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import { text } from '../../src/formats/text-format.ts';

const value = fc.json().map((line) => line.replaceAll(/\s/g, ' '));
const junk = fc.constantFrom(
  '',
  ' ',
  '{',
  '}',
  '"',
  '\x1e',
  '[1',
  'é',
  '\ufeff',
  '1e999',
  '7'.repeat(20),
  '['.repeat(9),
);
const lines = (part: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(part, fc.constantFrom('\n', '\r\n', '\n\n', '\r'))).map((parts) => parts.flat().join(''));
const field = fc.oneof(
  fc.string({ maxLength: 5, unit: 'grapheme' }),
  fc.constantFrom('"a"', '"b\n"', '"c"",\r\n"', '"', 'd"', '#', ' "e" '),
);
const row = fc.array(field, { minLength: 1, maxLength: 3 }).map((fields) => fields.join(','));

/** Formats, and inputs that are mostly in them. */
export const anyInputs: readonly (readonly [name: string, format: Format, input: fc.Arbitrary<string>])[] = [
  ['ndjson', ndjson(), lines(fc.oneof(value, junk))],
  ['ndjson within bounds', ndjson({ maxRecordBytes: 12, maxDepth: 3 }), lines(fc.oneof(value, junk))],
  [
    'json',
    json({ maxRecordBytes: 40 }),
    fc
      .array(fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: junk }))
      .map((values) => `[${values.join(' , ')}]`),
  ],
  ['json of any root', json({ maxDepth: 3 }), fc.oneof(value, junk)],
  [
    'json at a path',
    json({ path: 'a.b', numbers: 'error' }),
    fc.array(value).map((values) => `{"x":[1],"a":{"b":[${values.join()}]}}`),
  ],
  [
    'json-seq',
    jsonSeq(),
    fc
      .array(fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: junk }))
      .map((values) => values.join('\n\x1e')),
  ],
  ['text', text({ maxRecordBytes: 30 }), fc.string({ unit: 'binary' })],
  [
    'json of values at a path',
    json({ path: ['a', 'b'] }),
    fc
      .array(fc.tuple(fc.json(), value))
      .map(
        (pairs) =>
          `{"x":{"b":[0]},"a":{"c":{},"b" : {${pairs.map(([key, each]) => `${JSON.stringify(key)} : ${each}`).join(' , ')}}, "d":[{}]}}`,
      ),
  ],
  ['csv', csv(), lines(row)],
  ['csv of arrays', csv({ header: false }), lines(row)],
  [
    'csv with comments',
    csv({ comment: '#', relaxColumnCount: true }),
    lines(fc.oneof(row, fc.constant('#a,"b'))),
  ],
  ['csv within bounds', csv({ header: false, maxRecordBytes: 8 }), lines(row)],
  [
    'csv with all options',
    csv({ header: false, comment: '#', trim: true, cast: true, escape: '\\' }),
    lines(row),
  ],
];

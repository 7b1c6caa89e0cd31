import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitFields } from '../../src/formats/csv-fields.ts';

const COMMA = { delimiter: ',', quote: '"' } as const;

test.each<[text: string, fields: readonly string[] | undefined]>([
  ['a,b', ['a', 'b']],
  ['', ['']],
  [',', ['', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['""', ['']],
  ['"a""b"', ['a"b']],
  ['a,"b\n"', ['a', 'b\n']],
  ['"a",', ['a', '']],
  ['a"b,c', undefined],
  ['"a"b,c', undefined],
  ['"a', undefined],
  ['"a""', undefined],
  [' "a"', undefined],
])('splitFields(%j) gives %j', (text, fields) => {
  expect(splitFields(text, COMMA)).toEqual(fields);
});

test('without quotes nothing is quoted', () => {
  expect(splitFields('"a;b";c', { delimiter: ';', quote: undefined })).toEqual(['"a', 'b"', 'c']);
});

test('what it splits, csv-parse splits the same', () => {
  const part = fc.constantFrom('a', 'é', ',', '"', '""', '","', '\n', ' ', ';', '"x"');
  const counts = { same: 0, left: 0 };
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const fields = splitFields(text, COMMA);
      counts[fields === undefined ? 'left' : 'same'] += 1;
      // line breaks outside of quotes would end the record
      if (fields === undefined || text.replace(/"(?:[^"]|"")*"/g, '').includes('\n')) return;
      expect(fields).toEqual(parse(text, { relax_column_count: true })[0]);
    }),
    { numRuns: 5_000 },
  );
  expect(Math.min(counts.same, counts.left)).toBeGreaterThan(100);
});

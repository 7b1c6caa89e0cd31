import { expect, test } from 'vitest';
import {
  FORMAT_NAMES,
  type FormatName,
  type FormatOptions,
  formatNamed,
} from '../../src/formats/format-named.ts';
import { recordsOf } from './decoding.ts';

test.each<[name: FormatName, input: string, options: FormatOptions, records: unknown[]]>([
  ['ndjson', '1\n2', { numbers: 'error', maxDepth: 3 }, [1, 2]],
  ['jsonl', '1\n2', {}, [1, 2]],
  ['json', '{"a":[1,2]}', { path: 'a', maxRecordBytes: 10 }, [1, 2]],
  ['json-seq', '{}{}', { numbers: 'lossy' }, [{}, {}]],
  ['csv', '1;2', { header: ['a', 'b'], delimiter: ';', cast: true }, [{ a: 1, b: 2 }]],
  ['tsv', 'a\tb\n1\t2', { quote: null, trim: true }, [{ a: '1', b: '2' }]],
  ['text', 'a\nb', { maxRecordBytes: 5 }, ['a', 'b']],
])('formatNamed() makes %s', (name, input, options, records) => {
  expect(recordsOf(formatNamed(name, options), input)).toEqual(records);
});

test('formatNamed() takes an option that is undefined for one that is not given', () => {
  const options = { header: undefined, path: undefined } as unknown as FormatOptions;
  expect(recordsOf(formatNamed('ndjson', options), '1')).toEqual([1]);
});

const FOREIGN: Readonly<Record<string, readonly FormatName[]>> = {
  path: ['ndjson', 'jsonl', 'json-seq', 'csv', 'tsv', 'text'],
  filter: ['ndjson', 'json-seq', 'csv', 'tsv', 'text'],
  jsonc: ['ndjson', 'json-seq', 'csv', 'tsv', 'text'],
  numbers: ['csv', 'tsv', 'text'],
  maxDepth: ['csv', 'tsv', 'text'],
  header: ['ndjson', 'json', 'json-seq', 'text'],
  delimiter: ['ndjson', 'json', 'json-seq', 'text'],
  cast: ['ndjson', 'json', 'json-seq', 'text'],
};

test.each(Object.entries(FOREIGN))('formatNamed() refuses %s where it does not belong', (option, names) => {
  for (const name of names)
    expect(() => formatNamed(name, { [option]: 'x' })).toThrow(
      new RegExp(`^${option} is no option of the format ${name}, which takes maxRecordBytes`),
    );
});

test('formatNamed() refuses a name that it does not know, and lists those it knows', () => {
  expect(() => formatNamed('xml' as FormatName)).toThrow(
    `format must be one of ${FORMAT_NAMES.join(', ')}, got "xml"`,
  );
});

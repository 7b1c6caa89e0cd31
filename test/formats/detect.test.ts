import { describe, expect, test } from 'vitest';
import { detectFormat } from '../../src/formats/detect.ts';
import type { FormatOptions } from '../../src/formats/format-named.ts';

function detect(head: string | Uint8Array, name = '', contentType = '', isWhole = true) {
  const found = detectFormat({ name, contentType, head: Buffer.from(head), isWhole });
  return found && { format: found.format, ...found.options, by: found.by };
}

describe('detectFormat()', () => {
  test.each([
    ['orders.ndjson', 'ndjson'],
    ['orders.jsonl', 'ndjson'],
    ['ORDERS.JSON', 'json'],
    ['map.geojson', 'json'],
    ['a.csv', 'csv'],
    ['a.tsv', 'tsv'],
    ['a.tab', 'tsv'],
    ['notes.txt', 'text'],
    ['server.log', 'text'],
    ['orders.ndjson.gz', 'ndjson'],
    ['a.csv.zst', 'csv'],
    ['https://example.org/data/a.csv?token=x.json#y', 'csv'],
  ])('knows %s by its name', (name, format) => {
    expect(detect('', name)).toEqual({ format, by: 'name' });
  });

  test.each([
    ['application/json', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['application/vnd.api+json', 'json'],
    ['application/x-ndjson', 'ndjson'],
    ['application/jsonl', 'ndjson'],
    ['application/json-seq', 'json-seq'],
    ['Text/CSV', 'csv'],
    ['text/tab-separated-values', 'tsv'],
  ])('knows the content type %s', (contentType, format) => {
    expect(detect('', 'https://example.org/export', contentType)).toEqual({ format, by: 'content type' });
  });

  test('trusts a name more than a content type', () => {
    expect(detect('', 'a.csv', 'application/json')).toEqual({ format: 'csv', by: 'name' });
  });

  test.each<[what: string, head: string, expected: object | undefined]>([
    ['an array', ' [1,', { format: 'json' }],
    ['an array behind a byte order mark', '\ufeff[\n1\n]', { format: 'json' }],
    ['an object a line', '{"a":1}\n{"a":2}\n', { format: 'ndjson' }],
    ['an array a line', '[1]\r\n[2]\r\n', { format: 'ndjson' }],
    ['an object a line, the second malformed', '{"a":1}\n{"a":\n', { format: 'ndjson' }],
    ['blank lines between', '\n{"a":1}\n\n{"a":2}', { format: 'ndjson' }],
    ['record separators and a text a line', '\x1e{"a":1}\n\x1e{"a":2}\n', { format: 'ndjson' }],
    [
      'record separators and texts over several lines',
      '\x1e{\n"a":1}\n\x1e{\n"a":2}\n',
      { format: 'json-seq' },
    ],
    ['a single object', '{"a":1}', { format: 'json-seq' }],
    ['an object over several lines', '{\n  "a": 1\n}\n', { format: 'json-seq' }],
    ['commas', 'a,b\n1,2\n', { format: 'csv' }],
    ['semicolons', 'a;b;c\n1,5;2;3\n', { format: 'csv', delimiter: ';' }],
    ['pipes', 'a|b\n1|2\n', { format: 'csv', delimiter: '|' }],
    ['tabs', 'a\tb\n1\t2\n', { format: 'tsv', delimiter: '\t' }],
    ['a quoted delimiter', 'a;b\n"1;2;3";4\n', { format: 'csv', delimiter: ';' }],
    ['prose', 'Dear Bob, hi\nHow are you?\n', undefined],
    ['a single line of prose', 'Dear Bob, hi\n', undefined],
    ['one word a line', 'a\nb\n', undefined],
    ['nothing', '', { format: 'text' }],
    ['blanks', ' \n\n', { format: 'text' }],
  ])('knows %s by its content', (_, head, expected) => {
    expect(detect(head)).toEqual(expected && { ...expected, by: 'content' });
  });

  test.each<[name: string, head: string, expected: object]>([
    ['a.json', '{"a":1}\n{"a":2}\n', { format: 'ndjson' }],
    ['a.json', '1\n2\n', { format: 'ndjson' }],
    ['a.json', '{\n"a":1}\n{\n"a":2}', { format: 'json-seq' }],
    ['a.json', '[{"a":1}]\n', { format: 'json' }],
    ['a.json', '"x"', { format: 'json' }],
    ['a.ndjson', '[\n{"a":1}\n]', { format: 'json' }],
    ['a.jsonl', '{\n"a":1\n}\n', { format: 'json-seq' }],
    ['a.jsonl', '{"a":\n{"a":1}\n', { format: 'ndjson' }],
    ['a.csv', 'a;b\n1;2\n', { format: 'csv', delimiter: ';' }],
    ['a.csv', 'a\tb\n1\t2\n', { format: 'csv', delimiter: '\t' }],
    ['a.csv', 'a;b\n1,5;2,5\n', { format: 'csv', delimiter: ';' }],
    ['a.csv', 'a;b', { format: 'csv', delimiter: ';' }],
    ['a.csv', 'a\n1\n', { format: 'csv' }],
    ['a.txt', '{"a":1}\n{"a":2}\n', { format: 'text' }],
  ])('corrects the name %s by the content %j', (name, head, expected) => {
    expect(detect(head, name)).toEqual({ ...expected, by: 'name' });
  });

  test('judges only whole lines of a head that is cut', () => {
    expect(detect('{"a":1}\n{"a', 'a.json', '', false)).toMatchObject({ format: 'json-seq' });
    expect(detect('a,b\n1,2\n3', '', '', false)).toMatchObject({ format: 'csv' });
  });

  test('falls back to text where the content type is plain text and the content is no other format', () => {
    expect(detect('a\nb\n', '', 'text/plain; charset=utf-8')).toEqual({ format: 'text', by: 'content type' });
    expect(detect('a,b\n1,2\n', '', 'text/plain')).toMatchObject({ format: 'csv' });
    expect(detect('[1]', '', 'text/plain')).toMatchObject({ format: 'json' });
  });

  test.each<FormatOptions>([{ path: 'data' }, { filter: /^data/ }, { jsonc: true }])(
    'takes JSON for one document with the options %j',
    (options) => {
      const head = Buffer.from('{"data":[]}');
      expect(detectFormat({ name: 'a.json', head, isWhole: true, options })).toMatchObject({
        format: 'json',
      });
      expect(detectFormat({ head, isWhole: true, options })).toMatchObject({ format: 'json' });
    },
  );

  test('takes bytes that are not UTF-8 for what it can', () => {
    expect(detect(Buffer.from([0xff, 0xfe, 0x41, 0x00]))).toBeUndefined();
    expect(detect(Buffer.from('a,b\n\xe9,1\n', 'latin1'))).toMatchObject({ format: 'csv' });
  });
});

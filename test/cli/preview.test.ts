import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../src/cli/columns.ts';
import { previewText } from '../../src/cli/preview.ts';

describe('columnsOf', () => {
  test('tells each column with every kind of its values', () => {
    const records = [{ id: 1, tags: [] }, { id: 'x', more: null }, 'text', null, [1], { big: 1n }];
    expect([...columnsOf(records)]).toEqual([
      ['id', ['number', 'string']],
      ['tags', ['array']],
      ['more', ['null']],
      ['big', ['bigint']],
    ]);
  });

  test('keeps columns whose names mean something to JavaScript', () => {
    const record = JSON.parse('{"__proto__":1,"constructor":2}') as unknown;
    expect([...columnsOf([record]).keys()]).toEqual(['__proto__', 'constructor']);
  });
});

describe('previewText', () => {
  test('shows source, format, columns and the first records', () => {
    const event = { source: 'a.csv.gz', format: 'csv', compression: 'gzip' } as const;
    const sample = { event, records: [{ id: 1 }, { id: 2 }], size: 1_500, isWhole: true };
    expect(previewText('a.csv.gz', sample, 1)).toBe(
      'source   a.csv.gz (1.5 kB)\nformat   csv, gzip\ncolumns  id: number\n\n{"id":1}\n',
    );
  });

  test('says that there is nothing where there is nothing', () => {
    expect(previewText('a.csv', { event: undefined, records: [], size: 0, isWhole: true }, 5)).toBe(
      'source   a.csv (0 B)\nformat   none: the source is empty\nrecords  none\n',
    );
  });

  test.each(['json', 'json-seq'])(
    'calls one object in %s a document, and says where records may be',
    (format) => {
      const records = [{ meta: { tags: ['x'] }, data: { items: [{ id: 1 }] }, users: [{ id: 2 }] }];
      const sample = { event: { source: 'a.json', format }, records, size: 9, isWhole: true };
      const text = previewText('a.json', sample, 1);
      expect(text).toContain('format   json, a single document\n');
      expect(text).toContain('records  may be deeper: --path data.items, or --path users\n');
      expect(previewText('a.json', { ...sample, isWhole: false }, 1)).not.toContain('document');
    },
  );

  test('lets nothing steer the terminal: no name of a column and no value', () => {
    const records = [{ 'a\u001b[31m\nb': 'c\u009b2Jd\u202e' }];
    const text = previewText(
      'x\u001b]0;t\u0007\ny',
      { event: undefined, records, size: undefined, isWhole: true },
      5,
    );
    expect(text).not.toMatch(/[\u001b\u009b\u0007\u202e]/);
    expect(text.split('\n')[0]).toBe('source   x y');
  });
});

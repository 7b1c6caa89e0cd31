import { describe, expect, test } from 'vitest';
import { readingOf } from '../../src/cli/reading-flags.ts';

describe('readingOf', () => {
  test.each([
    [{}, {}],
    [{ path: 'data.items' }, { path: 'data.items', format: 'json' }],
    [{ csvHeader: 'id,name' }, { header: ['id', 'name'] }],
    [{ csvHeader: 'none' }, { header: false }],
    [{ delimiter: 'tab' }, { delimiter: '\t' }],
    [{ delimiter: '\\t' }, { delimiter: '\t' }],
    [{ delimiter: ';' }, { delimiter: ';' }],
    [
      { cast: true, numbers: 'string' },
      { cast: true, numbers: 'string' },
    ],
    [{ maxRecordBytes: '32MiB' }, { maxRecordBytes: 33_554_432 }],
  ] as const)('makes of %j %j', (flags, options) => {
    expect(readingOf(flags)).toEqual(options);
  });
});

import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CsvFramerOptions } from '../../src/scan/index.ts';
import { corpus, needCorpora } from '../support/corpora.ts';
import { engines } from './engines.ts';
import { everyNth, framed, PIECE_SIZES } from './framed.ts';

interface Case {
  readonly input: string;
  readonly records: readonly string[];
  readonly error?: string;
  readonly escape?: string | undefined;
  readonly quote?: string | undefined;
  readonly delimiter?: string;
}

const cases: readonly Case[] = [
  { input: '', records: [] },
  { input: 'a,b\nc,d', records: ['a,b', 'c,d'] },
  { input: 'a,b\r\nc,d\r\n', records: ['a,b', 'c,d'] },
  { input: 'a\rb\r\rc\n\r\nd\n\r', records: ['a', 'b', 'c', 'd'] },
  { input: '\n\r\n \n""\n,\n', records: [' ', '""', ','] },
  { input: '"a\nb","c\r\n"\r\nd', records: ['"a\nb","c\r\n"', 'd'] },
  { input: '"a""\n","""",""\n"x"', records: ['"a""\n","""",""', '"x"'] },
  { input: 'a"\nb"\n', records: ['a"', 'b"'] },
  { input: 'a,b"c\n"d\ne"\n', records: ['a,b"c', '"d\ne"'] },
  { input: '\ufeff"a\nb"\nc', records: ['"a\nb"', 'c'] },
  { input: '"a\nb";"\n"\nc', records: ['"a\nb";"\n"', 'c'], delimiter: ';' },
  { input: "'a\nb'\n\"c\nd", records: ["'a\nb'", '"c', 'd'], quote: "'", escape: "'" },
  { input: '"a\nb"', records: ['"a', 'b"'], quote: undefined, escape: undefined },
  { input: '"a\\"\n","\\\\"\nb', records: ['"a\\"\n","\\\\"', 'b'], escape: '\\' },
  { input: 'a\\"\nb', records: ['a\\"', 'b'], escape: '\\' },
  { input: '"a""\nb"\nc', records: ['"a""', 'b"', 'c'], escape: '\\' },
  { input: '"a"b\nc"\nd', records: ['"a"b\nc"', 'd'] },
  { input: '1,"x " y",2\n3', records: ['1,"x " y",2', '3'] },
  { input: '"a"\0\n"b', records: ['"a"\0'], error: 'incomplete@5' },
  { input: 'a\nb,"c\n', records: ['a'], error: 'incomplete@4' },
  { input: '"', records: [], error: 'incomplete@0' },
  { input: '"a\\', records: [], error: 'incomplete@0', escape: '\\' },
  { input: 'x\n"a"b\nc', records: ['x', '"a"b\nc'] },
];

const DEFAULTS: Record<keyof CsvFramerOptions, string | undefined> = {
  delimiter: ',',
  quote: '"',
  escape: '"',
};

for (const engine of engines) {
  describe(`csvFramer() of ${engine.name}`, () => {
    test.each(cases)('$input: $error', ({ input, records, error, ...options }) => {
      const bytes = Buffer.from(input);
      const frame = (cuts: readonly number[]) => framed(engine.csvFramer(codes(options)), bytes, cuts);
      const found = { records, error };
      expect(frame([])).toEqual(found);
      for (const size of PIECE_SIZES) expect(frame(everyNth(bytes.length, size))).toEqual(found);
      for (let at = 0; at <= bytes.length; at++) expect(frame([at])).toEqual(found);
    });

    test('finds the records that csv-parse finds, and those around malformed ones', () => {
      const text = fc
        .array(fc.constantFrom('a', ',', '"', '""', '\n', '\r\n', '\r', '","', '"\n"', '\\', ' ', '\0'), {
          maxLength: 100,
        })
        .map((parts) => parts.join(''));
      const escape = fc.constantFrom('"', '\\', undefined);
      fc.assert(
        fc.property(text, escape, fc.integer({ min: 1, max: 70 }), (input, escape, size) => {
          const cuts = everyNth(input.length, size);
          const { records } = framed(engine.csvFramer(codes({ escape })), Buffer.from(input), cuts);
          expect(records.flatMap((record) => parsed(record, escape))).toEqual(parsed(input, escape));
        }),
        { numRuns: 5_000 },
      );
    });

    describe('with the files of others', () => {
      needCorpora('csv-test-data/csv');
      test.each([...corpus('csv-spectrum/csvs', 11), ...corpus('csv-test-data/csv', 25)])(
        'frames %s as csv-parse does, in pieces of any size',
        (_, bytes) => {
          const whole = framed(engine.csvFramer(codes({})), bytes);
          for (let size = 1; size <= bytes.length; size++)
            expect(framed(engine.csvFramer(codes({})), bytes, everyNth(bytes.length, size))).toEqual(whole);
          const records = whole.records.flatMap((record) => parsed(Buffer.from(record, 'latin1'), '"'));
          expect(records).toEqual(parsed(bytes, '"'));
        },
      );
    });
  });
}

function codes(options: Partial<Record<keyof CsvFramerOptions, string | undefined>>): CsvFramerOptions {
  const { delimiter, quote, escape } = { ...DEFAULTS, ...options };
  return {
    delimiter: delimiter!.charCodeAt(0),
    quote: quote?.charCodeAt(0),
    escape: escape?.charCodeAt(0),
  };
}

function parsed(input: string | Buffer, escape: string | undefined): unknown[] {
  return parse(input, {
    escape: escape ?? null,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
  });
}

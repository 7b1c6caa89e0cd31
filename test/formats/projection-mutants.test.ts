import fc from 'fast-check';
import type { Change } from '../../scripts/build-scan.ts';
import { type ScannerMutant, testScannerMutants, useScanner } from '../scan/scanner-mutants.ts';
import { blockOf, texts } from './projected.ts';

/** What decides how the text of a field is copied, each broken once. */
const MUTANTS: readonly ScannerMutant[] = [
  [
    'an escape is cut where a block ends',
    'json-text.ts',
    'const whole = size - <usize>((escaped >> size) & 1);',
    'const whole = size;',
  ],
  [
    'more bits are taken for certain than are',
    'index-strings.ts',
    'MOST_BITS: usize = 57',
    'MOST_BITS: usize = 59',
  ],
  ['escapes of sixteen bits are overlooked', 'index-strings.ts', 'hasUnits = true;', 'hasUnits = false;'],
  [
    'the first escape of sixteen bits is copied',
    'json-text.ts',
    '<usize>ctz(units) - 1',
    '<usize>ctz(units)',
  ],
  [
    'a quote keeps its backslash in COPY text',
    'json-to-copy.ts',
    'v128.load(QUOTES)) | equalTo',
    'v128.load(SLASHES)) | equalTo',
  ],
  ['a slash keeps its backslash in COPY text', 'json-to-copy.ts', ' | equalTo(from, v128.load(SLASHES))', ''],
  ['a quote asks for no quotes', 'json-to-csv.ts', 'quoting = quotes | (', 'quoting = ('],
  ['a line feed asks for no quotes', 'json-to-csv.ts', 'equalTo(from, v128.load(LETTERS_N)) | ', ''],
  ['a carriage return asks for no quotes', 'json-to-csv.ts', ' | equalTo(from, v128.load(LETTERS_R))', ''],
  [
    'a tab between columns asks for no quotes',
    'json-to-csv.ts',
    'delimiter == 0x09 ? ',
    'delimiter == 0x0a ? ',
  ],
  [
    'an escape in a short field is overlooked',
    'json-to-csv.ts',
    ' && (escapedFrom(from) & firstBits(length + 1)) == 0',
    '',
  ],
  ['a delimiter behind a short field asks for quotes', 'json-to-csv.ts', ' & ~(<u64>-1 << length)', ''],
  [
    'a delimiter in the second sixteen bytes of a short field asks for none',
    'json-to-csv.ts',
    'i8x16.eq(high, delimiter)',
    'i8x16.splat(0)',
  ],
  [
    'a delimiter behind the field asks for quotes',
    'json-to-csv.ts',
    'v128.load(DELIMITERS)) & firstBits(size)',
    'v128.load(DELIMITERS))',
  ],
  [
    'no quotes are put behind the first block',
    'json-to-csv.ts',
    'return quoting == 0 ? to : putQuotes(begin, to);',
    'return to;',
  ],
  [
    'a quote of sixteen bits is not doubled',
    'json-to-csv.ts',
    'if (character == 0x22) store<u8>(to++, 0x22);',
    '',
  ],
  ['a doubled quote is left out', 'json-to-csv.ts', 'letters & ~quotes, to)', 'letters, to)'],
  [
    'no letter of the third sixteen bytes is replaced',
    'json-to-csv.ts',
    'meanings(from + 32, letters >> 32)',
    'meanings(from + 32, 0)',
  ],
  [
    'no quote of the last sixteen bytes is doubled',
    'json-to-csv.ts',
    'putWithout(meanings(from + 48, letters >> 48), leftOut >> 48, next);',
    'putWithout(v128.load(from + 48), leftOut >> 48, next);',
  ],
  [
    'whatever stands before the quote that ends a string becomes one',
    'json-to-csv.ts',
    'i8x16.eq(bytes, v128.load(BACKSLASHES)),',
    'i8x16.splat(-1),',
  ],
  [
    'a backslash before the quote that ends a string becomes one',
    'json-to-csv.ts',
    'v128.bitselect(meant, quoted, spread(letters))',
    'v128.bitselect(v128.load(QUOTES), v128.bitselect(meant, bytes, spread(letters)), beforeQuotes)',
  ],
  [
    'the second eight bytes go where the first would end',
    'put-without.ts',
    'to + 8 - <usize>popcnt(first)',
    'to + 8',
  ],
  [
    'what is behind eight bytes is counted to them',
    'put-without.ts',
    '(leftOut >> 8) & 0xff',
    '(leftOut >> 7) & 0xff',
  ],
];

const LAYOUTS = [
  ['copy', '\t'],
  ['csv', ','],
  ['csv', '\t'],
] as const;

/** The same records in every run. */
const RECORDS: readonly string[] = fc
  .sample(fc.array(texts, { minLength: 1, maxLength: 3 }), { seed: 7, numRuns: 1_000 })
  .map((texts) => `{${texts.map((text, i) => `"${'abc'[i]}":${text}`).join()}}`);

testScannerMutants(MUTANTS, firstDifference);

/** The first record of which a changed scanner makes another row than is made of it when it is decoded. */
async function firstDifference(change: Change): Promise<string | undefined> {
  await useScanner(change);
  const { RowWriter } = await import('../../src/formats/row-writer.ts');
  const { columnsFrom } = await import('../../src/formats/columns.ts');
  const { copyLines } = await import('../../src/formats/copy-lines.ts');
  const { csvLines } = await import('../../src/formats/csv-lines.ts');
  const columns = columnsFrom(['a', 'b', 'c']);
  const block = blockOf(RECORDS);
  for (const [text, delimiter] of LAYOUTS) {
    const decoded = (part: typeof block) =>
      text === 'copy'
        ? copyLines(part, columns)
        : csvLines(part, columns, { delimiter, escapeFormulas: false }, false);
    const writer = new RowWriter({ columns, text, delimiter, isStrict: false, decoded });
    for (let i = 0; i < RECORDS.length; i++) {
      const one = block.slice(i, i + 1);
      if (!Buffer.concat([...writer.rows(one)]).equals(decoded(one))) return RECORDS[i];
    }
  }
  return undefined;
}

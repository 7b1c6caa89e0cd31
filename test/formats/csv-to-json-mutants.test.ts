import fc from 'fast-check';
import type { Change } from '../../scripts/build-scan.ts';
import { GrowingBytes } from '../../src/core/growing-bytes.ts';
import type { RecordBytes } from '../../src/core/record-block.ts';
import { CsvRows } from '../../src/formats/csv-rows.ts';
import { type ScannerMutant, testScannerMutants, useScanner } from '../scan/scanner-mutants.ts';
import { blocksOf, inOrder, type Written, written } from './written-csv.ts';

/** What decides how fields become values of JSON, each broken once. */
const MUTANTS: readonly ScannerMutant[] = [
  ['a doubled quote stays doubled', 'csv-to-json.ts', 'from += <i32>byte == quote ? 2 : 1', 'from += 1'],
  [
    'another quote is content only once',
    'csv-to-json.ts',
    'v128.or(needEscapes(bytes), i8x16.eq(bytes, quotes))',
    'needEscapes(bytes)',
  ],
  ['a quote has no backslash', 'csv-to-json.ts', ' && byte != 0x22', ''],
  ['a backslash has no backslash', 'csv-to-json.ts', ' && byte != 0x5c', ''],
  [
    'the last control character is written as it is',
    'csv-to-json.ts',
    'i8x16.lt_u(bytes, i8x16.splat(0x20))',
    'i8x16.lt_u(bytes, i8x16.splat(0x1f))',
  ],
  ['digits of escapes are capitals', 'csv-to-json.ts', '0x57 + low', '0x37 + low'],
  ['a tab is written by its number', 'csv-to-json.ts', 'byte == 0x09', 'byte == 0x0b'],
  ['the first comma stays', 'csv-to-json.ts', 'store<u8>(begin, 0x7b);', ''],
  ['a field that is missing is empty', 'csv-to-json.ts', 'if (from != 0)', 'if (key != 0)'],
  [
    'a number that there is not is one',
    'csv-to-json.ts',
    'MOST_DIGITS: usize = 300',
    'MOST_DIGITS: usize = 500',
  ],
  ['what begins like false is', 'csv-to-json.ts', ' && load<u8>(from, 4) == 0x65', ''],
  [
    'zeros behind a point stay',
    'csv-to-json.ts',
    'copyPlain(start, castEnd - start, to)',
    'copyPlain(start, end - start, to)',
  ],
  ['what comes behind a number is one', 'csv-text.ts', '  isNumber = false;\n', ''],
  ['numbers are texts', 'csv-text.ts', '    isNumber = true;\n    return', '    return'],
  [
    'behind a record for the decoder one is looked for that lies behind',
    'csv-fields.ts',
    '  entry = first;\n}',
    '}',
  ],
  ['there is room for what grows to six times its size', 'csv-to-json.ts', '6 * length', '2 * length'],
];

/** The same in every run. */
const INPUTS: readonly Written[] = [
  ...fc.sample(written, { seed: 7, numRuns: 400 }),
  { options: { header: ['a', 'b'], cast: true }, text: '1e5,1\n2,falsy\n3,false\nx,1.50\n-0,7\n' },
  { options: { header: ['a'] }, text: `x\x1f\n${'\x01'.repeat(600_000)}\nz\n` },
];

testScannerMutants(MUTANTS, firstDifference);

/** The first input of which a changed scanner makes other JSON than is made of its objects. */
async function firstDifference(change: Change): Promise<string | undefined> {
  await useScanner(change);
  const { CsvJsonWriter } = await import('../../src/formats/csv-to-json.ts');
  for (const input of INPUTS)
    for (const block of blocksOf(input)) {
      const shape = block.encoded!.csv!;
      const rows = new CsvRows(input.options, shape.columns);
      const decode = (part: RecordBytes) => rows.decode(part).records as readonly Record<string, unknown>[];
      const writer = new CsvJsonWriter(shape.columns, shape, decode);
      const room = new GrowingBytes();
      const made = resultOf(() => {
        writer.put(block.encoded!, 0x0a, room);
        return room.written;
      });
      const texts = decode(block.encoded!).map((record) => `${inOrder(record, shape.columns)}\n`);
      if (made !== texts.join('')) return input.text;
    }
  return undefined;
}

function resultOf(make: () => Uint8Array): string {
  try {
    return Buffer.from(make()).toString();
  } catch (error) {
    return String(error);
  }
}

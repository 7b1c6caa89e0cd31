import fc from 'fast-check';
import { encodeJson } from '../../src/core/json.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { type CsvOptions, csv } from '../../src/formats/csv-format.ts';

const NAMES = ['a', 'b', 'id', 'naïve', '10', '2', '', '__proto__', 'constructor', 'x.y', 'say "x"'];
export const name = fc.constantFrom(...NAMES);

const number = fc.oneof(
  fc.constantFrom('0', '-0', '1.50', '20.00', '0.00', '-0.0', '1e5', '1E400', '007', '1.', '.5', '-', '-x'),
  fc.constantFrom('12345678901234567890', '1'.repeat(401), '0.0000001', '0.00012', '0.1234567890123456789'),
  fc.constantFrom('true', 'false', 'null', 'TRUE', '10.0.0.1', '1e', '12 e', '0x1f', '100.10', '-7.250'),
  fc.integer().map(String),
  fc.double().map(String),
  fc.tuple(fc.integer(), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
);
const field = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed()) },
  { weight: 3, arbitrary: number },
  fc.constantFrom(
    '',
    '',
    'a,b',
    ';|',
    "'",
    "it''s",
    '"',
    '""',
    'say "x"',
    '\n',
    '\r\n',
    '\r',
    '\t',
    '\\N',
    '\\',
  ),
  fc.constantFrom('x'.repeat(15), `${'x'.repeat(15)}"`, `${'y'.repeat(16)},`, '😀', 'ß', '\b\f\v', '\ufeff'),
  { weight: 1, arbitrary: fc.constantFrom('\0', 'z'.repeat(70)) },
);

export interface Written {
  readonly options: CsvOptions;
  readonly text: string;
}

/** CSV of several dialects, most of it well-formed, with as many fields as there are columns or not. */
export const written: fc.Arbitrary<Written> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', ' '),
    quote: fc.constantFrom('"', '"', '"', "'", '\\', null),
    cast: fc.boolean(),
    relaxColumnCount: fc.boolean(),
    isListed: fc.boolean(),
    columns: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
    rows: fc.array(fc.array(field, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
    isUneven: fc.boolean(),
    lineBreak: fc.constantFrom('\n', '\r\n', '\r', '\n\n'),
    quoteAll: fc.boolean(),
  })
  .map(({ delimiter, quote, cast, relaxColumnCount, isListed, columns, rows, ...how }) => {
    const quoted = (value: string) => fieldText(value, delimiter, quote, how.quoteAll);
    const fit = (row: readonly string[]) =>
      how.isUneven && relaxColumnCount ? row : columns.map((_, i) => row[i % row.length]!);
    const lines = rows.map((row) => fit(row).map(quoted).join(delimiter));
    const header = columns.map(quoted).join(delimiter);
    const text = [...(isListed ? [] : [header]), ...lines].join(how.lineBreak);
    const options = { delimiter, quote, cast, relaxColumnCount, header: isListed ? columns : true };
    return { options, text };
  });

export function fieldText(value: string, delimiter: string, quote: string | null, isForced: boolean): string {
  if (quote === null) return value.replaceAll(/[\r\n]/g, ' ').replaceAll(delimiter, '_');
  const needs = isForced || [delimiter, quote, '\r', '\n'].some((special) => value.includes(special));
  return needs ? `${quote}${value.replaceAll(quote, () => quote + quote)}${quote}` : value;
}

/** The blocks of a CSV; those before what is malformed. */
export function blocksOf({ options, text }: Written): readonly RecordBlock[] {
  const decoder = csv(options).decoder({ source: 'in', sourceIndex: 0 });
  const blocks: RecordBlock[] = [];
  try {
    for (const items of [decoder.decode(Buffer.from(text)), decoder.end()])
      for (const item of items as Iterable<RecordBlock | { malformed: unknown }>)
        if ('records' in item) blocks.push(item);
  } catch {
    // what is wrong is the business of other tests
  }
  return blocks;
}

/** The same records, as objects. */
export function decodedBlock({ source, start, end, records }: RecordBlock): RecordBlock {
  return new ObjectBlock({ source, start, end, records: records as readonly object[] });
}

/** JSON of a record, with its keys in the order of the columns. */
export function inOrder(record: Record<string, unknown>, columns: readonly string[]): string {
  const keys = columns.filter((column) => Object.hasOwn(record, column));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${encodeJson(record[key])}`).join()}}`;
}

import type { Encoder } from '../core/format.ts';
import { expectKind, knownOptions, type OptionNames, oneOf } from '../core/options.ts';
import type { RecordBlock } from '../core/record-block.ts';
import { type Column, type Columns, columnsFrom } from './columns.ts';
import { columnNamesOf, csvLines, headerLine } from './csv-lines.ts';
import { RowWriter } from './row-writer.ts';

/** Options of `csvEncoder`. */
export interface CsvEncoderOptions {
  /** Columns to write, in this order. @default the keys of the first chunk's records, in order of first appearance */
  readonly columns?: Columns;
  /**
   * What becomes of a record with a key that is no column.
   * @default 'leave-out' when `columns` are given (they are a choice), else 'refuse': nothing is lost silently
   */
  readonly otherColumns?: 'leave-out' | 'refuse';
  /** Whether the first line names the columns. @default true */
  readonly header?: boolean;
  /**
   * Puts an apostrophe before texts that a spreadsheet would run as a formula. It changes those texts. @default false
   */
  readonly escapeFormulas?: boolean;
  /** One character between two values. @default ',' */
  readonly delimiter?: string;
}

const OPTIONS: OptionNames<CsvEncoderOptions> = {
  columns: true,
  otherColumns: true,
  header: true,
  escapeFormulas: true,
  delimiter: true,
};

/**
 * Records as lines of CSV: nested values as JSON text, dates in ISO 8601, nothing for null and undefined. Of records that
 * are JSON bytes numbers and nested values are as they are there, and nothing is decoded; nor are records of CSV.
 * Records must be objects. A value that has no text form is refused, as is a column that the header does not have.
 * @throws TypeError when an option is wrong
 */
export function csvEncoder(options: CsvEncoderOptions = {}): Encoder {
  knownOptions('csvEncoder', options, OPTIONS);
  const { columns, header = true, escapeFormulas = false, delimiter = ',' } = options;
  const { otherColumns = columns === undefined ? 'refuse' : 'leave-out' } = options;
  const given = columns === undefined ? undefined : columnsFrom(columns);
  oneOf('otherColumns', otherColumns, ['leave-out', 'refuse']);
  expectKind(
    'delimiter',
    delimiter,
    typeof delimiter === 'string' && delimiter.length === 1,
    'one character',
  );

  const layout = { delimiter, escapeFormulas };
  const isStrict = otherColumns === 'refuse';
  let chosen: Chosen | undefined;
  const choose = (names: () => readonly string[]): Chosen => {
    const columns = given ?? names().map((name) => ({ name, path: [name] }));
    const decoded = (block: RecordBlock) => csvLines(block, columns, layout, isStrict);
    const rows = escapeFormulas
      ? undefined
      : new RowWriter({ columns, text: 'csv', delimiter, isStrict, decoded });
    return { columns, rowsOf: (block) => rows?.rows(block) ?? [decoded(block)] };
  };
  return {
    name: delimiter === '\t' ? 'tsv' : 'csv',
    contentType: delimiter === '\t' ? 'text/tab-separated-values' : 'text/csv; charset=utf-8',
    header(first) {
      chosen = first && choose(() => columnNamesOf(first));
      const named = given ?? chosen?.columns;
      return header && named !== undefined ? headerLine(named, layout) : new Uint8Array(0);
    },
    *encode(chunk) {
      chosen ??= choose(() => columnNamesOf(chunk));
      for (const block of chunk.blocks) yield* chosen.rowsOf(block);
    },
    separator: new Uint8Array(0),
    footer: new Uint8Array(0),
    state: () => chosen?.columns.map(({ name }) => name),
    goOn(names) {
      chosen = choose(() => names as readonly string[]);
    },
  };
}

/** The columns of an output, and what writes its rows. */
interface Chosen {
  readonly columns: readonly Column[];
  readonly rowsOf: (block: RecordBlock) => Iterable<Uint8Array>;
}

/** As `csvEncoder`, with tabs between the values. */
export function tsvEncoder(options: Omit<CsvEncoderOptions, 'delimiter'> = {}): Encoder {
  return csvEncoder({ ...options, delimiter: '\t' });
}

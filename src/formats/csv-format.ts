import type { DecodeContext, Format } from '../core/format.ts';
import { expectKind, knownOptions } from '../core/options.ts';
import type { RecordBytes } from '../core/record-block.ts';
import { type CsvFramerOptions, type Framer, scanEngine } from '../scan/index.ts';
import { type BoundOptions, boundsOf } from './bounds.ts';
import type { Cast } from './csv-cast.ts';
import { CsvRows, columnsOf, isDivisible, refuseTwice } from './csv-rows.ts';
import { FramedDecoder } from './framed-decoder.ts';
import { CSV_OPTIONS } from './option-names.ts';
import type { DecodedRun, RecordFlaw } from './record-flaw.ts';
import { SpacedCsvFramer } from './spaced-csv-framer.ts';

export { type CsvEncoderOptions, csvEncoder, tsvEncoder } from './csv-encoder.ts';

/** Options of `csv`. */
export interface CsvOptions extends Pick<BoundOptions, 'maxRecordBytes'> {
  /**
   * `true`: the first record names the columns. A list: these are the columns, and the input has no header. `false`:
   * records are arrays of fields. @default true
   */
  readonly header?: boolean | readonly string[];
  /** The character between fields. @default ',' (tsv: a tab) */
  readonly delimiter?: string;
  /** The character around quoted fields; `null` when fields are never quoted. @default '"' */
  readonly quote?: string | null;
  /** The character before a quote that is content. @default the quote */
  readonly escape?: string;
  /**
   * `true`: fields written as JSON numbers become numbers (integers beyond 2^53 a bigint), `true` and `false` booleans;
   * `007` stays text. A function: what it returns for a field; it may be asked twice about one.
   * @default false
   */
  readonly cast?: boolean | Cast;
  /** Character that begins a comment: lines that begin with it are no records. @default none */
  readonly comment?: string;
  /** Takes white space away around fields that are not quoted. @default false */
  readonly trim?: boolean;
  /** Lets records have fewer or more fields than there are columns; fields without a column are left out. @default false */
  readonly relaxColumnCount?: boolean;
}

/** Few: checking costs little beside decoding, and a sink that looks at the first records only must not pay for all. */
const LOOK_LASTS = 16;

/**
 * Comma-separated values (RFC 4180), with LF, CRLF or CR between records. Blank lines are skipped. Records that follow the
 * RFC to the letter are checked without being decoded; csv-parse decodes the others. Its options that change where records
 * end are not here: pipe a csv-parse stream into `ChunkTransform` for those.
 * @throws TypeError or RangeError when an option is wrong
 */
export function csv<T = Record<string, string>>(options: CsvOptions = {}): Format<T> {
  return csvFormat<T>('csv', { ...options, delimiter: options.delimiter ?? ',' });
}

/** Tab-separated values: `csv` with a tab as the delimiter. */
export function tsv<T = Record<string, string>>(options: CsvOptions = {}): Format<T> {
  return csvFormat<T>('tsv', { ...options, delimiter: options.delimiter ?? '\t' });
}

function csvFormat<T>(name: string, options: CsvOptions & { readonly delimiter: string }): Format<T> {
  knownOptions(name, options, CSV_OPTIONS);
  const { header = true } = options;
  checkHeader(header);
  const createFramer = framerOf(options);
  const { maxRecordBytes } = boundsOf(options);
  return {
    name,
    isSeekable: true,
    decoder: (context) => {
      let rows = header === true ? undefined : new CsvRows(options, header);
      const takeHeader = (encoded: RecordBytes): RecordFlaw | undefined => {
        const columns = columnsOf(encoded, options);
        if ('code' in columns) return columns;
        rows = new CsvRows(options, columns);
        return undefined;
      };
      const reading = (from: DecodeContext['from'], prepare?: (bytes: Uint8Array) => boolean) =>
        new FramedDecoder<T>({
          context: { ...context, from },
          framer: createFramer(),
          format: 'csv',
          maxRecordBytes,
          lines: 'anywhere',
          isRecoverable: true,
          incomplete: 'The quote is not closed',
          ...(from === undefined && header === true && { takeHeader }),
          prepare,
          decode: (encoded) => rows!.decode(encoded) as DecodedRun<T>,
          putJson: (encoded, behind, room) => rows!.putJson(encoded, behind, room),
          ...(isDivisible(options) && {
            lookLasts: LOOK_LASTS,
            check: (encoded: RecordBytes) => ({ flaws: rows!.flawsIn(encoded) }),
            csv: () => rows!.shape,
          }),
        });
      if (context.from === undefined) return reading(undefined);
      const beginning = reading(undefined);
      const isReady = () => rows?.isReady === true;
      return reading(context.from, (bytes) => {
        const decoded = isReady() ? [] : beginning.decode(bytes);
        for (const _ of decoded) if (isReady()) break;
        return !isReady();
      });
    },
  };
}

function checkHeader(header: boolean | readonly string[]): void {
  const isHeader =
    typeof header === 'boolean' ||
    (Array.isArray(header) && header.every((column) => typeof column === 'string'));
  expectKind('header', header, isHeader, 'true, false or a list of column names');
  if (typeof header !== 'boolean') refuseTwice(header, 'header');
}

function framerOf(options: CsvOptions & { readonly delimiter: string }): () => Framer {
  const { delimiter, quote = '"', escape = quote, comment = null, trim = false } = options;
  const characters = { delimiter, quote, escape: quote === null ? null : escape, comment };
  const [delimiterByte, quoteByte, escapeByte, commentByte] = Object.entries(characters).map(
    ([name, character]) => (character === null ? undefined : byteOf(name, character)),
  );
  refuseEqual({ delimiter, quote, comment });
  const bytes: CsvFramerOptions = { delimiter: delimiterByte!, quote: quoteByte, escape: escapeByte };
  return trim || commentByte !== undefined
    ? () => new SpacedCsvFramer({ ...bytes, comment: commentByte, trim })
    : () => scanEngine().csvFramer(bytes);
}

function byteOf(name: string, value: string): number {
  const isByte =
    typeof value === 'string' && value.length === 1 && value.charCodeAt(0) < 0x80 && !/[\r\n]/.test(value);
  expectKind(name, value, isByte, 'one ASCII character other than a line break');
  return value.charCodeAt(0);
}

/** One character cannot mean two things. */
function refuseEqual(characters: Readonly<Record<string, string | null>>): void {
  const given = Object.entries(characters).filter(([, character]) => character !== null);
  for (const [name, character] of given) {
    const other = given.find(([otherName, same]) => otherName !== name && same === character)?.[0];
    if (other !== undefined)
      throw new TypeError(`${name} must differ from ${other}, both are ${JSON.stringify(character)}`);
  }
}

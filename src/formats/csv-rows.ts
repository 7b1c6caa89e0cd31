import { type Options, parse } from 'csv-parse/sync';
import type { GrowingBytes } from '../core/growing-bytes.ts';
import { type CsvShape, type RecordBytes, sliceOfBytes } from '../core/record-block.ts';
import { type CsvDivision, scanEngine } from '../scan/index.ts';
import { automatic, castOf } from './csv-cast.ts';
import { type CsvDialect, splitFields } from './csv-fields.ts';
import type { CsvOptions } from './csv-format.ts';
import { CsvJsonWriter } from './csv-to-json.ts';
import { type DecodedRun, decodeEach, FlawError, flawOf, type RecordFlaw } from './record-flaw.ts';
import { asBuffer, expectUtf8, textOfRecords } from './record-text.ts';

/**
 * Rows of framed CSV records. Those that follow RFC 4180 are split here; csv-parse decodes all others and says what is
 * wrong with them, and every record where an option is its own.
 */
export class CsvRows {
  readonly #options: Options;
  readonly #isRelaxed: boolean;
  readonly #dialect: CsvDialect | undefined;
  readonly #cast: boolean;
  /** How the bytes become objects; `undefined` when an option is csv-parse's own, or they become arrays. */
  readonly shape: CsvShape | undefined;
  readonly #columns: readonly string[] | false;
  #json: CsvJsonWriter | undefined;
  /** Fields of each record where no columns are named: as many as the first has. */
  #width: number | undefined;

  /** @param columns their names; `false` for records that are arrays of fields */
  constructor(options: CsvOptions, columns: readonly string[] | false) {
    this.#isRelaxed = options.relaxColumnCount ?? false;
    this.#columns = columns;
    this.#cast = options.cast === true;
    this.#dialect = dialectOf(options);
    this.shape = columns === false ? undefined : this.#shapeOf(columns);
    this.#options = {
      ...optionsOf(options),
      columns: columns === false ? false : [...columns],
      relax_column_count: columns === false || this.#isRelaxed,
      cast: castOf(options.cast),
    };
  }

  /** Whether it knows how many fields a record has to have, or need not know. */
  get isReady(): boolean {
    return this.#columns !== false || this.#isRelaxed || this.#width !== undefined;
  }

  /** What `decode` would find wrong. Only records that are doubtful are decoded. */
  flawsIn(encoded: RecordBytes): readonly RecordFlaw[] {
    const { bytes, starts, ends } = encoded;
    const flaws: RecordFlaw[] = [];
    let from = 0;
    for (; from < starts.length && !this.isReady; from++) flaws.push(...this.#flawOfOne(encoded, from));
    const check = { ...divisionOf(this.#dialect!), width: this.#expectedWidth };
    const doubtful = scanEngine().doubtfulCsv(bytes, starts.subarray(from), ends.subarray(from), check);
    for (const index of doubtful) flaws.push(...this.#flawOfOne(encoded, from + index));
    return flaws;
  }

  decode(encoded: RecordBytes): DecodedRun<unknown> {
    if (this.#dialect === undefined) return this.#decodeByHalves(encoded);
    const textOf = textOfRecords(encoded);
    const dialect = this.#dialect;
    return decodeEach(
      encoded.starts.length,
      (index) =>
        this.#rowOf(splitFields(textOf(index), dialect)) ??
        this.#decodeOne(bytesOf(encoded, index, index + 1)),
    );
  }

  /** Puts the records as JSON. @returns false when they are arrays of fields */
  putJson(encoded: RecordBytes, behind: number, room: GrowingBytes): boolean {
    if (this.#columns === false) return false;
    const decode = (part: RecordBytes) => this.decode(part).records as readonly Record<string, unknown>[];
    this.#json ??= new CsvJsonWriter(this.#columns, this.shape, decode);
    this.#json.put(encoded, behind, room);
    return true;
  }

  #shapeOf(columns: readonly string[]): CsvShape | undefined {
    if (this.#dialect === undefined) return undefined;
    return { ...divisionOf(this.#dialect), columns, isEven: !this.#isRelaxed, isCast: this.#cast };
  }

  /** `undefined` when any number of fields will do. */
  get #expectedWidth(): number | undefined {
    if (this.#isRelaxed) return undefined;
    return this.#columns === false ? this.#width : this.#columns.length;
  }

  #flawOfOne(encoded: RecordBytes, index: number): readonly RecordFlaw[] {
    const { flaws } = this.decode(sliceOfBytes(encoded, index, index + 1));
    return flaws.map((flaw) => ({ ...flaw, index }));
  }

  /** @returns `undefined` when the fields are not as many as the columns */
  #rowOf(fields: readonly string[] | undefined): unknown {
    if (fields === undefined) return undefined;
    const values = this.#cast ? fields.map(automatic) : fields;
    if (this.#columns === false) return this.#hasWidth(values) ? values : undefined;
    const isRow = this.#isRelaxed || fields.length === this.#columns.length;
    return isRow ? objectOf(this.#columns, values) : undefined;
  }

  /** Halves a run until what is wrong with it is wrong with one record. */
  #decodeByHalves(encoded: RecordBytes): DecodedRun<unknown> {
    const records: unknown[] = [];
    const flaws: RecordFlaw[] = [];
    const decodeRange = (from: number, to: number): void => {
      const rows = to - from > 1 ? this.#decodeAll(encoded, from, to) : undefined;
      if (rows !== undefined) for (const row of rows) records.push(row);
      else if (to - from > 1) {
        const middle = (from + to) >> 1;
        decodeRange(from, middle);
        decodeRange(middle, to);
      } else {
        const one = decodeEach(1, () => this.#decodeOne(bytesOf(encoded, from, to)));
        records.push(...one.records);
        for (const flaw of one.flaws) flaws.push({ ...flaw, index: from });
      }
    };
    if (encoded.starts.length > 0) decodeRange(0, encoded.starts.length);
    return { records, flaws };
  }

  #decodeAll(encoded: RecordBytes, from: number, to: number): readonly unknown[] | undefined {
    const bytes = bytesOf(encoded, from, to);
    try {
      expectUtf8(bytes);
      const rows: unknown[] = parse(bytes, this.#options);
      return rows.length === to - from && rows.every((row) => this.#hasWidth(row)) ? rows : undefined;
    } catch {
      return undefined;
    }
  }

  #decodeOne(bytes: Buffer): unknown {
    const row = parseOne(bytes, this.#options);
    if (this.#hasWidth(row)) return row;
    throw new Error(`Invalid Record Length: expect ${this.#width}, got ${(row as string[]).length}`);
  }

  #hasWidth(row: unknown): boolean {
    if (!Array.isArray(row) || this.#isRelaxed) return true;
    this.#width ??= row.length;
    return row.length === this.#width;
  }
}

/** What `splitFields` needs; `undefined` when an option changes more than that. */
function dialectOf({
  delimiter = ',',
  quote = '"',
  escape = quote ?? '"',
  comment,
  trim = false,
  cast,
}: CsvOptions): CsvDialect | undefined {
  if (comment !== undefined || trim || typeof cast === 'function') return undefined;
  if (quote !== null && escape !== quote) return undefined;
  return { delimiter, quote: quote ?? undefined };
}

/** Whether fields can be told from the bytes; not where csv-parse has options of its own. */
export function isDivisible(options: CsvOptions): boolean {
  return dialectOf(options) !== undefined;
}

function divisionOf({ delimiter, quote }: CsvDialect): CsvDivision {
  return { delimiter: delimiter.charCodeAt(0), quote: quote?.charCodeAt(0) };
}

/** A value without a column is left out, and so is a column without a value. */
function objectOf(columns: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  const count = Math.min(columns.length, values.length);
  for (let i = 0; i < count; i++) {
    const column = columns[i]!;
    if (column === '__proto__')
      Object.defineProperty(row, column, {
        value: values[i],
        writable: true,
        enumerable: true,
        configurable: true,
      });
    else row[column] = values[i];
  }
  return row;
}

/** The names in a header. */
export function columnsOf(encoded: RecordBytes, options: CsvOptions): readonly string[] | RecordFlaw {
  try {
    const bytes = bytesOf(encoded, 0, 1);
    expectUtf8(bytes, 'The header');
    const names = parseOne(bytes, { ...optionsOf(options), columns: false }) as string[];
    refuseTwice(names, 'The header');
    return names;
  } catch (error) {
    const flaw = flawOf(0, error as Error);
    return flaw.code === 'MALFORMED_RECORD' ? { ...flaw, code: 'MALFORMED_INPUT' } : flaw;
  }
}

/** Two columns of one name would leave one of their values nowhere to go. @throws TypeError that names them */
export function refuseTwice(names: readonly string[], what: string): void {
  const once = new Set<string>();
  const twice = new Set(names.filter((name) => once.size === once.add(name).size));
  if (twice.size === 0) return;
  const quoted = [...twice].map((name) => JSON.stringify(name)).join(', ');
  throw new TypeError(`${what} names a column twice: ${shorten(quoted)}`);
}

function optionsOf({
  delimiter,
  quote = '"',
  escape = quote ?? '"',
  comment,
  trim = false,
}: CsvOptions): Options {
  return {
    quote: quote ?? false,
    escape,
    trim,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    ...(delimiter !== undefined && { delimiter }),
    ...(comment !== undefined && { comment, comment_no_infix: true }),
  };
}

function parseOne(bytes: Buffer, options: Options): unknown {
  expectUtf8(bytes);
  let rows: unknown[];
  try {
    rows = parse(bytes, options);
  } catch (error) {
    throw error instanceof FlawError ? error : new Error(tidied((error as Error).message), { cause: error });
  }
  if (rows.length !== 1) throw new Error(`Expected one record between line breaks, got ${rows.length}`);
  return rows[0];
}

/** csv-parse counts lines from the beginning of what it was given, and quotes the whole field. */
function tidied(message: string): string {
  const [, before = message, value] = /^(.*?, value is )(".*)$/s.exec(message) ?? [];
  return (value === undefined ? message : before + shorten(value)).replace(/ (?:on|at) line \d+/, '');
}

function shorten(value: string): string {
  return value.length > 40 ? `${value.slice(0, 40)}…` : value;
}

function bytesOf({ bytes, starts, ends }: RecordBytes, from: number, to: number): Buffer {
  return asBuffer(bytes).subarray(starts[from], ends[to - 1]);
}

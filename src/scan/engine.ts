import type { CsvFramerOptions, Framer, JsonFramerOptions } from './framer.ts';
import type { JsonKeyDropper, ObjectShape } from './json/key-dropper.ts';

/**
 * Finds where records begin and end, without decoding them. Pure: bytes in, offsets out.
 * Two engines give the same results: SIMD in WebAssembly, and plain TypeScript where that is missing.
 */
export interface ScanEngine {
  readonly name: 'wasm' | 'typescript';
  jsonFramer(options: JsonFramerOptions): Framer;
  csvFramer(options: CsvFramerOptions): Framer;
  /**
   * Checks whole JSON records (grammar, strings and escapes, numbers, literals, UTF-8, depth) without decoding them.
   * @returns the indexes of those that only a decoder can judge: they are malformed, or hold a number that may not fit
   */
  doubtfulJson(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    check: JsonCheck,
  ): readonly number[];
  /** Checks as `doubtfulJson` does. @returns the first flaw */
  validateJson(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, maxDepth: number): Flaw | undefined;
  /**
   * A first look at JSON records before they are decoded.
   * @returns the indexes of those that hold sixteen digits in a row, a digit with an `e` or `E` behind it, or more than
   * `mostBrackets` opening brackets – be it in strings
   */
  unplainJson(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    mostBrackets: number,
  ): readonly number[];
  /**
   * Picks fields out of records without decoding them.
   * @returns `undefined` where this engine has no faster way than decoding
   */
  jsonProjector(options: ProjectorOptions): JsonProjector | undefined;
  /**
   * Leaves the keys out of JSON records that are known to have them.
   * @returns `undefined` where this engine has no faster way than decoding, or no room for the shape
   */
  jsonKeyDropper(shape: ObjectShape): JsonKeyDropper | undefined;
  /**
   * Checks whole records of CSV (quotes, number of fields, UTF-8) without decoding them.
   * @returns the indexes of those that only a decoder can judge: they do not follow RFC 4180 to the letter
   */
  doubtfulCsv(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, check: CsvCheck): readonly number[];
  /**
   * Picks fields out of records of CSV without decoding them.
   * @returns `undefined` when there are more columns than this engine has room for
   */
  csvProjector(options: CsvProjectorOptions): CsvProjector | undefined;
  /**
   * Writes records of CSV as JSON without decoding them.
   * @returns `undefined` where this engine has no faster way than decoding, or no room for the keys
   */
  csvToJson(options: CsvToJsonOptions): CsvToJson | undefined;
  /**
   * Tells on which line each record begins.
   * @param starts where they begin in the bytes
   * @param lines is told
   * @param first line of the first byte
   * @returns the line of what comes behind the bytes
   */
  countLines(bytes: Uint8Array, starts: Uint32Array, lines: Uint32Array, first: number): number;
}

/** How records of CSV are divided into fields. A quote in a quoted field is doubled. */
export type CsvDivision = Pick<CsvFramerOptions, 'delimiter' | 'quote'>;

export interface CsvCheck extends CsvDivision {
  /** A record of more or fewer fields is doubtful; undefined when any number will do. */
  readonly width: number | undefined;
}

export interface CsvProjectorOptions extends CsvDivision {
  /** Index of the field that each column takes; -1 for a column that no record has. */
  readonly fields: readonly number[];
  /** Whether a field that is written as a JSON number is one, and its text that of the number. */
  readonly isCast: boolean;
}

export interface CsvToJsonOptions extends CsvDivision {
  /** Keys of the objects, in their order. */
  readonly keys: readonly string[];
  /** Index of the field of each key. Of a record without that field the object has no such key. */
  readonly fields: readonly number[];
  /** Whether a field that is written as a JSON number, `true` or `false` is one. */
  readonly isCast: boolean;
}

export interface JsonCheck {
  /** Greatest depth of nesting. */
  readonly maxDepth: number;
  /** An integer of more digits is doubtful. So is a number that may overflow: by its exponent, or by 200 digits. */
  readonly mostDigits: number;
}

export interface ProjectorOptions {
  /** Keys that lead to each field, from the outside in; at least one each. */
  readonly paths: readonly (readonly string[])[];
  /** Whether a key at the root of a record that begins no path makes it one that needs care. */
  readonly isStrict: boolean;
}

/**
 * Takes records that are well-formed. Of those that need care it says so, and leaves them to a decoder. Of JSON they are no
 * objects, or have a key with escapes; of CSV a quote is where RFC 4180 has none, or the text of a number may differ from
 * the field; of both they hold text that the layout cannot, or are too large.
 */
export interface Projector {
  /** Where the fields are. @param located where that is, when a projector of JSON has found it */
  fields(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    located?: Int32Array,
  ): Iterable<FieldsPiece>;
}

/** One that takes CSV. */
export interface CsvProjector extends Projector {
  /**
   * Rows of text, one a record, each ended by a line feed.
   * @param room where they may be put
   */
  rows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    layout: RowLayout,
    room: RowRoom,
  ): Iterable<RowsPiece>;
}

/** One that takes JSON, and can check it in the same pass. */
export interface JsonProjector extends Projector {
  /** Numbers of each record in `located`. */
  readonly width: number;
  /** Checks as `doubtfulJson` does, and finds the fields on the way. */
  check(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, check: JsonCheck): CheckedFields;
  /**
   * Checks as `doubtfulJson` does, and writes rows of text on the way, one a record, each ended by a line feed.
   * @param room where they are put
   */
  checkToRows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    check: JsonCheck,
    layout: RowLayout,
    room: RowRoom,
  ): CheckedRows;
}

/** Takes well-formed records of CSV, as a projector does. */
export interface CsvToJson {
  /**
   * The objects as JSON.stringify writes them.
   * @param behind byte behind each of them
   * @param room where they are put
   */
  objects(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    behind: number,
    room: RowRoom,
  ): Iterable<RowsPiece>;
}

/** The rows of records that may be malformed. */
export interface CheckedRows {
  readonly doubtful: readonly number[];
  readonly rows: Rows;
}

/** Takes rows, one behind the other. */
export interface RowRoom {
  readonly bytes: Uint8Array;
  readonly length: number;
  add(rows: Uint8Array): void;
}

/** Rows one behind the other. Of a record that only a decoder can write there is none: its row ends where it begins. */
export interface Rows {
  readonly bytes: Uint8Array;
  /** Where the first one begins. */
  readonly begin: number;
  readonly ends: Uint32Array;
}

/** What was found of records that may be malformed. */
export interface CheckedFields {
  readonly doubtful: readonly number[];
  /** Where the fields are in the others, for the projector that has found them. */
  readonly located: Int32Array;
}

/**
 * How rows are written. `copy`: PostgreSQL's text format of COPY. `csv`: RFC 4180, nothing for null and missing.
 * Nested values are JSON text; it and numbers are as they are in the record.
 */
export interface RowLayout {
  readonly text: 'copy' | 'csv';
  /** Byte between two fields: a comma, semicolon, tab or vertical bar. */
  readonly delimiter: number;
}

/** Records `first` up to, not including, `until`. */
export interface RowsPiece {
  readonly first: number;
  readonly until: number;
  /** Their rows; `undefined` when these records need care. */
  readonly bytes?: Uint8Array;
}

/** Records `first` up to, not including, `until`. */
export interface FieldsPiece {
  readonly first: number;
  readonly until: number;
  /** Record by record and column by column: offset of its first byte, offset behind its last one, kind. */
  readonly fields?: Int32Array;
}

/** What is at a path. A string is without its quotes; of CSV all that is not missing is a string. */
export const FIELD_KIND = {
  missing: 0,
  null: 1,
  string: 2,
  nested: 3,
  number: 4,
  true: 5,
  false: 6,
} as const;

/** What is wrong inside a record, and where. */
export interface Flaw {
  /** Index of the record. */
  readonly record: number;
  /** Offset in the bytes of the first byte that no valid record can have there; the end of the record if it is too short. */
  readonly offset: number;
  readonly reason: string;
  readonly kind: 'syntax' | 'utf8' | 'depth';
}

/** The bytes around the records are not what the format wants. */
export class ScanError extends Error {
  override readonly name = 'ScanError';
  /** Offset from the beginning of the input. */
  readonly offset: number;
  readonly kind: 'syntax' | 'utf8' | 'depth' | 'path' | 'incomplete';

  constructor(kind: ScanError['kind'], offset: number, reason: string) {
    super(reason);
    this.kind = kind;
    this.offset = offset;
  }
}

import type { Cursor, Position } from './position.ts';
import type { Positions } from './position-list.ts';
import type { Scratch } from './scratch.ts';

/** The format of the bytes of records that have not been decoded. */
export type RecordFormat = 'json' | 'csv' | 'text';

/** The bytes of consecutive records: record `i` is `bytes.subarray(starts[i], ends[i])`, without its separator. */
export interface RecordBytes {
  readonly format: RecordFormat;
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Where fields are in these records, when it was found while they were checked. */
  readonly located?: LocatedFields | undefined;
  /** Rows of these records, when they were written while the records were checked. */
  readonly rows?: WrittenRows | undefined;
  /** Who projects the records writes here whose fields are wanted; they are looked for in the records that come later. */
  readonly search?: FieldSearch | undefined;
  /** How records of CSV become objects, where that can be told of their bytes. */
  readonly csv?: CsvShape | undefined;
}

/** Where the fields are that somebody looks for. */
export interface LocatedFields {
  /** Who looks for them. */
  readonly by: object;
  /** Numbers of each record in the table. */
  readonly width: number;
  readonly table: Int32Array;
}

/** Rows of text that somebody makes of records, one behind the other. */
export interface WrittenRows {
  /** Who makes them. */
  readonly by: object;
  readonly bytes: Uint8Array;
  /** Where the row of the first record begins. */
  readonly begin: number;
  /** Where the row of each record ends. Of one that has none yet it ends where it begins. */
  readonly ends: Uint32Array;
}

/** Who looks for fields in the records of a source, or makes rows of them. */
export interface FieldSearch {
  by?: object;
}

/** Records `from` up to, not including, `to`. */
export function sliceOfBytes(encoded: RecordBytes, from: number, to: number): RecordBytes {
  if (from === 0 && to === encoded.starts.length) return encoded;
  const { located, rows } = encoded;
  return {
    ...encoded,
    starts: encoded.starts.subarray(from, to),
    ends: encoded.ends.subarray(from, to),
    located: located && {
      ...located,
      table: located.table.subarray(from * located.width, to * located.width),
    },
    rows: rows && {
      ...rows,
      begin: from === 0 ? rows.begin : rows.ends[from - 1]!,
      ends: rows.ends.subarray(from, to),
    },
  };
}

/**
 * How the bytes of a record of CSV become an object. Almost every record follows RFC 4180 to the letter (a quote only around
 * a whole field, and doubled in it); only a decoder can read the others.
 */
export interface CsvShape {
  /** Byte between two fields. */
  readonly delimiter: number;
  /** Byte around a quoted field; undefined when fields are never quoted. */
  readonly quote: number | undefined;
  /** Key of each field. Fields behind the last key are left out. */
  readonly columns: readonly string[];
  /** Whether each record has a field for each key. */
  readonly isEven: boolean;
  /** Whether fields written as JSON numbers, `true` and `false` are these, and no text. */
  readonly isCast: boolean;
}

/**
 * A run of whole, consecutive records of one source: what travels from reading to chunking.
 * Its records stay bytes until `records` is looked at; then they are decoded, once.
 */
export interface RecordBlock<T = unknown> extends Iterable<T> {
  /** Name of the source, for messages. */
  readonly source: string;
  /** Number of records. It may be 0 when a transform filtered all of them; the cursors still move. */
  readonly count: number;
  /** Where the block begins: everything before it is in earlier blocks. */
  readonly start: Cursor;
  /** Where to go on after the block, past what a transform filtered. */
  readonly end: Cursor;
  /** The records, decoded on first access and kept until `forget`. */
  readonly records: readonly T[];
  /** The records as they are in the source; absent when they were made from objects. */
  readonly encoded?: RecordBytes | undefined;
  /** Where the bytes of the records lie, for who lends memory; absent while they are objects. */
  readonly memory?: ArrayBufferLike | undefined;
  /** Where the records are in the source, without holding on to the block; absent when only `position` tells it. */
  readonly positions?: Positions | undefined;
  /** Where record `index` (from 0) is in the source. */
  position(index: number): Position;
  /** `orders.ndjson:2 (record 2, byte 9)`: record `index` (from 0), for a message. */
  describe(index: number): string;
  /** Size in bytes of record `index` (from 0): as it is in the source, else as JSON. */
  byteLength(index: number): number;
  /** Records `from` up to, not including, `to`. Copies and decodes nothing. */
  slice(from: number, to: number): RecordBlock<T>;
  /**
   * The records before `at`, and those from it on, as two blocks. What this one has decoded goes over to them: it is used
   * up, like one that was told to `forget`.
   */
  cut(at: number): [RecordBlock<T>, RecordBlock<T>];
  /** The same records, sharing no object with this block: for code that may change what it is given. */
  copy(): RecordBlock<T>;
  /**
   * Lets go of what can be made again: records decoded from bytes, JSON texts of records. Called when the block has been
   * used up; whoever still looks at it finds all as before, and only pays for it again. A block that lives longer than
   * its use, as garbage that is collected late, then keeps nothing else alive.
   */
  forget(): void;
  /**
   * One line of JSON a record, each ended by a line feed. Nothing is decoded when the bytes are JSON, nor most of CSV.
   * @param scratch where they may be put together, by a caller that uses them up at once
   */
  ndjson(scratch?: Scratch): Uint8Array;
  /** All records as one JSON array, as `ndjson` makes them. @param scratch as for `ndjson` */
  jsonArray(scratch?: Scratch): Uint8Array;
  /** Marks a block, also across two copies of this package. */
  readonly [BLOCK]: true;
}

export const BLOCK: unique symbol = Symbol.for('chain-reaction.record-block') as never;

/** Whether a value is a block of records rather than a record. */
export function isRecordBlock(value: unknown): value is RecordBlock {
  return typeof value === 'object' && value !== null && BLOCK in value;
}

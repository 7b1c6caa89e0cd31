import type { Chunk } from './chunk.ts';
import type { PipelineError } from './errors.ts';
import type { Cursor, Position } from './position.ts';
import type { RecordBlock } from './record-block.ts';
import type { Scratch } from './scratch.ts';

/** How records are laid out in bytes. A format knows nothing of files, networks or sinks. */
export interface Format<T = unknown> {
  readonly name: string;
  /** Whether its decoders heed `from`. Those of other formats are given every source from its beginning. @default false */
  readonly isSeekable?: boolean;
  /** A new decoder for one source; it carries its state from piece to piece. */
  decoder(context: DecodeContext): Decoder<T>;
}

/** What a decoder is told of its source. */
export interface DecodeContext {
  /** Name of the source, for messages. */
  readonly source: string;
  /** Which source of the run, from 0: the `source` of its cursors. */
  readonly sourceIndex: number;
  /**
   * Where it begins: a cursor of an earlier decoder of the same source, with bytes, behind at least one record. It gives
   * out what that decoder gave out behind the cursor. The bytes that it is given begin with the one before the cursor,
   * which tells whether a record ends there. @default the beginning
   */
  readonly from?: Cursor | undefined;
}

/**
 * Bytes in, blocks of well-formed records out: no I/O, no waiting on anything but itself.
 * What is wrong with one record and leaves the next one findable is a `MalformedRecord`; everything else is thrown, as a
 * `PipelineError` with a position. Blocks before it have been given out by then.
 */
export interface Decoder<T = unknown> {
  /**
   * Only with `from`, and before everything else: takes the beginning of the source, piece by piece, until it knows what
   * it needs in order to begin at the cursor: the names of the columns, the way to the records. Absent when it needs nothing.
   * @returns whether it needs more
   */
  prepare?(bytes: Uint8Array): boolean;
  decode(bytes: Uint8Array): Decoded<T>;
  /** The input has ended: gives out what is left, throws when the input is incomplete. */
  end(): Decoded<T>;
  /** Whether it keeps nothing of a piece but what its blocks hold: then the memory of the piece may be used again after them. @default false */
  readonly keepsNothing?: boolean;
}

export type Decoded<T> =
  | Iterable<RecordBlock<T> | MalformedRecord>
  | AsyncIterable<RecordBlock<T> | MalformedRecord>;

/** A record that cannot be decoded, between two that can. */
export interface MalformedRecord {
  /** Says what is wrong and where. */
  readonly malformed: PipelineError;
  readonly position: Position;
  /** Its bytes as they are in the source. */
  readonly raw: Uint8Array;
}

/** How chunks become the bytes of a file or a body. `header`, then the chunks, `separator` between two, then `footer`. */
export interface Encoder<T = unknown> {
  readonly name: string;
  readonly contentType: string;
  /** Bytes before the first chunk; it is given to those that need to see it. */
  header(first: Chunk<T> | undefined): Uint8Array;
  /**
   * The bytes of a chunk in pieces, each made when it is asked for, so that a large chunk is never there twice.
   * @param scratch where a piece may be put together, by a caller that uses each up before it asks for the next one
   */
  encode(chunk: Chunk<T>, scratch?: Scratch): Iterable<Uint8Array>;
  readonly separator: Uint8Array;
  readonly footer: Uint8Array;
  /** What it has taken from the first chunk and the next ones depend on, as plain JSON: for formats that take something. */
  state?(): unknown;
  /** Goes on with an output that has begun, in this process or an earlier one; instead of `header`. */
  goOn?(state: unknown): void;
}

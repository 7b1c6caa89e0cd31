import type { PiecePool } from './piece-pool.ts';

/** A place from which bytes or records are read. */
export interface Source<T = unknown> {
  /** Name for messages and for the ids of chunks: a path, a URL without credentials, `stdin`. */
  readonly name: string;
  /** Path, where it is a file: what is there can be looked at again. */
  readonly file?: string;
  /** Called once for a run. Rejects with a `PipelineError` when there is nothing to read. */
  open(context: ReadContext): Promise<SourceContent<T>>;
}

/** What a source is told when it is opened. */
export interface ReadContext {
  readonly signal: AbortSignal;
  /**
   * Offset of the first byte that is wanted; asked of a source with `file`, or of one whose content has an `etag`.
   * @default 0
   */
  readonly from?: number;
  /** With `from`: of which version it is wanted. */
  readonly etag?: string | undefined;
  /** Asked of a source of records that has given out tokens. @default the first record */
  readonly after?: ReadAfter | undefined;
  /** Memory for the pieces, where they are read into memory of the source's own. @default new memory for each */
  readonly pool?: PiecePool | undefined;
}

/** A place behind a record of a source. */
export interface ReadAfter {
  /** Records before it. */
  readonly records: number;
  /** What the source has called it. */
  readonly token: unknown;
}

/** What a source holds, once it is open. Leaving the iteration early frees what it holds. */
export type SourceContent<T = unknown> = ByteContent | RecordContent<T>;

/** A source of bytes, open. */
export interface ByteContent {
  readonly kind: 'bytes';
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Offset of the first byte. @default what was asked for */
  readonly from?: number;
  /** Tells this version of the content from every other, byte for byte, and lets it be read from any place on: a strong ETag. */
  readonly etag?: string;
  /** Bytes as they are stored (before decompression), when known. */
  readonly size?: number;
  /** They were compressed on the way only: what the ending of the name says of compression has been undone. @default false */
  readonly isDecoded?: boolean;
  /** Media type, when the source states one. */
  readonly contentType?: string;
}

/** A source of records, open. */
export interface RecordContent<T> {
  readonly kind: 'records';
  readonly records: AsyncIterable<T>;
  /** Records of the source before the first of them. @default 0 */
  readonly before?: number;
  /** What the source calls the place behind a record, as plain JSON: there it can begin. */
  tokenOf?(record: T): unknown;
}

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
  /** Offset of the first byte that is wanted; asked of a source with `file` only. @default 0 */
  readonly from?: number;
  /** Memory for the pieces, where they are read into memory of the source's own. @default new memory for each */
  readonly pool?: PiecePool | undefined;
}

/** What a source holds, once it is open. Leaving the iteration early frees what it holds. */
export type SourceContent<T = unknown> = ByteContent | RecordContent<T>;

/** A source of bytes, open. */
export interface ByteContent {
  readonly kind: 'bytes';
  readonly pieces: AsyncIterable<Uint8Array>;
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
}

import type { Decoder, MalformedRecord } from '../core/format.ts';
import type { PiecePool } from '../core/piece-pool.ts';
import { isRecordBlock, type RecordBlock } from '../core/record-block.ts';
import type { Source } from '../core/source.ts';
import type { DecompressOptions } from '../sources/decompress.ts';
import { admit, type InvalidRecordPolicy } from './admit.ts';
import type { ReadOptions, SourceEvent } from './read-records.ts';

/** How all sources of a reader are read. */
export interface Reading {
  readonly options: Omit<ReadOptions, 'signal'>;
  readonly policy: InvalidRecordPolicy;
  readonly signal: AbortSignal;
  readonly announce: (event: SourceEvent) => void;
}

/** A source that is open. */
export interface OpenSource<C> {
  readonly source: Source;
  /** Its number, from 0. */
  readonly index: number;
  readonly content: C;
  /** It is known to hold what it held when an earlier run read it. */
  readonly isSame: boolean;
}

/** How the bytes of a source are decompressed: what is read is counted, and where that can begin is noted. */
export function decompression(
  { source, index }: OpenSource<unknown>,
  { options, policy }: Reading,
): DecompressOptions {
  const { compression, maxRatio, watch } = options;
  return {
    name: source.name,
    ...(compression !== undefined && { compression }),
    ...(maxRatio !== undefined && { maxRatio }),
    onInput: (bytes) => countBytes(bytes, policy),
    ...(watch !== undefined && { onRestart: (point) => watch.restarts(index, point) }),
  };
}

export function countBytes(bytes: number, { tally }: InvalidRecordPolicy): void {
  tally.bytes += bytes;
}

/** The blocks of all pieces, and what is malformed dealt with. */
export async function* decodeAll<T>(
  decoder: Decoder,
  pieces: AsyncIterable<Uint8Array>,
  { source, index }: OpenSource<unknown>,
  { options, policy }: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const place = { name: source.name, index };
  const lender = decoder.keepsNothing === true ? options.pool : undefined;
  for await (const piece of pieces) {
    const decoded = decoder.decode(piece) as Iterable<RecordBlock<T> | MalformedRecord>;
    yield* admit(lender === undefined ? decoded : sent(decoded, lender), place, policy);
    lender?.decoded(piece);
  }
  yield* admit(decoder.end() as Iterable<RecordBlock<T>>, place, policy);
}

function* sent<T>(
  decoded: Iterable<RecordBlock<T> | MalformedRecord>,
  pool: PiecePool,
): Generator<RecordBlock<T> | MalformedRecord, void> {
  for (const item of decoded) {
    if (isRecordBlock(item)) pool.send(item);
    yield item;
  }
}

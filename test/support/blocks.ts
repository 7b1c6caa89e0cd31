import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Chunk } from '../../src/core/chunk.ts';
import { isRecordBlock, type RecordBlock } from '../../src/core/record-block.ts';
import { type FormatName, type FormatOptions, formatNamed } from '../../src/formats/format-named.ts';

/** What a decoder makes of bytes: records with their places, malformed ones with their raw text, and the error at the end. */
export interface Decoded {
  readonly records: readonly unknown[];
  readonly places: readonly string[];
  readonly malformed: readonly { readonly message: string; readonly raw: string }[];
  readonly failure: string | undefined;
}

/** Decodes bytes given in pieces that end at `cuts`, or in pieces of one size. */
export function decodeInPieces(
  format: FormatName,
  bytes: Uint8Array,
  cuts: number | readonly number[],
  options: FormatOptions = {},
): Decoded {
  const decoder = formatNamed(format, options).decoder({ source: 'input', sourceIndex: 0 });
  const records: unknown[] = [];
  const places: string[] = [];
  const malformed: { message: string; raw: string }[] = [];
  const take = (decoded: unknown) => {
    for (const item of decoded as Iterable<RecordBlock>) {
      if (isRecordBlock(item)) {
        records.push(...item.records);
        for (let i = 0; i < item.count; i++) places.push(item.describe(i));
      } else {
        const bad = item as unknown as { malformed: Error; raw: Uint8Array };
        malformed.push({ message: bad.malformed.message, raw: Buffer.from(bad.raw).toString('latin1') });
      }
    }
  };
  let failure: string | undefined;
  try {
    for (const piece of piecesOf(bytes, cuts)) take(decoder.decode(piece));
    take(decoder.end());
  } catch (error) {
    failure = (error as { code?: string }).code ?? String(error);
  }
  return { records, places, malformed, failure };
}

export function* piecesOf(bytes: Uint8Array, cuts: number | readonly number[]): Generator<Uint8Array> {
  if (typeof cuts === 'number') {
    for (let at = 0; at < bytes.length; at += cuts) yield bytes.subarray(at, at + cuts);
    return;
  }
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

/** The chunks that a ChunkTransform, or any stage before it, makes of its input. */
export async function chunksOf<T = unknown>(
  input: Iterable<unknown> | AsyncIterable<unknown> | Readable,
  ...stages: readonly NodeJS.ReadWriteStream[]
): Promise<Chunk<T>[]> {
  const chunks: Chunk<T>[] = [];
  const sink = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(chunk: Chunk<T>, _encoding, callback) {
      chunks.push(chunk);
      callback();
    },
  });
  const source = input instanceof Readable ? input : Readable.from(input, { highWaterMark: 1 });
  await pipeline([source, ...stages, sink] as readonly unknown[] as NodeJS.ReadWriteStream[]);
  return chunks;
}

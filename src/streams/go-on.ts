import type { RestartPoint } from '../core/checkpoint.ts';
import type { Decoder, Format } from '../core/format.ts';
import { type Cursor, startOf } from '../core/position.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { ByteContent } from '../core/source.ts';
import { type Compression, decompress } from '../sources/decompress.ts';
import type { InvalidRecordPolicy } from './admit.ts';
import { countBytes, decodeAll, decompression, type OpenSource, type Reading } from './decode-pieces.ts';

/** The cursor at which reading can begin without what is before it, if it can. */
export function placeToGoOn(
  { source, index, content, isSame }: OpenSource<ByteContent>,
  from: Cursor | undefined,
): Cursor | undefined {
  const canSeek = source.file !== undefined || (isSame && content.etag !== undefined);
  if (!canSeek || from?.source !== index || from.made !== undefined) return undefined;
  return from.records > 0 && (from.bytes ?? 0) > 0 ? from : undefined;
}

/** A source from its beginning on, and what is known of it. */
export interface Beginning {
  readonly pieces: AsyncGenerator<Uint8Array, void>;
  readonly format: Format;
  readonly compression: Compression;
}

/** The blocks behind a cursor. */
export function goOn<T>(
  opened: OpenSource<ByteContent>,
  from: Cursor,
  beginning: Beginning,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  return beginning.compression === 'none'
    ? seek(opened, from, beginning, reading)
    : inflateTo(opened, from, beginning, reading);
}

/** Goes on at a cursor, once the decoder knows of the beginning what it needs. */
async function* seek<T>(
  opened: OpenSource<ByteContent>,
  from: Cursor,
  { pieces, format }: Beginning,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { source, index, content } = opened;
  const { options, policy, signal } = reading;
  const decoder = format.decoder({ source: source.name, sourceIndex: index, from });
  await prepare(decoder, pieces);
  const { etag } = content;
  const asked = { from: from.bytes! - 1, etag };
  const rest = (await source.open({ signal, pool: options.pool, ...asked })) as ByteContent;
  if ((rest.from ?? asked.from) !== asked.from) {
    const fromStart = format.decoder({ source: source.name, sourceIndex: index });
    yield* decodeAll<T>(fromStart, counted(rest.pieces, policy), opened, reading);
    return;
  }
  policy.tally.settle({ source: source.name, start: startOf(index), end: from });
  if (policy.tally.totalBytes !== undefined) policy.tally.totalBytes -= from.bytes!;
  yield* decodeAll<T>(decoder, counted(rest.pieces, policy), opened, reading);
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  policy: InvalidRecordPolicy,
): AsyncGenerator<Uint8Array, void> {
  for await (const piece of pieces) {
    countBytes(piece.length, policy);
    yield piece;
  }
}

/** Goes on at a cursor; what is compressed before it is inflated from the last restart point on, and not looked at. */
async function* inflateTo<T>(
  opened: OpenSource<ByteContent>,
  from: Cursor,
  { pieces, format, compression }: Beginning,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { source, index } = opened;
  const decoder = format.decoder({ source: source.name, sourceIndex: index, from });
  const first = from.bytes! - 1;
  const restart = reading.options.watch?.restart(index);
  reading.policy.tally.settle({ source: source.name, start: startOf(index), end: from });
  if (restart !== undefined && restart.bytes <= first) {
    await prepare(decoder, pieces);
    const rest = await inflateFrom(opened, restart, compression, reading);
    yield* decodeAll<T>(decoder, behind(first - restart.bytes, rest), opened, reading);
    return;
  }
  async function* shown() {
    let needsMore = decoder.prepare !== undefined;
    for await (const piece of pieces) {
      if (needsMore) needsMore = decoder.prepare!(piece);
      yield piece;
    }
  }
  yield* decodeAll<T>(decoder, behind(first, shown()), opened, reading);
}

/** What a compressed source becomes from a restart point on. */
async function inflateFrom(
  opened: OpenSource<ByteContent>,
  restart: RestartPoint,
  compression: Compression,
  reading: Reading,
): Promise<AsyncIterable<Uint8Array>> {
  const { options, policy, signal } = reading;
  const asked = { from: restart.compressed, etag: opened.content.etag };
  const rest = (await opened.source.open({ signal, pool: options.pool, ...asked })) as ByteContent;
  const inflating = { ...decompression(opened, reading), compression };
  if ((rest.from ?? asked.from) !== asked.from)
    return behind(restart.bytes, decompress(rest.pieces, inflating));
  if (policy.tally.totalBytes !== undefined) policy.tally.totalBytes -= restart.compressed;
  return decompress(rest.pieces, { ...inflating, startAt: restart });
}

/** What comes behind so many bytes. */
async function* behind(bytes: number, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let left = bytes;
  for await (const piece of pieces) {
    if (piece.length > left) yield piece.subarray(left);
    left = Math.max(left - piece.length, 0);
  }
}

/** Shows a decoder the beginning of its source, until it knows what it needs. */
async function prepare(decoder: Decoder, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) if (decoder.prepare?.(piece) !== true) return;
}

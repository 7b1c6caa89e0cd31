import { PipelineError } from '../core/errors.ts';
import type { Decoder, Format, MalformedRecord } from '../core/format.ts';
import type { PiecePool } from '../core/piece-pool.ts';
import { type Cursor, startOf } from '../core/position.ts';
import { isRecordBlock, type RecordBlock } from '../core/record-block.ts';
import type { ByteContent, RecordContent, Source } from '../core/source.ts';
import { detectFormat, headNeeded } from '../formats/detect.ts';
import { formatNamed } from '../formats/format-named.ts';
import { type Compression, decompress } from '../sources/decompress.ts';
import { type SourceInput, toSources } from '../sources/to-sources.ts';
import { admit, type InvalidRecordPolicy } from './admit.ts';
import { gather } from './gather.ts';
import { type Head, readHead } from './read-head.ts';
import type { ReadOptions, SourceEvent } from './read-records.ts';

/** How all sources of a reader are read. */
export interface Reading {
  readonly options: Omit<ReadOptions, 'signal'>;
  readonly policy: InvalidRecordPolicy;
  readonly signal: AbortSignal;
  readonly announce: (event: SourceEvent) => void;
}

/** A source that is open. */
interface OpenSource<C> {
  readonly source: Source;
  /** Its number, from 0. */
  readonly index: number;
  readonly content: C;
  /** It is known to hold what it held when an earlier run read it. */
  readonly isSame: boolean;
}

/** The blocks of all sources, one source after another. A source that is done with is not opened. */
export async function* readSources<T>(
  input: SourceInput,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { options, policy, signal } = reading;
  signal.throwIfAborted();
  const sources = await toSources(input);
  for (const [index, source] of sources.entries()) {
    if (index < (options.from?.source ?? 0)) continue;
    const after = options.watch?.after(index);
    const content = await source.open({ signal, pool: options.pool, after });
    const isSame = options.watch?.opened(index, content) ?? false;
    if (content.kind === 'records')
      yield* readContent<T>({ source, index, content: content as RecordContent<T>, isSame }, reading);
    else {
      if (sources.length === 1) policy.tally.totalBytes = content.size;
      yield* decodeContent<T>({ source, index, content, isSame }, reading);
    }
  }
}

async function* readContent<T>(
  { source, index, content }: OpenSource<RecordContent<T>>,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { name } = source;
  const { records, before = 0 } = content;
  reading.announce({ source: name, format: 'records' });
  const end = { source: index, records: before };
  if (before > 0) reading.policy.tally.settle({ source: name, start: { source: index, records: 0 }, end });
  yield* watched(
    admit(gather(records, { name, index, before }), { name, index }, reading.policy),
    index,
    reading,
  );
}

async function* decodeContent<T>(
  opened: OpenSource<ByteContent>,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { source, index, content } = opened;
  const { name } = source;
  const { options, policy, announce } = reading;
  const onInput = countBytes(policy);
  let compression: Compression = 'none';
  const onRecognised = (found: Compression) => {
    compression = found;
  };
  const { contentType, isDecoded = false } = content;
  const pieces = decompress(content.pieces, { ...options, name, onInput, onRecognised, isDecoded });
  try {
    const stated = { name, ...(contentType !== undefined && { contentType }) };
    const head = await readHead(pieces, options.format === undefined ? headNeeded(stated) : 'a byte');
    const format = chooseFormat(name, content, head, options);
    announce({ source: name, format: format.name, compression });
    const all = chained(head.pieces, pieces);
    const from = format.isSeekable ? placeToSeek(opened, options.from) : undefined;
    if (from !== undefined) {
      const goOn = compression === 'none' ? seek<T> : inflateTo<T>;
      yield* goOn(opened, format, from, all, reading);
    } else {
      const decoded = decodeAll<T>(
        format.decoder({ source: name, sourceIndex: index }),
        all,
        opened,
        reading,
      );
      yield* watched(decoded, index, reading);
    }
  } finally {
    await pieces.return();
  }
}

/** The cursor at which reading can begin without what is before it, if it can. */
function placeToSeek(
  { source, index, content, isSame }: OpenSource<ByteContent>,
  from: Cursor | undefined,
): Cursor | undefined {
  const canSeek = source.file !== undefined || (isSame && content.etag !== undefined);
  if (!canSeek || from?.source !== index || from.made !== undefined) return undefined;
  return from.records > 0 && (from.bytes ?? 0) > 0 ? from : undefined;
}

/** Goes on at a cursor, once the decoder knows of the beginning what it needs. */
async function* seek<T>(
  opened: OpenSource<ByteContent>,
  format: Format,
  from: Cursor,
  beginning: AsyncGenerator<Uint8Array, void>,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { source, index, content } = opened;
  const { options, policy, signal } = reading;
  const decoder = format.decoder({ source: source.name, sourceIndex: index, from });
  await prepare(decoder, beginning);
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

/** Goes on at a cursor; what is compressed before it is inflated, and not looked at. */
async function* inflateTo<T>(
  opened: OpenSource<ByteContent>,
  format: Format,
  from: Cursor,
  pieces: AsyncGenerator<Uint8Array, void>,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { source, index } = opened;
  const decoder = format.decoder({ source: source.name, sourceIndex: index, from });
  const first = from.bytes! - 1;
  async function* wanted() {
    let at = 0;
    let needsMore = decoder.prepare !== undefined;
    for await (const piece of pieces) {
      if (needsMore) needsMore = decoder.prepare!(piece);
      if (at + piece.length > first) yield piece.subarray(Math.max(first - at, 0));
      at += piece.length;
    }
  }
  reading.policy.tally.settle({ source: source.name, start: startOf(index), end: from });
  yield* decodeAll<T>(decoder, wanted(), opened, reading);
}

/** Shows a decoder the beginning of its source, until it knows what it needs. */
async function prepare(decoder: Decoder, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) if (decoder.prepare?.(piece) !== true) return;
}

async function* decodeAll<T>(
  decoder: Decoder,
  pieces: AsyncIterable<Uint8Array>,
  { source, index }: OpenSource<ByteContent>,
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

/** What is read from the beginning must be what was read before. */
async function* watched<T>(
  blocks: AsyncIterable<RecordBlock<T>>,
  index: number,
  { options: { watch } }: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  for await (const block of blocks) {
    watch?.passed(index, block);
    yield block;
  }
  watch?.ended(index);
}

function countBytes({ tally }: InvalidRecordPolicy): (bytes: number) => void {
  return (bytes) => {
    tally.bytes += bytes;
  };
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  policy: InvalidRecordPolicy,
): AsyncGenerator<Uint8Array, void> {
  const count = countBytes(policy);
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

async function* chained(
  head: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* head;
    yield* rest;
  } finally {
    await rest.return();
  }
}

function chooseFormat(
  name: string,
  { contentType }: ByteContent,
  head: Head,
  options: Reading['options'],
): Format {
  const { format, ...rest } = options;
  if (typeof format === 'object') return format;
  if (format !== undefined) return formatNamed(format, rest);
  const found = detectFormat({
    name,
    head: head.bytes,
    isWhole: head.isWhole,
    options: rest,
    ...(contentType !== undefined && { contentType }),
  });
  if (found !== undefined) return formatNamed(found.format, { ...found.options, ...rest });
  const message =
    'The format could not be detected; name it with the option format (ndjson, json, csv, tsv, text)';
  throw new PipelineError({ code: 'UNKNOWN_FORMAT', message, source: name });
}

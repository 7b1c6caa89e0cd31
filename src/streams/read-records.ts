import { Readable } from 'node:stream';
import { FinishedRanges } from '../checkpoint/finished-ranges.ts';
import type { RecordRange } from '../core/checkpoint.ts';
import { PipelineError } from '../core/errors.ts';
import type { Decoder, Format, MalformedRecord } from '../core/format.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { PiecePool } from '../core/piece-pool.ts';
import { type Cursor, startOf } from '../core/position.ts';
import { isRecordBlock, type RecordBlock } from '../core/record-block.ts';
import type { ByteContent, Source } from '../core/source.ts';
import type { Tally } from '../core/tally.ts';
import { detectFormat, headNeeded } from '../formats/detect.ts';
import { FORMAT_OPTIONS, type FormatName, type FormatOptions, formatNamed } from '../formats/format-named.ts';
import {
  COMPRESSION_OPTIONS,
  type Compression,
  type CompressionOptions,
  decompress,
} from '../sources/decompress.ts';
import { type SourceInput, toSources } from '../sources/to-sources.ts';
import {
  admit,
  INVALID_RECORD_OPTIONS,
  type InvalidRecordOptions,
  type InvalidRecordPolicy,
  invalidRecordPolicy,
} from './admit.ts';
import { gather } from './gather.ts';
import { leaveOut } from './leave-out.ts';
import { type Head, readHead } from './read-head.ts';
import type { EndsEarly } from './stage.ts';

/** Options of `readRecords`. */
export interface ReadOptions extends FormatOptions, CompressionOptions, InvalidRecordOptions {
  /** A format, or its name. @default detected from name, content type or the first bytes */
  readonly format?: FormatName | Format;
  /** Where to go on: everything before it is read again, and skipped. @default the beginning */
  readonly from?: Cursor;
  /** Whole records beyond that are left out, too. @default none */
  readonly finished?: readonly RecordRange[];
  /** Memory for the pieces of files. Who gives one gives it back the blocks that are done with. @default new memory for each piece */
  readonly pool?: PiecePool | undefined;
  /** Ends the reading, and every wait of the source. */
  readonly signal?: AbortSignal;
}

export const READ_OPTIONS: OptionNames<ReadOptions> = {
  ...FORMAT_OPTIONS,
  ...COMPRESSION_OPTIONS,
  ...INVALID_RECORD_OPTIONS,
  format: true,
  from: true,
  finished: true,
  pool: true,
  signal: true,
};

/**
 * The source reader of a pipeline: opens, decompresses, detects and decodes. Gives out blocks of records.
 * Several sources are read one after another. Emits `source` with the name and the format of each as it begins.
 * @param source a path or glob, a URL, `-` for stdin, a Node or web stream, a `Response`, an (async) iterable, or several
 * @throws TypeError when an option is wrong; fails with a `PipelineError` when the source is unreadable or malformed
 */
export function readRecords<T = unknown>(source: SourceInput, options: ReadOptions = {}): RecordReader<T> {
  return new RecordReader<T>(source, options);
}

/** What a `source` event tells. */
export interface SourceEvent {
  readonly source: string;
  /** Name of the format, or `records` for a source of plain records. */
  readonly format: string;
  /** How the bytes are compressed. */
  readonly compression?: Compression;
}

/** The stream that `readRecords` makes. */
export class RecordReader<T = unknown> extends Readable implements EndsEarly {
  readonly #blocks: AsyncGenerator<RecordBlock<T>, void>;
  readonly #stopping = new AbortController();
  readonly #tally: Tally;
  #isReading = false;
  #isEnding = false;

  constructor(source: SourceInput, options: ReadOptions) {
    knownOptions('readRecords', options, READ_OPTIONS);
    const { signal, ...rest } = options;
    const policy = invalidRecordPolicy(options);
    checkFormat(rest);
    super({ objectMode: true, highWaterMark: 1, ...(signal?.aborted === false && { signal }) });
    const stop =
      signal === undefined ? this.#stopping.signal : AbortSignal.any([signal, this.#stopping.signal]);
    this.#tally = policy.tally;
    const announce = (event: SourceEvent) => this.emit('source', event);
    const { from, finished = [] } = rest;
    const done = { finished, ...(from !== undefined && { cursor: from }) };
    const ranges = new FinishedRanges(done);
    const isDone = (index: number, record: number) => ranges.missing(index, record, record + 1).length === 0;
    const blocks = readSources<T>(source, rest, { ...policy, isDone }, stop, announce);
    this.#blocks =
      from === undefined && finished.length === 0 ? blocks : leaveOut(done, blocks, policy.tally);
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#fill().catch((error: unknown) => this.destroy(error as Error));
  }

  /** Waits for nothing that is still to come. */
  endEarly(): void {
    if (this.#isEnding || this.readableEnded || this.destroyed) return;
    this.#isEnding = true;
    this.push(null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stopping.abort(error ?? undefined);
    this.#blocks.return().then(
      () => callback(error),
      (cleanupError: unknown) => callback(error ?? (cleanupError as Error)),
    );
  }

  /** Pushes blocks until the reader has enough. By then it may ask again, so the flag falls before anything else happens. */
  async #fill(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#blocks.next();
      if (this.#isEnding && !done) this.#tally.unsee(value, value.count);
      if (this.#isEnding || this.destroyed) return;
      if (done) {
        this.push(null);
        return;
      }
      if (!this.push(value)) {
        this.#isReading = false;
        return;
      }
    }
  }
}

/** Wrong options are found before anything is opened. */
function checkFormat({ format, ...options }: ReadOptions): void {
  if (typeof format === 'string') formatNamed(format, options);
}

async function* readSources<T>(
  input: SourceInput,
  options: ReadOptions,
  policy: InvalidRecordPolicy,
  signal: AbortSignal,
  announce: (event: SourceEvent) => void,
): AsyncGenerator<RecordBlock<T>, void> {
  signal.throwIfAborted();
  const sources = await toSources(input);
  for (const [index, source] of sources.entries()) {
    if (index < (options.from?.source ?? 0)) continue; // all of it is done
    const content = await source.open({ signal, pool: options.pool });
    const place = { name: source.name, index };
    if (content.kind === 'records') {
      announce({ source: source.name, format: 'records' });
      yield* admit(gather(content.records as AsyncIterable<T>, place), place, policy);
    } else {
      if (sources.length === 1) policy.tally.totalBytes = content.size;
      yield* decodeContent<T>(source, index, content, options, policy, announce, signal);
    }
  }
}

async function* decodeContent<T>(
  source: Source,
  index: number,
  content: ByteContent,
  options: ReadOptions,
  policy: InvalidRecordPolicy,
  announce: (event: SourceEvent) => void,
  signal: AbortSignal,
): AsyncGenerator<RecordBlock<T>, void> {
  const { name } = source;
  const onInput = (bytes: number) => {
    policy.tally.bytes += bytes;
  };
  let compression: Compression = 'none';
  const onRecognised = (found: Compression) => {
    compression = found;
  };
  const pieces = decompress(content.pieces, {
    ...options,
    name,
    onInput,
    onRecognised,
    isDecoded: content.isDecoded ?? false,
  })[Symbol.asyncIterator]();
  try {
    const { contentType } = content;
    const stated = { name, ...(contentType !== undefined && { contentType }) };
    const head = await readHead(pieces, options.format === undefined ? headNeeded(stated) : 'a byte');
    const format = chooseFormat(name, content, head, options);
    announce({ source: name, format: format.name, compression });
    const place = { name, index };
    const from =
      compression === 'none' && format.isSeekable ? placeToSeek(source, index, options.from) : undefined;
    const decoder = format.decoder({ source: name, sourceIndex: index, from });
    if (from === undefined)
      yield* decodeAll<T>(decoder, chained(head.pieces, pieces), place, policy, options.pool);
    else {
      await prepare(decoder, chained(head.pieces, pieces));
      const rest = (await source.open({
        signal,
        from: from.bytes! - 1,
        pool: options.pool,
      })) as ByteContent;
      policy.tally.settle({ source: name, start: startOf(index), end: from });
      if (policy.tally.totalBytes !== undefined) policy.tally.totalBytes -= from.bytes!;
      yield* decodeAll<T>(decoder, rest.pieces, place, policy, options.pool);
    }
  } finally {
    await pieces.return?.();
  }
}

/** The cursor at which reading can begin without what is before it, if it can. */
function placeToSeek({ file }: Source, index: number, from: Cursor | undefined): Cursor | undefined {
  if (file === undefined || from?.source !== index || from.made !== undefined) return undefined;
  return from.records > 0 && (from.bytes ?? 0) > 0 ? from : undefined;
}

/** Shows a decoder the beginning of its source, until it knows what it needs. */
async function prepare(decoder: Decoder, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) if (decoder.prepare?.(piece) !== true) return;
}

async function* decodeAll<T>(
  decoder: Decoder,
  pieces: AsyncIterable<Uint8Array>,
  place: { readonly name: string; readonly index: number },
  policy: InvalidRecordPolicy,
  pool: PiecePool | undefined,
): AsyncGenerator<RecordBlock<T>, void> {
  const lender = decoder.keepsNothing === true ? pool : undefined;
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

async function* chained(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  yield* head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

function chooseFormat(name: string, { contentType }: ByteContent, head: Head, options: ReadOptions): Format {
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

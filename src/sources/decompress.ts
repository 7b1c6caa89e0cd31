import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { messageOf, PipelineError } from '../core/errors.ts';
import { numberBetween, type OptionNames, oneOf } from '../core/options.ts';
import { type FramePart, ZstdFrames } from './zstd-frames.ts';

export type Compression = 'gzip' | 'deflate' | 'br' | 'zstd' | 'none';

export interface CompressionOptions {
  /** How the bytes are compressed. @default recognised by the first bytes; brotli by the name */
  readonly compression?: Compression;
  /** Most bytes that one compressed byte may become, measured after the first MiB. @default 2_000 */
  readonly maxRatio?: number;
}

export const COMPRESSION_OPTIONS: OptionNames<CompressionOptions> = {
  compression: true,
  maxRatio: true,
};

export interface DecompressOptions extends CompressionOptions {
  /** Name of the source, for messages and for what its ending tells. */
  readonly name: string;
  /** The ending of the name says nothing: what it stands for has been undone. @default false */
  readonly isDecoded?: boolean;
  /** Called with the number of compressed bytes of each piece. */
  readonly onInput?: (bytes: number) => void;
  /** Called once, when it is known how the bytes are compressed. */
  readonly onRecognised?: (compression: Compression) => void;
}

/**
 * The bytes behind gzip (several members), zstd (several frames), deflate or brotli; bytes that are not compressed as
 * they are. Input that is cut short is `SOURCE_TRUNCATED`, damaged input `CORRUPT_COMPRESSION`, input that grows beyond
 * the ratio `DECOMPRESSION_BOMB`: each tells the compressed byte.
 */
export async function* decompress(
  pieces: AsyncIterable<Uint8Array>,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array, void> {
  const { name, compression, maxRatio = 2_000, isDecoded = false, onInput, onRecognised } = options;
  if (compression !== undefined) oneOf('compression', compression, ['gzip', 'deflate', 'br', 'zstd', 'none']);
  numberBetween('maxRatio', maxRatio, 1, Number.MAX_SAFE_INTEGER);
  const counted = countInput(pieces, onInput);
  const head = await readHead(counted);
  const kind = compression ?? recognise(head, isDecoded ? '' : name);
  onRecognised?.(kind);
  const input = rejoin(head, counted);
  if (kind === 'none') yield* input;
  else if (kind === 'zstd') yield* inflateFrames(input, { name, maxRatio });
  else yield* inflate(input, kind, { name, maxRatio });
}

const MAGIC_BYTES = 4;

async function readHead(pieces: AsyncGenerator<Uint8Array, void>): Promise<Uint8Array> {
  const head: Uint8Array[] = [];
  for (let length = 0; length < MAGIC_BYTES; ) {
    const next = await pieces.next();
    if (next.done) break;
    head.push(next.value);
    length += next.value.length;
  }
  return head.length === 1 ? head[0]! : Buffer.concat(head);
}

/** The magic bytes of RFC 1952 (gzip), RFC 8878 (zstd) and RFC 1950 (zlib); brotli has none. */
export function recognise(head: Uint8Array, name: string): Compression {
  const [a, b, c, d] = head;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  if (head.length < MAGIC_BYTES && CUT_SHORT[extensionOf(name)] !== undefined)
    return CUT_SHORT[extensionOf(name)]!;
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  if (extensionOf(name) === 'br') return 'br';
  // 0x5e is ^: "x^" may well begin a text
  return a === 0x78 && (b === 0x01 || b === 0x9c || b === 0xda) ? 'deflate' : 'none';
}

/** A file of this name with no room for the magic bytes has been cut short. */
const CUT_SHORT: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd' };

function extensionOf(name: string): string {
  return /\.([a-z]+)$/i.exec(name.split(/[?#]/, 1)[0] ?? '')?.[1]?.toLowerCase() ?? '';
}

const PIECE_BYTES = 256 * 1024;

const DECOMPRESSORS: Readonly<
  Record<Exclude<Compression, 'none'>, () => Transform & { readonly bytesWritten: number }>
> = {
  gzip: () => createGunzip({ chunkSize: PIECE_BYTES }),
  deflate: () => createInflate({ chunkSize: PIECE_BYTES }),
  br: () => createBrotliDecompress({ chunkSize: PIECE_BYTES }),
  zstd: () => createZstdDecompress({ chunkSize: PIECE_BYTES }),
};

/** Ratios mean nothing before this much has come out. */
const MEASURED_AFTER = 1024 * 1024;

interface InflateOptions {
  readonly name: string;
  readonly maxRatio: number;
  /** Compressed bytes before the input. @default 0 */
  readonly before?: number;
}

async function* inflate(
  input: AsyncIterable<Uint8Array>,
  kind: Exclude<Compression, 'none'>,
  { name, maxRatio, before = 0 }: InflateOptions,
): AsyncGenerator<Uint8Array, void> {
  const decompressor = DECOMPRESSORS[kind]();
  let failure: unknown;
  let given = 0;
  const watched = watch(
    input,
    (bytes) => {
      given += bytes;
    },
    (error) => {
      failure = error;
    },
  );
  const source = Readable.from(watched, { objectMode: false, highWaterMark: PIECE_BYTES });
  pipeline(source, decompressor, () => {}); // errors arrive by the iteration below
  let output = 0;
  try {
    for await (const piece of decompressor as AsyncIterable<Uint8Array>) {
      output += piece.length;
      const consumed = decompressor.bytesWritten;
      if (output > MEASURED_AFTER && output > consumed * maxRatio)
        throw bomb(name, before + consumed, maxRatio);
      yield piece;
    }
    // behind the end of what they know, decompressors swallow bytes without a word; gzip's tells padding from garbage
    if (kind !== 'gzip' && decompressor.bytesWritten < given)
      throw new Error('there is something behind its end');
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw error instanceof PipelineError ? error : damaged(name, before + decompressor.bytesWritten, error);
  }
}

/** Each zstd frame in a decompressor of its own. */
async function* inflateFrames(
  input: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncGenerator<Uint8Array, void> {
  const parts = framePartsOf(input, options.name);
  let before = 0;
  let isEmpty = true;
  try {
    for (let part = await parts.next(); !part.done; part = await parts.next()) {
      const frame = frameOf(part.value, parts, (bytes) => {
        before += bytes;
      });
      isEmpty = false;
      yield* inflate(frame, 'zstd', { ...options, before });
    }
    if (isEmpty) throw damaged(options.name, 0, new Error('unexpected end of file'));
  } finally {
    await parts.return();
  }
}

async function* framePartsOf(
  input: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<FramePart, void> {
  const frames = new ZstdFrames();
  let consumed = 0;
  for await (const piece of input) {
    try {
      for (const part of frames.split(piece)) {
        consumed += part.bytes.length;
        yield part;
      }
    } catch (error) {
      throw damaged(name, consumed, error);
    }
  }
  // Node 22's decompressor takes an unfinished frame for a finished one
  if (!frames.isBetweenFrames) throw damaged(name, consumed, new Error('unexpected end of file'));
}

async function* frameOf(
  first: FramePart,
  rest: AsyncGenerator<FramePart, void>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  for (let part = first; ; ) {
    count(part.bytes.length);
    yield part.bytes;
    if (part.isEnd) return;
    const next = await rest.next();
    if (next.done) return;
    part = next.value;
  }
}

/** An error of the input itself must not look like one of the compression. */
async function* watch(
  input: AsyncIterable<Uint8Array>,
  onPiece: (bytes: number) => void,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const piece of input) {
      onPiece(piece.length);
      yield piece;
    }
  } catch (error) {
    onError(error);
    throw error;
  }
}

function bomb(source: string, byte: number, maxRatio: number): PipelineError {
  const message = `The input grows more than ${maxRatio.toLocaleString('en-US')} times (maxRatio) up to compressed byte ${byte}`;
  return new PipelineError({ code: 'DECOMPRESSION_BOMB', message, source });
}

const TRUNCATED: ReadonlySet<unknown> = new Set(['Z_BUF_ERROR', 'ERR_STREAM_PREMATURE_CLOSE']);

function damaged(source: string, byte: number, cause: unknown): PipelineError {
  const { code } = cause as { readonly code?: unknown };
  return TRUNCATED.has(code) || messageOf(cause) === 'unexpected end of file'
    ? new PipelineError({
        code: 'SOURCE_TRUNCATED',
        message: `The compressed input ends too early, at compressed byte ${byte}`,
        cause,
        source,
      })
    : new PipelineError({
        code: 'CORRUPT_COMPRESSION',
        message: `The compressed input is damaged before compressed byte ${byte}: ${messageOf(cause)}`,
        cause,
        source,
      });
}

async function* countInput(
  pieces: AsyncIterable<Uint8Array>,
  onInput: ((bytes: number) => void) | undefined,
): AsyncGenerator<Uint8Array, void> {
  for await (const piece of pieces) {
    onInput?.(piece.length);
    yield piece;
  }
}

async function* rejoin(
  head: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    if (head.length > 0) yield head;
    yield* rest;
  } finally {
    await rest.return();
  }
}

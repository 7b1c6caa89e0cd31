import type { RestartPoint } from '../core/checkpoint.ts';
import { numberBetween, type OptionNames, oneOf } from '../core/options.ts';
import { type InflateOptions, inflate, inflateFrames } from './inflate.ts';

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
  /** Where the pieces begin; goes with `compression`. @default the beginning */
  readonly startAt?: RestartPoint | undefined;
  /** Called with each place behind that where decompression can begin, in order. */
  readonly onRestart?: (point: RestartPoint) => void;
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
  const { startAt: from = { compressed: 0, bytes: 0 }, onRestart } = options;
  if (compression !== undefined) oneOf('compression', compression, ['gzip', 'deflate', 'br', 'zstd', 'none']);
  numberBetween('maxRatio', maxRatio, 1, Number.MAX_SAFE_INTEGER);
  const counted = countInput(pieces, onInput);
  const head = await readHead(counted);
  const kind = compression ?? recognise(head, isDecoded ? '' : name);
  onRecognised?.(kind);
  const input = rejoin(head, counted);
  const inflating: InflateOptions = { name, maxRatio, from, onRestart };
  if (kind === 'none') yield* input;
  else if (kind === 'zstd') yield* inflateFrames(input, inflating);
  else yield* inflate(input, kind, inflating);
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

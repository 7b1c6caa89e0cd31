import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import type { RestartPoint } from '../core/checkpoint.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { GzipMembers } from './gzip-members.ts';
import { type FramePart, ZstdFrames } from './zstd-frames.ts';

export interface InflateOptions {
  /** Name of the source, for messages. */
  readonly name: string;
  readonly maxRatio: number;
  /** Where the input begins. */
  readonly from: RestartPoint;
  /** Called with each place behind that where decompression can begin. */
  readonly onRestart?: ((point: RestartPoint) => void) | undefined;
}

/** Each zstd frame in a decompressor of its own. */
export async function* inflateFrames(
  input: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncGenerator<Uint8Array, void> {
  const { name, onRestart } = options;
  let { compressed, bytes } = options.from;
  const parts = framePartsOf(input, options);
  let isEmpty = true;
  try {
    for (let part = await parts.next(); !part.done; part = await parts.next()) {
      const from = { compressed, bytes };
      if (!isEmpty) onRestart?.(from);
      isEmpty = false;
      const frame = frameOf(part.value, parts, (length) => {
        compressed += length;
      });
      for await (const piece of inflate(frame, 'zstd', { ...options, from })) {
        bytes += piece.length;
        yield piece;
      }
    }
    if (isEmpty) throw damaged(name, compressed, new Error('unexpected end of file'));
  } finally {
    await parts.return();
  }
}

async function* framePartsOf(
  input: AsyncIterable<Uint8Array>,
  { name, from }: InflateOptions,
): AsyncGenerator<FramePart, void> {
  const frames = new ZstdFrames();
  let consumed = from.compressed;
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

const PIECE_BYTES = 256 * 1024;

type Decompressor = Transform & { readonly bytesWritten: number };

const DECOMPRESSORS: Readonly<Record<'gzip' | 'deflate' | 'br' | 'zstd', () => Decompressor>> = {
  gzip: () => createGunzip({ chunkSize: PIECE_BYTES }),
  deflate: () => createInflate({ chunkSize: PIECE_BYTES }),
  br: () => createBrotliDecompress({ chunkSize: PIECE_BYTES }),
  zstd: () => createZstdDecompress({ chunkSize: PIECE_BYTES }),
};

/** Ratios mean nothing before this much has come out. */
const MEASURED_AFTER = 1024 * 1024;

/** @throws PipelineError `SOURCE_TRUNCATED`, `CORRUPT_COMPRESSION` or `DECOMPRESSION_BOMB` */
export async function* inflate(
  input: AsyncIterable<Uint8Array>,
  kind: keyof typeof DECOMPRESSORS,
  { name, maxRatio, from, onRestart }: InflateOptions,
): AsyncGenerator<Uint8Array, void> {
  const decompressor = DECOMPRESSORS[kind]();
  const feeding = new Feeding(decompressor);
  /** Bytes that were taken out. */
  let output = 0;
  if (kind === 'gzip' && onRestart !== undefined)
    void feeding.inMembers(
      input,
      () => output,
      (point) => onRestart(behind(from, point)),
    );
  else void feeding.asItComes(input);
  try {
    for await (const piece of decompressor as AsyncIterable<Uint8Array>) {
      output += piece.length;
      const consumed = decompressor.bytesWritten;
      if (output > MEASURED_AFTER && output > consumed * maxRatio)
        throw bomb(name, from.compressed + consumed, maxRatio);
      yield piece;
    }
    // behind the end of what they know, decompressors swallow bytes without a word; gzip's tells padding from garbage
    if (kind !== 'gzip' && decompressor.bytesWritten < feeding.given)
      throw new Error('there is something behind its end');
  } catch (error) {
    if (feeding.failure !== undefined) throw feeding.failure;
    if (error instanceof PipelineError) throw error;
    throw damaged(name, from.compressed + decompressor.bytesWritten, error);
  }
}

function behind(from: RestartPoint, { compressed, bytes }: RestartPoint): RestartPoint {
  return { compressed: from.compressed + compressed, bytes: from.bytes + bytes };
}

/** Gives a decompressor what it is to decompress. */
class Feeding {
  readonly #decompressor: Decompressor;
  /** Bytes that the decompressor was given. */
  given = 0;
  /** What the input has thrown, which must not look like an error of the compression. */
  failure: unknown;

  constructor(decompressor: Decompressor) {
    this.#decompressor = decompressor;
  }

  async asItComes(input: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#feed(async () => {
      for await (const piece of input) if (!(await this.#write(piece))) return;
    });
  }

  /** @param taken tells how many bytes were taken out of the decompressor @param onMember is called where one begins */
  async inMembers(
    input: AsyncIterable<Uint8Array>,
    taken: () => number,
    onMember: (point: RestartPoint) => void,
  ): Promise<void> {
    const members = new GzipMembers();
    let began = 0;
    let now = 0;
    // counted before anyone can take more out
    const count = () => {
      now = taken() + this.#decompressor.readableLength;
    };
    await this.#feed(async () => {
      for await (const piece of input)
        for (const { bytes, sizeIfEnd } of members.split(piece)) {
          if (!(await this.#write(bytes, count))) return;
          if (sizeIfEnd !== (now - began) % 2 ** 32) continue;
          began = now;
          onMember({ compressed: this.given, bytes: now });
        }
      await this.#write(members.rest());
    });
  }

  async #feed(feed: () => Promise<void>): Promise<void> {
    try {
      await feed();
      this.#decompressor.end();
    } catch (error) {
      this.failure = error;
      this.#decompressor.destroy(error as Error);
    }
  }

  /**
   * Resolves when all that these bytes become has come out.
   * @param onOut is called at that moment
   * @returns false when nobody wants any more
   */
  #write(bytes: Uint8Array, onOut?: () => void): Promise<boolean> {
    if (bytes.length === 0) return Promise.resolve(!this.#decompressor.destroyed);
    this.given += bytes.length;
    return new Promise((resolve) => {
      this.#decompressor.write(bytes, (error) => {
        onOut?.();
        resolve(error == null);
      });
    });
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

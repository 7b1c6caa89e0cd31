import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { PipelineError } from '../core/errors.ts';

/** How a file is compressed. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'brotli';

export const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zstd', 'brotli'];

/** Bytes in, bytes of the file out. What was given out counts only when it is `written`: until then it may be asked for again. */
export interface Compressor {
  compress(pieces: Iterable<Uint8Array>): Promise<Iterable<Uint8Array>>;
  written(): void;
  /** The last bytes of the file. @param isEmpty whether the file has none yet */
  end(pieces: Iterable<Uint8Array>, isEmpty: boolean): Promise<Iterable<Uint8Array>>;
  /** Frees what is held, when the file is given up. */
  destroy(): void;
}

/** The compression that a file name asks for. */
export function compressionOf(name: string): Compression {
  const ending = /\.(gz|zst|br)$/i.exec(name)?.[1]?.toLowerCase();
  return ({ gz: 'gzip', zst: 'zstd', br: 'brotli' } as const)[ending ?? ''] ?? 'none';
}

export function createCompressor(compression: Compression): Compressor {
  if (compression === 'gzip') return new PartByPart(promisify(zlib.gzip));
  if (compression === 'zstd') return new PartByPart(promisify(zlib.zstdCompress));
  return compression === 'brotli' ? new BrotliStream() : new Plain();
}

class Plain implements Compressor {
  compress(pieces: Iterable<Uint8Array>) {
    return Promise.resolve(pieces);
  }
  end(pieces: Iterable<Uint8Array>) {
    return Promise.resolve(pieces);
  }
  written() {}
  destroy() {}
}

/** Each chunk is a gzip member or zstd frame of its own: the file may be cut, or go on, after any of them. */
class PartByPart implements Compressor {
  readonly #compress: (bytes: Uint8Array) => Promise<Uint8Array>;

  constructor(compress: (bytes: Uint8Array) => Promise<Uint8Array>) {
    this.#compress = compress;
  }

  async compress(pieces: Iterable<Uint8Array>): Promise<Iterable<Uint8Array>> {
    const plain = joined(pieces);
    return plain.length === 0 ? [] : [await this.#compress(plain)];
  }

  /** A file without any part would not be a compressed file. */
  async end(pieces: Iterable<Uint8Array>, isEmpty: boolean): Promise<Iterable<Uint8Array>> {
    const plain = joined(pieces);
    return plain.length === 0 && !isEmpty ? [] : [await this.#compress(plain)];
  }

  written(): void {}
  destroy(): void {}
}

/**
 * Brotli has no parts that could follow each other: one stream, flushed after each chunk. It cannot take back what it
 * was given, so the compressed bytes of a chunk are kept until they are written.
 */
class BrotliStream implements Compressor {
  readonly #stream = zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } });
  readonly #out: Uint8Array[] = [];
  #pending: { readonly plain: Uint8Array; readonly compressed: Uint8Array } | undefined;

  constructor() {
    this.#stream.on('data', (bytes: Uint8Array) => this.#out.push(bytes));
    this.#stream.on('error', () => undefined);
  }

  async compress(pieces: Iterable<Uint8Array>): Promise<Iterable<Uint8Array>> {
    const plain = joined(pieces);
    if (plain.length === 0) return [];
    if (this.#pending === undefined) {
      // No callback of `write`: the flush waits for it, and either reports an error.
      this.#stream.write(plain);
      await new Promise<void>((resolve, reject) => {
        this.#stream.once('error', reject);
        this.#stream.flush(() => {
          this.#stream.off('error', reject);
          resolve();
        });
      });
      this.#pending = { plain, compressed: joined(this.#out.splice(0)) };
    }
    if (
      !Buffer.from(
        this.#pending.plain.buffer,
        this.#pending.plain.byteOffset,
        this.#pending.plain.length,
      ).equals(plain)
    )
      throw new PipelineError({
        code: 'WRITE_FAILED',
        message:
          'The brotli stream holds a chunk that could not be written and cannot go on with another one',
      });
    return [this.#pending.compressed];
  }

  written(): void {
    this.#pending = undefined;
  }

  async end(pieces: Iterable<Uint8Array>): Promise<Iterable<Uint8Array>> {
    await new Promise<void>((resolve, reject) => {
      this.#stream.once('error', reject);
      this.#stream.once('end', resolve);
      this.#stream.end(joined(pieces));
    });
    return this.#out.splice(0);
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  const all = [...pieces];
  return all.length === 1 ? all[0]! : Buffer.concat(all);
}

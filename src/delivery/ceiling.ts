import type { Chunk } from '../core/chunk.ts';
import type { SinkLimits } from '../core/sink.ts';

/** How close to a refused size the next chunk may come. */
const SHARE = 0.9;

/** The size of chunks that a sink takes, as far as it is stated or has been met: bytes of the records, a separator each. */
export class Ceiling {
  readonly #limits: SinkLimits;
  /** The smallest chunk that was too large. */
  #refused = Number.POSITIVE_INFINITY;
  /** The largest chunk since then that was not. */
  #taken = 0;

  constructor(limits: SinkLimits = {}) {
    this.#limits = limits;
  }

  /** Whether a chunk is larger than what should be tried. */
  isBelow(chunk: Chunk): boolean {
    const { records = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = this.#limits;
    if (chunk.count > records) return true;
    if (this.#refused === Number.POSITIVE_INFINITY && bytes === Number.POSITIVE_INFINITY) return false;
    return sizeOf(chunk, 0) > Math.min(bytes, Math.max(this.#taken, this.#refused * SHARE));
  }

  /** A chunk was too large. A single record says nothing about how many others may be sent at once. */
  lower(chunk: Chunk): void {
    if (chunk.count > 1) this.#refused = Math.min(this.#refused, sizeOf(chunk, Number.POSITIVE_INFINITY));
  }

  /** What was taken before is not too large now: else one odd record among few would make every later chunk tiny. */
  confirm(chunk: Chunk): void {
    if (this.#refused !== Number.POSITIVE_INFINITY) this.#taken = Math.max(this.#taken, sizeOf(chunk, 0));
  }
}

/** The index, from 1 up to the last, at which a chunk of several records falls into halves of about as many bytes. */
export function middleByBytes(chunk: Chunk): number {
  const sizes = sizesOf(chunk) ?? Array.from({ length: chunk.count }, () => 1);
  const half = totalOf(sizes) / 2;
  let before = 0;
  let middle = 0;
  while (before + sizes[middle]! < half) before += sizes[middle++]!;
  const isNearer = before + sizes[middle]! - half < half - before;
  return Math.min(Math.max(isNearer ? middle + 1 : middle, 1), chunk.count - 1);
}

/** @param otherwise for records that have no form as JSON */
function sizeOf(chunk: Chunk, otherwise: number): number {
  const sizes = sizesOf(chunk);
  return sizes === undefined ? otherwise : totalOf(sizes);
}

function sizesOf({ blocks }: Chunk): readonly number[] | undefined {
  try {
    return blocks.flatMap((block) =>
      Array.from({ length: block.count }, (_, index) => block.byteLength(index) + 1),
    );
  } catch {
    // Some record has no form as JSON.
    return undefined;
  }
}

function totalOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

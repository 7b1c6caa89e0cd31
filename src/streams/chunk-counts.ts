import type { Chunk, SourceRange } from '../core/chunk.ts';
import type { Tally } from '../core/tally.ts';
import type { SetAsideEvent } from '../delivery/dead-lettering.ts';
import type { WriteError } from '../delivery/write-error.ts';

/** Counts what becomes of the records of chunks, also of those whose chunk fails. */
export class ChunkCounts {
  readonly #tally: Tally;
  readonly #onPartTaken: ((part: SourceRange) => void) | undefined;
  /** Chunks being written → how many of their records have been set aside. */
  readonly #setAside = new Map<Chunk, number>();

  /** @param onPartTaken called with records that are written, or set aside, although their chunk may fail */
  constructor(tally: Tally, onPartTaken: ((part: SourceRange) => void) | undefined) {
    this.#tally = tally;
    this.#onPartTaken = onPartTaken;
  }

  /** Counted at once: whatever becomes of its chunk, the letter is there. */
  countSetAside({ chunk, index }: SetAsideEvent): void {
    this.#setAside.set(chunk, (this.#setAside.get(chunk) ?? 0) + 1);
    this.#tally.refused++;
    this.#tally.deadLettered++;
    this.#settlePart(chunk.slice(index, index + 1));
  }

  /** The chunk is written, but for what was set aside. */
  countWritten(chunk: Chunk): void {
    this.#tally.written += chunk.count - this.#takeSetAside(chunk);
    this.#tally.chunks++;
    for (const range of chunk.ranges) this.#tally.settle(range);
  }

  /** A sink that took a part of a chunk has written that part. */
  countFailed(written: Chunk, { chunk, refusals, refused, taken }: WriteError): void {
    const setAside = this.#takeSetAside(written);
    if (refusals === undefined) return;
    this.#tally.refused += refused;
    this.#tally.written += taken - setAside;
    let from = 0;
    for (const refused of [...refusals.keys(), chunk.count]) {
      this.#settleBlocks(from, refused, chunk);
      from = refused + 1;
    }
  }

  #takeSetAside(chunk: Chunk): number {
    const count = this.#setAside.get(chunk) ?? 0;
    this.#setAside.delete(chunk);
    return count;
  }

  #settleBlocks(from: number, to: number, chunk: Chunk): void {
    let before = 0;
    for (const block of chunk.blocks) {
      const first = Math.max(from - before, 0);
      const last = Math.min(to - before, block.count);
      if (first < last) this.#settlePart(block.slice(first, last));
      before += block.count;
    }
  }

  #settlePart(part: SourceRange): void {
    this.#tally.settle(part);
    this.#onPartTaken?.(part);
  }
}

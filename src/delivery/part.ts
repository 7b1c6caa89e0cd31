import { createHash } from 'node:crypto';
import { type Chunk, createChunk } from '../core/chunk.ts';

/** Some records of a chunk, in its order: what is written in one operation when not all of them can be. */
export class Part<T> {
  readonly #whole: Chunk<T>;
  /** Ascending indexes in the whole chunk; `undefined` for all of them. */
  readonly #indexes: readonly number[] | undefined;
  #chunk: Chunk<T> | undefined;

  constructor(whole: Chunk<T>, indexes?: readonly number[]) {
    this.#whole = whole;
    this.#indexes = indexes;
  }

  get count(): number {
    return this.#indexes?.length ?? this.#whole.count;
  }

  /** What to write: the whole chunk itself, or a chunk with an id of its own. */
  get chunk(): Chunk<T> {
    this.#chunk ??= this.#indexes === undefined ? this.#whole : partOf(this.#whole, this.#indexes);
    return this.#chunk;
  }

  /** Index in the whole chunk of each record. */
  get indexes(): readonly number[] {
    return this.#indexes ?? Array.from({ length: this.count }, (_, index) => index);
  }

  slice(from: number, to: number = this.count): Part<T> {
    return new Part(this.#whole, this.indexes.slice(from, to));
  }

  /** The records at some indexes in this part. */
  pick(indexes: readonly number[]): Part<T> {
    return new Part(
      this.#whole,
      indexes.map((index) => this.indexes[index]!),
    );
  }
}

/**
 * A chunk of some records of another, whose id says which records of which chunk: so it is the same at every attempt,
 * and a receiver that remembers ids takes it neither for the whole chunk nor for another part of it.
 */
export function partOf<T>(whole: Chunk<T>, indexes: readonly number[]): Chunk<T> {
  const runs = runsOf(indexes);
  const blocks = runs.map(([from, to]) => whole.slice(from, to));
  const id = createHash('sha256')
    .update(JSON.stringify([whole.id, runs]))
    .digest('hex');
  return createChunk({ index: whole.index, blocks, id });
}

/** Ascending numbers as runs from the first up to, not including, the number after the last. */
function runsOf(numbers: readonly number[]): readonly (readonly [from: number, to: number])[] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number) last[1] = number + 1;
    else runs.push([number, number + 1]);
  }
  return runs;
}

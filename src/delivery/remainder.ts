import type { Chunk } from '../core/chunk.ts';
import { type Failure, isTransientKind, worstOf } from '../failures/index.ts';
import type { Refusal } from './judge.ts';
import { partOf } from './part.ts';

/** What of a chunk is not safe yet: first all of it, then what the sink refused for a passing reason. */
export class Remainder<T> {
  readonly #whole: Chunk<T>;
  /** What to send. The same object, so the same id and the same bytes, until a part of it is safe. */
  chunk: Chunk<T>;
  /** Index in the whole chunk of each record to send; `undefined` for all of them. */
  #indexes: readonly number[] | undefined;
  readonly #refusals = new Map<number, Refusal>();
  /** Index in the whole chunk of each record that may be written, though nobody has said so. */
  readonly #doubtful = new Set<number>();
  #isPartial = false;
  /** Whether the last answer was one for all that was sent. */
  #isUndivided = false;

  constructor(whole: Chunk<T>) {
    this.#whole = whole;
    this.chunk = whole;
  }

  /** Everything that was sent is safe. */
  settle(): void {
    this.#setOutstanding([]);
  }

  /**
   * Everything that was sent is safe but the records of `refusals`, by their index in what was sent.
   * @returns what those that may be taken another time have met, or `undefined` when there are none
   * @throws RangeError when there is no such record: then nothing is known of what was sent
   */
  refuse(refusals: ReadonlyMap<number, Refusal>): Failure | undefined {
    for (const index of refusals.keys()) this.#check(index);
    const again = [...refusals].filter(([, { failure }]) => isTransientKind(failure.kind));
    const isStopped = [...refusals.values()].some(({ failure }) => failure.kind === 'aborted');
    const byIndex = [...refusals].map(([index, refusal]) => [this.#indexInWhole(index), refusal] as const);
    const outstanding = again.map(([index]) => this.#indexInWhole(index)).sort((a, b) => a - b);
    this.#setOutstanding(outstanding);
    for (const [index, refusal] of byIndex) {
      this.#refusals.set(index, refusal);
      if (refusal.failure.kind === 'unknown-outcome') this.#doubtful.add(index);
    }
    return isStopped ? undefined : worstOf(again.map(([, { failure }]) => failure));
  }

  /** Nothing of what was sent is known to be safe. */
  fail(refusal: Refusal): void {
    this.#isUndivided = true;
    for (const index of this.#indexes ?? []) this.#refusals.set(index, refusal);
    if (refusal.failure.kind !== 'unknown-outcome') return;
    for (let i = 0; i < this.chunk.count; i++) this.#doubtful.add(this.#indexInWhole(i));
  }

  /** Records whose write, once at least, was of unknown outcome. */
  get doubtful(): number {
    return this.#doubtful.size;
  }

  /** Whether every record of the chunk is safe. */
  get isSafe(): boolean {
    return this.#isPartial && this.#refusals.size === 0;
  }

  /** In the order of the chunk, once a part of it was taken; `undefined` when none is known to be. */
  get refusals(): ReadonlyMap<number, Refusal> | undefined {
    return this.#isPartial ? new Map([...this.#refusals].sort(([a], [b]) => a - b)) : undefined;
  }

  /** Index in the chunk of each record for which there is no answer of its own, once a part of it was taken. */
  get undivided(): ReadonlySet<number> {
    return new Set(this.#isPartial && this.#isUndivided ? this.#indexes : []);
  }

  #setOutstanding(indexes: readonly number[]): void {
    this.#isUndivided = false;
    for (const index of this.#indexes ?? []) this.#refusals.delete(index);
    this.#isPartial = true;
    const isSame = indexes.length === this.chunk.count;
    if (isSame) this.#indexes ??= indexes;
    else {
      this.#indexes = indexes;
      if (indexes.length > 0) this.chunk = partOf(this.#whole, indexes);
    }
  }

  #indexInWhole(index: number): number {
    return this.#indexes === undefined ? index : this.#indexes[index]!;
  }

  #check(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.chunk.count) return;
    throw new RangeError(`The sink refused record ${index} of a chunk of ${this.chunk.count}`);
  }
}

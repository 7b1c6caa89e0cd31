import type { DeadLetter, DeadLetters } from '../core/dead-letter.ts';
import { PipelineError } from '../core/errors.ts';
import type { Tally } from '../core/tally.ts';

/** Records read before a ratio says anything. */
export const RATIO_FLOOR = 1_000;

/** How many records of a run may be set aside before it ends. */
export class InvalidLimit {
  readonly #most: number;
  readonly #tally: Tally;
  /** Letters whose place has been asked to take them: it may be writing them still. */
  #given = 0;

  /**
   * @param maxInvalid a count, from 0, or a ratio of the records read, between 0 and 1
   * @throws RangeError when it is neither
   */
  constructor(maxInvalid: number, tally: Tally) {
    const isCount = Number.isSafeInteger(maxInvalid) && maxInvalid >= 0;
    if (!isCount && !(maxInvalid > 0 && maxInvalid < 1))
      throw new RangeError(
        `maxInvalid must be a count (an integer from 0) or a ratio (between 0 and 1), got ${String(maxInvalid)}`,
      );
    this.#most = maxInvalid;
    this.#tally = tally;
  }

  /** The place, with no room for a letter beyond the limit. */
  around(letters: DeadLetters): DeadLetters {
    const add = async (letter: DeadLetter) => {
      if (++this.#given > this.#allowed) throw this.#exceededBy(letter);
      await letters.add(letter);
    };
    const close = () => letters.close();
    if (this.#isRatio) return { add, close };
    return { add, close, room: () => Math.max(this.#most - this.#given, 0) };
  }

  /** Also when the ratio came to count only after the last letter. */
  get isExceeded(): boolean {
    return this.#tally.deadLettered > this.#allowed;
  }

  /** @throws PipelineError when there are too many letters already */
  check(): void {
    if (this.isExceeded) throw this.#exceeded(this.#tally.deadLettered);
  }

  get #isRatio(): boolean {
    return this.#most > 0 && this.#most < 1;
  }

  get #allowed(): number {
    if (!this.#isRatio) return this.#most;
    const { read } = this.#tally;
    return read < RATIO_FLOOR ? Number.POSITIVE_INFINITY : this.#most * read;
  }

  #exceededBy({ source, position, reason }: DeadLetter): PipelineError {
    const { message } = this.#exceeded(this.#given);
    return new PipelineError({
      code: 'TOO_MANY_INVALID',
      message: `${message} (this one: ${reason})`,
      source,
      position,
    });
  }

  #exceeded(count: number): PipelineError {
    const [found, read] = [count, this.#tally.read].map((each) => each.toLocaleString('en-US'));
    const limit = this.#isRatio ? `${this.#most * 100} %` : this.#most.toLocaleString('en-US');
    const message = `${found} of ${read} records read are invalid or refused, more than maxInvalid (${limit}) allows`;
    return new PipelineError({ code: 'TOO_MANY_INVALID', message });
  }
}

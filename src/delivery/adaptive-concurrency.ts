/** The most writes at once, however many a sink would bear. */
export const MAX_CONCURRENCY = 64;

/** What is left of the limit when the sink is slower, or asks for time. */
const DECREASE = 0.9;
/** How much the latest round counts in the mean. */
const ALPHA = 0.4;
/** Deviations above the mean that are not yet "slower". */
const DEVIATIONS = 2.5;
/** A share of the mean that never is: a sink as regular as clockwork has no deviation to speak of. */
const LEAST_DEVIATION = 0.05;
/** How much above the mean is no longer than before: a mean that rises never quite comes up to what it follows. */
const SAME = 1.01;
/** How much longer than at its quickest a write may take in the long run. */
const LONGEST = 1.5;

/** How an attempt to write has ended. */
export interface EndedWrite {
  /** When it ended, in milliseconds by any clock that does not go back. */
  readonly at: number;
  /** Milliseconds that it took. */
  readonly ms: number;
  /** The same in a unit that all writes share; `undefined` where it says nothing about how busy the sink is. */
  readonly latency: number | undefined;
  /** Whether it failed for a passing reason: the sink asked for time, did not answer in time, or could not be reached. */
  readonly isBusy: boolean;
}

/**
 * How many writes at once a sink bears, from 1 up to 64: one more after each round in which the limit was reached and
 * writes took no longer than before, a tenth fewer after one in which they took longer by more than 2.5 deviations, or
 * the sink was busy. A round takes as long as a write does.
 *
 * The rule is that of Adaptive Request Concurrency in Vector (`src/sinks/util/adaptive_concurrency/controller.rs`), with
 * its figures. Its mean follows a sink that is overloaded a little more in each round, so that the limit creeps up far
 * beyond what helps; here it also falls while the mean is more than half as long again as the shortest one – known anew
 * whenever there is one write at a time. (TCP Vegas, Brakmo and Peterson 1995, compares with the shortest likewise.)
 */
export class AdaptiveConcurrency {
  #limit = 1;
  #inFlight = 0;
  #round: Round = { sum: 0, count: 0, wasFull: false, wasBusy: false };
  /** When the round is over; `undefined` before the first write that tells anything. */
  #endsAt: number | undefined;
  /** Milliseconds of the last write that told something. */
  #lasts = 0;
  #mean = 0;
  #variance = 0;
  #shortest = 0;

  /** How many writes may be under way. */
  get limit(): number {
    return this.#limit;
  }

  /** A write begins. */
  begin(): void {
    this.#inFlight++;
    if (this.#inFlight >= this.#limit) this.#round.wasFull = true;
  }

  /** A write that has begun ends. */
  end({ at, ms, latency, isBusy }: EndedWrite): void {
    this.#inFlight--;
    if (isBusy) this.#round.wasBusy = true;
    if (latency !== undefined) {
      this.#round.sum += latency;
      this.#round.count++;
      this.#lasts = ms;
    }
    if (at < (this.#endsAt ?? Number.NEGATIVE_INFINITY)) return;
    const { sum, count } = this.#round;
    const took = count === 0 ? undefined : sum / count;
    if (this.#endsAt === undefined) {
      if (took === undefined) return;
      this.#mean = took;
      this.#shortest = took;
    } else {
      this.#adjust(took);
      if (took !== undefined) this.#learn(took);
    }
    this.#endsAt = at + this.#lasts;
    this.#round = { sum: 0, count: 0, wasFull: false, wasBusy: false };
  }

  #adjust(took: number | undefined): void {
    const { wasBusy, wasFull } = this.#round;
    if (wasBusy || this.#isSlow(took)) this.#decrease();
    else if (wasFull && took !== undefined && took <= this.#mean * SAME)
      this.#limit = Math.min(this.#limit + 1, MAX_CONCURRENCY);
  }

  #isSlow(took = 0): boolean {
    const deviation = Math.max(DEVIATIONS * Math.sqrt(this.#variance), LEAST_DEVIATION * this.#mean);
    return took >= this.#mean + deviation || this.#mean > this.#shortest * LONGEST;
  }

  #decrease(): void {
    this.#limit = Math.max(Math.floor(this.#limit * DECREASE), 1);
  }

  /** Mean and variance that forget (Finch 2009, Incremental calculation of weighted mean and variance). */
  #learn(took: number): void {
    const difference = took - this.#mean;
    const increment = ALPHA * difference;
    this.#mean += increment;
    this.#variance = (1 - ALPHA) * (this.#variance + difference * increment);
    this.#shortest = this.#limit === 1 ? this.#mean : Math.min(this.#shortest, this.#mean);
  }
}

/** What has been seen since the limit was last thought about. */
interface Round {
  sum: number;
  count: number;
  wasFull: boolean;
  wasBusy: boolean;
}

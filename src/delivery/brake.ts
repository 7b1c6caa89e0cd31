import { type Failure, isTransientKind } from '../failures/index.ts';
import type { Refusal } from './judge.ts';

export interface BrakePolicy {
  /** Milliseconds that the brake is closed after failure number 1, 2, … in a row. */
  readonly delayBefore: (probe: number) => number;
  /** Probes in a row that may fail before the sink is given up. */
  readonly maxProbes: number;
  /** Longest wait that the sink may ask for, in milliseconds. */
  readonly maxWaitMs: number;
}

/** Shortest time for which nothing is sent to a sink that was given up: whatever waits shall fail now. */
const MIN_REST_MS = 1_000;

/** Successes of each write under way before one more is tried than the sink has just had too many of. */
const ROUNDS_AT_CEILING = 10;

/** Leave to write once; it is given back with `end`. */
export interface Pass {
  /** How often the brake had closed before. */
  readonly closings: number;
}

/**
 * Holds all writes to one sink back when it asks for time. Then one probe goes; after its success 2, 4, 8 … writes may
 * be under way at once, until that is more than there are. When a probe fails, the brake closes again, for longer; after
 * `maxProbes` of them the sink is given up: for a time nothing is sent at all, and then a probe again.
 *
 * Where the sink asks for time again before all go, half as many as there were then are raised but slowly any more: a
 * sink that can take so much a second is not asked for more, over and over.
 *
 * That is a circuit breaker ("Release It!", Michael Nygard, 2007: closed, open, half-open) with the slow start and the
 * congestion avoidance of TCP (RFC 5681). It has no timers: each method is told the time, in milliseconds of any clock.
 */
export class Brake {
  readonly #policy: BrakePolicy;
  #closings = 0;
  /** Closings in a row without a success between them. */
  #failures = 0;
  #closedUntil = Number.NEGATIVE_INFINITY;
  #isGivenUp = false;
  #met: Refusal | undefined;
  /** Writes that may be under way at once. */
  #limit = Number.POSITIVE_INFINITY;
  /** Writes under way that have begun since the brake closed last. */
  #writing = 0;
  /** Up to it the limit is doubled; beyond, it is raised by one at a time. */
  #ceiling = Number.POSITIVE_INFINITY;
  /** Successes at this limit. */
  #taken = 0;
  /** Whether a write had to wait for another to end, at this limit. */
  #isShort = false;

  constructor(policy: BrakePolicy) {
    this.#policy = policy;
  }

  /** Failures in a row, whichever chunk has met them. */
  get failures(): number {
    return this.#failures;
  }

  /** What has closed the brake last. */
  get met(): Refusal | undefined {
    return this.#met;
  }

  /** `undefined` when nothing may be written now. */
  admit(now: number): Pass | undefined {
    if (now < this.#closedUntil) return undefined;
    this.#isShort ||= this.#writing >= this.#limit;
    if (this.#writing >= this.#limit) return undefined;
    this.#writing++;
    return { closings: this.#closings };
  }

  /** Milliseconds that the brake stays closed; 0 when only the end of a write can change what `admit` says. */
  closedMs(now: number): number {
    return Math.max(this.#closedUntil - now, 0);
  }

  /** Whether nothing is sent at all, since the sink does not come back. */
  isGivenUp(now: number): boolean {
    return this.#isGivenUp && now < this.#closedUntil;
  }

  /**
   * A write has ended.
   * @param met why nothing, or not all of it, was taken
   * @returns whether the brake has closed for it
   */
  end(pass: Pass, met: Refusal | undefined, now: number): boolean {
    const isCurrent = pass.closings === this.#closings;
    if (isCurrent) this.#writing--;
    const isProbe = isCurrent && this.#limit === 1;
    if (met !== undefined && asksForTime(met.failure, isProbe)) return this.#close(met, isCurrent, now);
    if (isCurrent && isAnswer(met)) this.#speedUp();
    return false;
  }

  /** An answer to what was sent before the brake closed is the same news again, unless it asks for a longer time. */
  #close(met: Refusal, isCurrent: boolean, now: number): boolean {
    const { delayBefore, maxProbes, maxWaitMs } = this.#policy;
    const { kind, retryAfterMs = 0 } = met.failure;
    const isTransient = isTransientKind(kind);
    if (!isTransient && retryAfterMs > maxWaitMs) return false;
    const isFailure = isCurrent && isTransient;
    if (isFailure) this.#failures++;
    const delayMs = isFailure ? delayBefore(this.#failures) : 0;
    const isGivenUp = this.#failures > maxProbes || retryAfterMs > maxWaitMs;
    const until = now + Math.max(delayMs, retryAfterMs, isFailure && isGivenUp ? MIN_REST_MS : 0);
    if (!isCurrent && until <= Math.max(this.#closedUntil, now)) return false;
    this.#closedUntil = Math.max(until, this.#closedUntil);
    this.#isGivenUp = isGivenUp;
    this.#met = met;
    this.#closings++;
    // A second failure in a row says how long it takes, not how much was too much.
    if (isFailure && this.#failures === 1) this.#ceiling = Math.max(Math.floor(this.#limit / 2), 1);
    this.#writing = 0;
    this.#setLimit(1);
    return true;
  }

  #speedUp(): void {
    this.#failures = 0;
    this.#isGivenUp = false;
    this.#taken++;
    const isDoubled = this.#limit * 2 <= this.#ceiling;
    if (this.#taken < this.#limit * (isDoubled ? 1 : ROUNDS_AT_CEILING)) return;
    if (this.#isShort) this.#setLimit(isDoubled ? this.#limit * 2 : this.#limit + 1);
    else this.#release();
  }

  #setLimit(limit: number): void {
    this.#limit = limit;
    this.#taken = 0;
    this.#isShort = false;
  }

  /** There are no more writes than may be under way. */
  #release(): void {
    this.#setLimit(Number.POSITIVE_INFINITY);
    this.#ceiling = Number.POSITIVE_INFINITY;
  }
}

/** Whatever keeps a probe from its answer says that the sink is not back. */
function asksForTime({ kind, retryAfterMs = 0 }: Failure, isProbe: boolean): boolean {
  if (kind === 'throttled' || (isProbe && isTransientKind(kind))) return true;
  return kind !== 'aborted' && retryAfterMs > 0;
}

/** Whoever refuses records for good is there. */
function isAnswer(met: Refusal | undefined): boolean {
  return met === undefined || (met.failure.kind !== 'aborted' && !isTransientKind(met.failure.kind));
}

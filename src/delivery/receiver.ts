import { Brake, type Pass } from './brake.ts';
import type { Refusal } from './judge.ts';
import { Lanes } from './lanes.ts';
import { RetryBudget } from './retry-budget.ts';
import type { RetryPolicy } from './retry-options.ts';

/** What all deliveries to one sink know of it, and share. */
export class Receiver {
  readonly #policy: RetryPolicy;
  readonly #brake: Brake;
  readonly #lanes: Lanes;
  readonly #budget: RetryBudget;
  /** Whether there was an answer of the sink, whatever it said. */
  wasReached = false;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
    this.#brake = new Brake(policy.brake);
    this.#lanes = new Lanes(this.#brake);
    this.#budget = new RetryBudget(policy.retryBudget);
  }

  /** What has closed the brake last. */
  get met(): Refusal | undefined {
    return this.#brake.met;
  }

  /** Milliseconds for which nothing is sent. */
  get closedMs(): number {
    return this.#brake.closedMs(performance.now());
  }

  get isGivenUp(): boolean {
    return this.#brake.isGivenUp(performance.now());
  }

  /**
   * Waits until a chunk may be written that was tried so often. @returns `undefined` when the sink is given up
   * @throws the reason of the signal, at once, when it aborts, and that of `stop` instead of waiting
   */
  enter(attempts: number, signal: AbortSignal, stop: AbortSignal | undefined): Promise<Pass | undefined> {
    return this.#lanes.enter(attempts, signal, stop);
  }

  /** @param met why it was not taken @returns whether nothing is sent for a time because of it */
  leave(pass: Pass, met: Refusal | undefined): boolean {
    return this.#lanes.leave(pass, met);
  }

  /** @param cost of the retry that has succeeded, if it was one */
  succeed(cost: number | undefined): void {
    this.#budget.succeed(cost);
  }

  /** @returns why a retry at this cost is not worth it */
  pay(cost: number): string | undefined {
    if (this.#budget.take(cost)) return undefined;
    return `the retry budget of ${count(this.#policy.retryBudget)} tokens is used up`;
  }

  /** Why nobody waits for the sink any more, if so. */
  whyGivenUp(): string | undefined {
    if (!this.isGivenUp) return undefined;
    const { failures, met } = this.#brake;
    const often = failures === 1 ? '1 failure' : `${count(failures)} failures in a row`;
    return this.whyNotAsLong(met) ?? `the circuit is open after ${often}`;
  }

  /** Why it is not waited as long as the sink asks to, if so. */
  whyNotAsLong(met: Refusal | undefined): string | undefined {
    const { retryAfterMs = 0 } = met?.failure ?? {};
    if (retryAfterMs <= this.#policy.maxRetryAfterMs) return undefined;
    return `asked to wait ${count(Math.ceil(retryAfterMs / 1_000))} s, longer than maxRetryAfterMs`;
  }
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

import { MAX_TIMER_MS } from '../core/options.ts';
import { wait } from '../failures/index.ts';
import type { Brake, Pass } from './brake.ts';
import type { Refusal } from './judge.ts';

/** A write that waits before the brake. */
interface Lane {
  /** Attempts at its chunk so far. */
  readonly attempts: number;
  wake: () => void;
}

/**
 * The writes to one sink, one behind the other where the brake does not let them pass. What has been tried most often
 * goes first: it has the fewest retries left.
 */
export class Lanes {
  readonly #brake: Brake;
  readonly #waiting: Lane[] = [];

  constructor(brake: Brake) {
    this.#brake = brake;
  }

  /**
   * Waits for leave to write.
   * @returns `undefined` when the sink is given up
   * @throws the reason of the signal, at once, when it aborts, and that of `stop` instead of waiting
   */
  async enter(
    attempts: number,
    signal: AbortSignal,
    stop: AbortSignal | undefined,
  ): Promise<Pass | undefined> {
    const lane: Lane = { attempts, wake: () => {} };
    this.#queue(lane);
    try {
      for (;;) {
        signal.throwIfAborted();
        const now = performance.now();
        if (this.#brake.isGivenUp(now)) return undefined;
        const isFirst = this.#waiting[0] === lane;
        const pass = isFirst ? this.#brake.admit(now) : undefined;
        if (pass !== undefined) return pass;
        stop?.throwIfAborted();
        await untilWoken(lane, isFirst ? this.#brake.closedMs(now) : 0, stop ? [signal, stop] : [signal]);
      }
    } finally {
      this.#waiting.splice(this.#waiting.indexOf(lane), 1);
      this.#waiting[0]?.wake();
    }
  }

  /** Says how a write has ended. @returns whether the brake has closed for it */
  leave(pass: Pass, met: Refusal | undefined): boolean {
    const hasClosed = this.#brake.end(pass, met, performance.now());
    this.#waiting[0]?.wake();
    return hasClosed;
  }

  #queue(lane: Lane): void {
    const behind = this.#waiting.findIndex(({ attempts }) => attempts < lane.attempts);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, lane);
  }
}

/** Until the lane is woken, the time is over, or a signal aborts. @param ms 0 for no bound */
async function untilWoken(lane: Lane, ms: number, signals: readonly AbortSignal[]): Promise<void> {
  const woken = new AbortController();
  lane.wake = () => woken.abort();
  const either = AbortSignal.any([...signals, woken.signal]);
  if (ms > 0) await wait(Math.min(Math.ceil(ms), MAX_TIMER_MS), either).catch(() => {});
  else
    await new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }));
  lane.wake = () => {};
}

/** Milliseconds from one time to the next, at least: saving waits for the disk. */
const LEAST_MS = 1_000;
/** Milliseconds that are done again after an interruption, at most; where chunks are noted, too: after a power cut. */
const MOST_MS = 10_000;
/** As many times as long as it has taken last. */
const TIMES = 100;

/**
 * When what is written is to be made safe: once a second, and less often where that is so slow that it would take a
 * hundredth of the time.
 */
export class SavePace {
  #dueAt: number;

  /** @param firstAfterMs milliseconds from now to the first time */
  constructor(firstAfterMs = LEAST_MS) {
    this.#dueAt = performance.now() + firstAfterMs;
  }

  get isDue(): boolean {
    return performance.now() >= this.#dueAt;
  }

  /** Saves, and looks at how long it takes. */
  async time(save: () => Promise<void>): Promise<void> {
    const startedAt = performance.now();
    await save();
    const endedAt = performance.now();
    this.#dueAt = endedAt + Math.min(MOST_MS, Math.max(LEAST_MS, TIMES * (endedAt - startedAt)));
  }
}

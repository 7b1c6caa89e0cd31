/** Milliseconds between two commits, at least: a commit waits for the disk. */
const LEAST_MS = 1_000;
/** Milliseconds that are done again after an interruption, at most. */
const MOST_MS = 10_000;
/** As many times as long as the last commit has taken. */
const TIMES = 100;

/** When a sink is to commit: once a second, and less often where the disk is so slow that it would take a hundredth of the time. */
export class CommitPace {
  #committedAt = performance.now();
  #afterMs = LEAST_MS;

  get isDue(): boolean {
    return performance.now() - this.#committedAt >= this.#afterMs;
  }

  /** Commits, and looks at how long it takes. */
  async time<R>(commit: () => Promise<R>): Promise<R> {
    const startedAt = performance.now();
    const result = await commit();
    this.#committedAt = performance.now();
    this.#afterMs = Math.min(MOST_MS, Math.max(LEAST_MS, TIMES * (this.#committedAt - startedAt)));
    return result;
  }
}

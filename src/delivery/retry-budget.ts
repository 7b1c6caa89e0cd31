/** Tokens of a retry, and of one after an attempt that took longer than it may. */
export const RETRY_COST = 5;
export const TIMEOUT_RETRY_COST = 10;
const SUCCESS_GAIN = 1;

/**
 * How many retries a sink is worth: a token bucket that all of its chunks share. A success gives a token back, or what
 * its last retry has cost. So a sink that hardly ever takes a chunk at once is not retried for ever, however many chunks
 * there are. The figures are those of the standard retry mode of the AWS SDKs (Smithy's `StandardRetryStrategy`).
 */
export class RetryBudget {
  readonly #size: number;
  #tokens: number;

  /** @param size tokens, or `Infinity` */
  constructor(size: number) {
    this.#size = size;
    this.#tokens = size;
  }

  /** Pays for a retry. @returns whether there was enough */
  take(cost: number): boolean {
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }

  /** @param cost what the retry has cost that has succeeded, or `undefined` for a first attempt */
  succeed(cost: number = SUCCESS_GAIN): void {
    this.#tokens = Math.min(this.#tokens + cost, this.#size);
  }
}

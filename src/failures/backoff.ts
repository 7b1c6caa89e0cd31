import { integerBetween, MAX_TIMER_MS, numberBetween, type OptionNames, oneOf } from '../core/options.ts';

export interface BackoffOptions {
  /** Milliseconds before the first retry. @default 1_000 */
  readonly initialDelayMs?: number;
  /** Longest wait between two attempts, in milliseconds. @default 30_000 */
  readonly maxDelayMs?: number;
  /**
   * `full` waits a random time up to the full one, so that what failed together does not come again together.
   * @default 'none'; of a writer that writes several chunks at once 'full'
   */
  readonly jitter?: 'none' | 'full';
  /** Source of chance, from 0 up to, not including, 1. @default Math.random */
  readonly random?: () => number;
}

export const BACKOFF_OPTIONS: OptionNames<BackoffOptions> = {
  initialDelayMs: true,
  maxDelayMs: true,
  jitter: true,
  random: true,
};

/**
 * Milliseconds to wait before retry number `retry` (1, 2, …): 1 s, 2 s, 4 s … at most 30 s.
 * Full jitter is that of "Exponential Backoff And Jitter" (Marc Brooker, AWS Architecture Blog, 2015).
 * @throws RangeError or TypeError when an option is wrong: a delay must be one that a timer can wait
 */
export function backoff(options: BackoffOptions = {}): (retry: number) => number {
  const { initialDelayMs = 1_000, maxDelayMs = 30_000, jitter = 'none', random = Math.random } = options;
  numberBetween('initialDelayMs', initialDelayMs, 0, MAX_TIMER_MS);
  numberBetween('maxDelayMs', maxDelayMs, 0, MAX_TIMER_MS);
  oneOf('jitter', jitter, ['none', 'full']);
  return (retry) => {
    const doublings = Math.min(integerBetween('retry', retry, 1, Number.MAX_SAFE_INTEGER) - 1, MAX_DOUBLINGS);
    const delay = Math.min(initialDelayMs * 2 ** doublings, maxDelayMs);
    return jitter === 'full' ? Math.round(random() * delay) : delay;
  };
}

/** More would be no number any more. */
const MAX_DOUBLINGS = 1_000;

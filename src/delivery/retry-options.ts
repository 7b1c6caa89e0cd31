import type { Chunk } from '../core/chunk.ts';
import {
  expectKind,
  integerBetween,
  MAX_TIMER_MS,
  numberBetween,
  type OptionNames,
  oneOf,
} from '../core/options.ts';
import {
  BACKOFF_OPTIONS,
  type BackoffOptions,
  backoff,
  type ClassifyFunction,
  type Failure,
} from '../failures/index.ts';
import type { BrakePolicy } from './brake.ts';

/** When and how often `retrying` writes again. */
export interface RetryOptions extends BackoffOptions {
  /** Retries after the first attempt, 0 to 100. @default 3 */
  readonly maxRetries?: number;
  /**
   * Milliseconds that one attempt may take, from 1; `Infinity` for no bound. Then its signal aborts, and nothing happens
   * before it has ended, so that two attempts never overlap.
   * @default 60_000
   */
  readonly timeoutMs?: number;
  /**
   * Longest wait that a receiver may ask for (`Retry-After`), in milliseconds. Up to it the wait is obeyed in full; a
   * longer one fails the chunk at once, since a retry must not come earlier than the receiver asks. Five minutes are
   * more than receivers ask that are only busy; beyond, people should know.
   * @default 300_000
   */
  readonly maxRetryAfterMs?: number;
  /**
   * What becomes of a chunk that may be written or not, because the answer got lost, when the sink is not idempotent (its
   * guarantee is `at-least-once`): `retry` may write records twice, and the summary counts them; `fail` ends the run.
   * @default 'retry'
   */
  readonly onUnknownOutcome?: 'retry' | 'fail';
  /**
   * Tokens for the retries of all chunks together, 0 to 1,000,000; `false` for no bound. A retry costs 5, after an
   * attempt that took longer than `timeoutMs` 10; a success gives 1 back, or what the retry has cost that succeeded.
   * Without tokens nothing is retried: a sink that takes hardly anything at once ends the run.
   * @default 500
   */
  readonly retryBudget?: number | false;
  /** Says what an error means, before the tables do: return `undefined` to leave it to them. */
  readonly classify?: ClassifyFunction;
  /**
   * Ends all waits when it aborts, and a chunk that fails is not tried again: it fails with the code `ABORTED`. An attempt
   * that is under way comes to its end. @default nothing does
   */
  readonly stop?: AbortSignal | undefined;
  /** Called before each wait. What it throws fails the chunk. */
  readonly onRetry?: (event: RetryEvent) => void;
  /** Called when the sink asks for time, and nothing is sent meanwhile. What it throws fails the chunk that was asked. */
  readonly onPause?: (event: PauseEvent) => void;
}

export const RETRY_OPTIONS: OptionNames<RetryOptions> = {
  ...BACKOFF_OPTIONS,
  maxRetries: true,
  timeoutMs: true,
  maxRetryAfterMs: true,
  onUnknownOutcome: true,
  retryBudget: true,
  classify: true,
  stop: true,
  onRetry: true,
  onPause: true,
};

/** What `onRetry` is told. */
export interface RetryEvent {
  readonly chunk: Chunk;
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  /** Number of the retry that follows, from 1. */
  readonly retry: number;
  /** Milliseconds until then, at least: other chunks may go first where the sink has asked for time. */
  readonly delayMs: number;
  /** What the error means; of several refused records, of those that are sent again. */
  readonly failure: Failure;
  readonly error: unknown;
  /**
   * Records that this retry may write twice, and none before it: the outcome of their write is unknown, and the sink is
   * not idempotent.
   */
  readonly possibleDuplicates: number;
}

/** What `onPause` is told. */
export interface PauseEvent {
  /** Name of the sink. */
  readonly sink: string;
  /** Milliseconds until a first chunk goes as a probe. */
  readonly delayMs: number;
  /** What the error means. */
  readonly failure: Failure;
  readonly error: unknown;
}

/** Options with their defaults, checked. */
export interface RetryPolicy {
  readonly maxRetries: number;
  readonly timeoutMs: number;
  readonly maxRetryAfterMs: number;
  readonly onUnknownOutcome: 'retry' | 'fail';
  readonly classify: ClassifyFunction | undefined;
  readonly stop: AbortSignal | undefined;
  readonly onRetry: ((event: RetryEvent) => void) | undefined;
  readonly onPause: ((event: PauseEvent) => void) | undefined;
  /** Milliseconds before retry number 1, 2, … */
  readonly delayBefore: (retry: number) => number;
  /** Tokens, or `Infinity`. */
  readonly retryBudget: number;
  readonly brake: BrakePolicy;
}

/** @throws RangeError or TypeError when an option is wrong */
export function retryPolicy(options: RetryOptions): RetryPolicy {
  const { maxRetries = 3, timeoutMs = 60_000, maxRetryAfterMs = 300_000, retryBudget = 500 } = options;
  const { onUnknownOutcome = 'retry', classify, stop, onRetry, onPause } = options;
  integerBetween('maxRetries', maxRetries, 0, 100);
  if (timeoutMs !== Number.POSITIVE_INFINITY) numberBetween('timeoutMs', timeoutMs, 1, MAX_TIMER_MS);
  numberBetween('maxRetryAfterMs', maxRetryAfterMs, 0, MAX_TIMER_MS);
  oneOf('onUnknownOutcome', onUnknownOutcome, ['retry', 'fail']);
  if (retryBudget !== false) integerBetween('retryBudget', retryBudget, 0, MAX_RETRY_BUDGET);
  for (const [name, option] of Object.entries({ classify, onRetry, onPause }))
    expectKind(name, option, option === undefined || typeof option === 'function', 'a function');
  expectKind('stop', stop, stop === undefined || stop instanceof AbortSignal, 'an AbortSignal');
  return {
    maxRetries,
    timeoutMs,
    maxRetryAfterMs,
    onUnknownOutcome,
    classify,
    stop,
    onRetry,
    onPause,
    delayBefore: backoff(options),
    retryBudget: retryBudget === false ? Number.POSITIVE_INFINITY : retryBudget,
    brake: {
      // Jitter keeps chunks apart that wait each for itself; here one goes first, and it should not come too early.
      delayBefore: backoff({ ...options, jitter: 'none' }),
      maxProbes: maxRetries,
      maxWaitMs: maxRetryAfterMs,
    },
  };
}

const MAX_RETRY_BUDGET = 1_000_000;

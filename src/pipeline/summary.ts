import type { Tally, UnaccountedRange } from '../core/tally.ts';
import type { WritingPace } from '../streams/pace.ts';

/**
 * The outcome of one run, in counts of records.
 * `read + added = written + filtered + deadLettered`, or `unaccounted` lists the records that are missing.
 */
export interface Summary {
  /**
   * Records read from the source. Malformed ones count where the next one can be found (NDJSON, CSV); in a JSON document
   * everything ends with it.
   */
  readonly read: number;
  /** Records that the transform made beyond one for each it was given (`many`, generators). */
  readonly added: number;
  /** Records that the sink has taken. */
  readonly written: number;
  /** Records that the transform left out. */
  readonly filtered: number;
  /** Records that were malformed, did not match the schema, or made the transform throw. */
  readonly invalid: number;
  /** Records that the sink refused, each for a reason of its own. */
  readonly refused: number;
  /** Records set aside as dead letters. */
  readonly deadLettered: number;
  /** Chunks that the sink has taken. */
  readonly chunks: number;
  /** Attempts at a chunk after its first. */
  readonly retries: number;
  /**
   * Records that may be at the sink twice: the outcome of a write was unknown, it was made again, and the sink is not
   * idempotent. Never more than that, and mostly fewer.
   */
  readonly possibleDuplicates: number;
  /** Bytes read from the source, as they are stored. */
  readonly bytes: number;
  /** Milliseconds from the start to the end of the run. */
  readonly elapsedMs: number;
  /** Records that were read and are neither written, filtered nor set aside; empty after a run that succeeded. */
  readonly unaccounted: readonly UnaccountedRange[];
  /** Records that the runs had set aside which this one goes on with, if any. */
  readonly deadLetteredBefore?: number;
  /** When the run was finished, in ISO 8601, if an earlier one had finished it already: then this one did nothing. */
  readonly finishedAt?: string;
}

/**
 * What people see while a run goes on. How chunks are being written (`inFlight`, `concurrency`, `batchSize`) is there
 * where it is not always one after another, all of one size.
 */
export interface Progress
  extends Omit<Summary, 'unaccounted' | 'finishedAt' | 'deadLetteredBefore'>,
    Partial<WritingPace> {
  /** Bytes of the whole source, as they are stored, when known. */
  readonly totalBytes?: number;
  /** Records written per second since the start. */
  readonly recordsPerSecond: number;
  /** Milliseconds that are left at this speed, when the size of the source is known. */
  readonly remainingMs?: number;
  /** While nothing is sent, since the sink has asked for time. */
  readonly paused?: Pause;
}

/** Why nothing is sent, and for how long. */
export interface Pause {
  /** Milliseconds until a chunk goes as a probe. */
  readonly ms: number;
  /** What the sink has said: `HTTP 429`. */
  readonly why: string;
}

/**
 * @param elapsedMs milliseconds since the start of the run
 * @param deadLetteredBefore dead letters of the runs that it goes on with
 */
export function summarize(tally: Tally, elapsedMs: number, deadLetteredBefore = 0): Summary {
  const counts = { ...countsOf(tally), elapsedMs, unaccounted: tally.unaccounted() };
  return deadLetteredBefore > 0 ? { ...counts, deadLetteredBefore } : counts;
}

/** The pause as it is `ms` milliseconds later, if it is not over then. */
export function pausedAfter(pause: Pause | undefined, ms: number): { readonly paused?: Pause } {
  return pause === undefined || pause.ms <= ms ? {} : { paused: { ...pause, ms: pause.ms - ms } };
}

/** @param elapsedMs milliseconds since the start of the run */
export function progressOf(tally: Tally, elapsedMs: number, pace?: WritingPace): Progress {
  const { totalBytes, bytes, written } = tally;
  return {
    ...countsOf(tally),
    ...pace,
    elapsedMs,
    recordsPerSecond: elapsedMs > 0 ? (written / elapsedMs) * 1_000 : 0,
    ...(totalBytes !== undefined && { totalBytes }),
    ...(totalBytes !== undefined &&
      bytes > 0 && { remainingMs: (elapsedMs / bytes) * Math.max(totalBytes - bytes, 0) }),
  };
}

/** How many records a summary says nothing good about. */
export function countUnaccounted({ unaccounted }: Summary): number {
  return unaccounted.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

const summaries = new WeakMap<object, Summary>();

/** The summary of the run that failed with `error`: what was read, written and left when it ended. */
export function summaryOf(error: unknown): Summary | undefined {
  return typeof error === 'object' && error !== null ? summaries.get(error) : undefined;
}

/** Keeps the summary of a failed run with its error, without changing the error. */
export function rememberSummary(error: unknown, summary: Summary): void {
  if (typeof error === 'object' && error !== null) summaries.set(error, summary);
}

function countsOf(tally: Tally) {
  const { read, added, written, filtered, invalid, refused, deadLettered } = tally;
  const { chunks, retries, possibleDuplicates, bytes } = tally;
  const records = { read, added, written, filtered, invalid, refused, deadLettered };
  return { ...records, chunks, retries, possibleDuplicates, bytes };
}

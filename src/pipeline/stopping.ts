import { messageOf, PipelineError } from '../core/errors.ts';
import { numberBetween } from '../core/options.ts';

/** Milliseconds to finish what is being written. */
const GRACE_MS = 30_000;
/** Longer timers end at once. */
const MOST_MS = 2 ** 31 - 1;

/** @throws RangeError when it is no time to wait */
export function checkGrace(graceMs: number = GRACE_MS): void {
  numberBetween('graceMs', graceMs, 0, MOST_MS);
}

/**
 * What the `signal` of a run does: first the run reads no further and finishes what is being written; what is not finished
 * when the grace period is over is aborted. Nothing happens when the signal was aborted before.
 */
export class Stopping {
  readonly #asked: AbortSignal | undefined;
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  readonly #onAbort: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(signal: AbortSignal | undefined, graceMs = GRACE_MS) {
    this.#asked = signal;
    this.#onAbort = () => {
      this.stop(signal!.reason);
      const abort = () => this.#aborting.abort(signal!.reason);
      if (graceMs === 0) abort();
      else this.#timer = setTimeout(abort, graceMs);
    };
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Reads no further, and waits for nothing but what is being written. */
  stop(reason: unknown = new Error('The run was stopped')): void {
    this.#stopping.abort(reason);
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Aborts when the run is told to stop. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Aborts what is being written, too. */
  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  /** Lets go of the signal and of the grace period. */
  end(): void {
    this.#asked?.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#timer);
  }
}

/** How a run ends that was told to stop. */
export function stopped(signal: AbortSignal | undefined): PipelineError {
  if (!signal?.aborted) return new PipelineError({ code: 'ABORTED', message: 'The run was stopped' });
  const message = `The run was aborted: ${messageOf(signal.reason)}`;
  return new PipelineError({ code: 'ABORTED', message, cause: signal.reason });
}

/** What was thrown, or that the run was stopped when that is what was met. */
export function unlessStopped(signal: AbortSignal | undefined, thrown: unknown): unknown {
  const isAborted = thrown instanceof PipelineError && thrown.code === 'ABORTED';
  return isAborted || (signal !== undefined && comesOf(signal, thrown)) ? stopped(signal) : thrown;
}

/** Whether an error is what an abort looks like where it was met, rather than one that was there first. */
function comesOf({ aborted, reason }: AbortSignal, thrown: unknown): boolean {
  if (!aborted) return false;
  for (let error = thrown, depth = 0; error !== undefined && depth < 10; depth++) {
    if (error === reason || (error as Error | null)?.name === 'AbortError') return true;
    error = (error as Error | null)?.cause;
  }
  return false;
}

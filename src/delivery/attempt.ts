import type { Chunk } from '../core/chunk.ts';
import type { Sink } from '../core/sink.ts';
import type { Failure, FailureKind } from '../failures/index.ts';

export interface AttemptOptions {
  /** 1 for the first write of a chunk, 2 for its first retry, and so on. */
  readonly attempt: number;
  /** That of the run. */
  readonly signal: AbortSignal;
  /** Milliseconds that the attempt may take, or `Infinity`. */
  readonly timeoutMs: number;
}

/**
 * Writes once. The attempt has a signal of its own, which aborts with that of the run or when the time is over; its end
 * is awaited whatever the signal says, so that two attempts never overlap. No timer and no listener outlives it.
 * @throws what the sink rejects with, or an `OverdueError` when that was after the time was over
 */
export async function attemptWrite<T>(
  sink: Sink<T>,
  chunk: Chunk<T>,
  { attempt, signal, timeoutMs }: AttemptOptions,
): Promise<void> {
  signal.throwIfAborted();
  const own = new AbortController();
  const follow = () => own.abort(signal.reason);
  signal.addEventListener('abort', follow, { once: true });
  let tooLong: DOMException | undefined;
  const end = () => {
    const message = `The attempt took longer than ${timeoutMs.toLocaleString('en-US')} ms`;
    tooLong = new DOMException(message, 'TimeoutError');
    own.abort(tooLong);
  };
  const timer = Number.isFinite(timeoutMs) ? setTimeout(end, timeoutMs) : undefined;
  try {
    await sink.write(chunk, { attempt, signal: own.signal });
  } catch (error) {
    throw tooLong !== undefined && own.signal.reason === tooLong
      ? new OverdueError(tooLong.message, error)
      : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}

/** A write failed after its time was over: most likely because its signal was aborted. */
export class OverdueError extends Error {
  override readonly name = 'TimeoutError';

  /** @param cause what the sink rejected with */
  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** What remains true when it is said after the time was over; anything else may come of the abort. */
const TELLING: ReadonlySet<FailureKind> = new Set(['bad-records', 'too-large', 'throttled', 'not-applied']);

/** Whether the answer of a sink says more than that the time is over. */
export function isTelling({ kind }: Failure): boolean {
  return TELLING.has(kind);
}

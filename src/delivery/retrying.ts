import { backOff } from 'exponential-backoff';
import type { Chunk } from '../core/chunk.ts';
import { PartialWriteError, PipelineError } from '../core/errors.ts';
import { knownOptions } from '../core/options.ts';
import { type FullSink, type Sink, type WriteContext, withWrite } from '../core/sink.ts';
import { type Failure, isTransientKind, wait, worstOf } from '../failures/index.ts';
import { attemptWrite, isTelling, OverdueError } from './attempt.ts';
import { judge, type Refusal } from './judge.ts';
import { Remainder } from './remainder.ts';
import { RETRY_OPTIONS, type RetryOptions, type RetryPolicy, retryPolicy } from './retry-options.ts';
import { WriteError } from './write-error.ts';

/**
 * The sink, with its transient failures retried: after 1 s, 2 s, 4 s, at most 30 s, 3 times. Permanent failures, and
 * everything unknown, fail at once.
 *
 * Every attempt has the same chunk, so the same id and the same bytes. After a `PartialWriteError` only those records
 * are sent again that it lists with a transient failure, as a chunk with an id of its own (made of the chunk's id and of
 * which records they are); the others that it lists are reported at the end.
 * @throws RangeError or TypeError when an option is wrong; `write` rejects with a `WriteError`, whose code is `ABORTED`
 * when the signal of the run ended it
 */
export function retrying<T>(sink: Sink<T>, options: RetryOptions = {}): FullSink<T> {
  knownOptions('retrying', options, RETRY_OPTIONS);
  const policy = retryPolicy(options);
  const receiver: Receiver = { wasReached: false };
  return withWrite(sink, (chunk, context) => new Delivery(sink, chunk, context, policy, receiver).run());
}

/** What all deliveries to one sink know of it. */
interface Receiver {
  wasReached: boolean;
}

/** One chunk on its way into a sink. */
class Delivery<T> {
  readonly #sink: Sink<T>;
  readonly #chunk: Chunk<T>;
  readonly #signal: AbortSignal;
  readonly #policy: RetryPolicy;
  readonly #receiver: Receiver;
  readonly #remainder: Remainder<T>;
  readonly #isIdempotent: boolean;
  #attempts = 0;
  /** Records that may be written twice when they are sent again. */
  #possibleDuplicates = 0;
  /** When the next attempt may begin, by `performance.now()`. */
  #dueAt = 0;
  /** What the last attempt that failed has met. */
  #met: Refusal | undefined;

  constructor(
    sink: Sink<T>,
    chunk: Chunk<T>,
    { signal }: WriteContext,
    policy: RetryPolicy,
    receiver: Receiver,
  ) {
    this.#sink = sink;
    this.#chunk = chunk;
    this.#signal = signal;
    this.#policy = policy;
    this.#receiver = receiver;
    this.#remainder = new Remainder(chunk);
    this.#isIdempotent = sink.guarantee !== 'at-least-once';
  }

  async run(): Promise<void> {
    try {
      await backOff(() => this.#attempt(), {
        numOfAttempts: this.#policy.maxRetries + 1,
        startingDelay: 0,
        jitter: 'none',
        retry: () => this.#mayGoOn(),
      });
    } catch {
      throw this.#failed();
    }
    if (!this.#remainder.isSafe) throw this.#failed();
  }

  /**
   * Waits here, where an abort ends the wait: the package that drives the attempts knows no abort. The millisecond that
   * its own wait of 0 takes is a part of the wait.
   */
  async #attempt(): Promise<void> {
    await wait(Math.ceil(Math.max(this.#dueAt - performance.now(), 0)), this.#signal);
    this.#attempts++;
    try {
      await attemptWrite(this.#sink, this.#remainder.chunk, {
        attempt: this.#attempts,
        signal: this.#signal,
        timeoutMs: this.#policy.timeoutMs,
      });
      this.#remainder.settle();
      this.#receiver.wasReached = true;
    } catch (error) {
      this.#met = this.#judge(error);
      if (this.#met.failure.maxRetriesAtFirst === undefined) this.#receiver.wasReached = true;
      if (!this.#remainder.isSafe) throw error;
    }
  }

  #judge(thrown: unknown): Refusal {
    const error = thrown instanceof OverdueError ? thrown.cause : thrown;
    if (error instanceof PartialWriteError) return this.#judgeParts(error);
    const said = this.#classify(error);
    const met = error === thrown || isTelling(said.failure) ? said : this.#classify(thrown);
    this.#remainder.fail(met);
    return met;
  }

  #judgeParts(error: PartialWriteError): Refusal {
    const refusals = new Map(Array.from(error.refusals, ([index, each]) => [index, this.#classify(each)]));
    try {
      const again = this.#remainder.refuse(refusals);
      const failures = Array.from(refusals.values(), ({ failure }) => failure);
      return { error, failure: again ?? worstOf(failures) ?? NOTHING_REFUSED };
    } catch (cause) {
      const met = { error: cause, failure: NO_SUCH_RECORD };
      this.#remainder.fail(met);
      return met;
    }
  }

  #classify(error: unknown): Refusal {
    return judge(error, this.#policy);
  }

  /** Asked after every failed attempt, also after the last one, which is followed by no wait. */
  #mayGoOn(): boolean {
    const { error, failure } = this.#met ?? NEVER_TRIED;
    const { retryAfterMs = 0 } = failure;
    if (this.#signal.aborted || !isTransientKind(failure.kind)) return false;
    if (this.#mustNotRisk(failure)) return false;
    if (this.#attempts > this.#maxRetries(failure) || retryAfterMs > this.#policy.maxRetryAfterMs)
      return false;
    const retry = this.#attempts;
    const delayMs = Math.max(this.#policy.delayBefore(retry), retryAfterMs);
    try {
      const possibleDuplicates = this.#countRisked();
      const event = { chunk: this.#chunk as Chunk, attempt: retry, retry, delayMs, failure, error };
      this.#policy.onRetry?.({ ...event, possibleDuplicates });
    } catch (thrown) {
      this.#met = { error: thrown, failure: { kind: 'unrecognised', why: 'the option onRetry failed' } };
      this.#remainder.fail(this.#met);
      return false;
    }
    this.#dueAt = performance.now() + delayMs;
    return true;
  }

  #mustNotRisk({ kind }: Failure): boolean {
    return this.#policy.onUnknownOutcome === 'fail' && kind === 'unknown-outcome' && !this.#isIdempotent;
  }

  /** Records that the next attempt may write twice, and none before it. */
  #countRisked(): number {
    const before = this.#possibleDuplicates;
    if (!this.#isIdempotent) this.#possibleDuplicates = this.#remainder.doubtful;
    return this.#possibleDuplicates - before;
  }

  #maxRetries({ maxRetries = Number.POSITIVE_INFINITY, maxRetriesAtFirst }: Failure): number {
    const atFirst = this.#receiver.wasReached ? undefined : maxRetriesAtFirst;
    return Math.min(this.#policy.maxRetries, maxRetries, atFirst ?? Number.POSITIVE_INFINITY);
  }

  #failed(): WriteError {
    const { refusals } = this.#remainder;
    const shared = {
      sink: this.#sink.name,
      chunk: this.#chunk as Chunk,
      attempts: this.#attempts,
      refusals: refusals && new Map(Array.from(refusals, ([index, { error }]) => [index, error])),
      undivided: this.#remainder.undivided,
    };
    if (this.#signal.aborted)
      return new WriteError({ ...shared, code: 'ABORTED', failure: RUN_ABORTED, cause: this.#signal.reason });

    const met = this.#met ?? NEVER_TRIED;
    const refused = [...(refusals?.values() ?? [])];
    const cause = refused[0]?.error ?? met.error;
    const failure = worstOf(refused.map((each) => each.failure)) ?? met.failure;
    const isClosed = cause instanceof PipelineError && cause.code === 'SINK_CLOSED';
    const code = isClosed ? 'SINK_CLOSED' : 'WRITE_FAILED';
    return new WriteError({ ...shared, code, failure, cause, note: this.#whyNotLater(met.failure) });
  }

  /** Why a failure that would pass was not waited for. */
  #whyNotLater(failure: Failure): string | undefined {
    const { kind, retryAfterMs = 0 } = failure;
    if (this.#mustNotRisk(failure)) return 'it may be written or not, and onUnknownOutcome is fail';
    if (!isTransientKind(kind) || retryAfterMs <= this.#policy.maxRetryAfterMs) return undefined;
    const seconds = Math.ceil(retryAfterMs / 1_000).toLocaleString('en-US');
    return `asked to wait ${seconds} s, longer than maxRetryAfterMs`;
  }
}

const RUN_ABORTED: Failure = { kind: 'aborted', why: 'the signal of the run' };
const NO_SUCH_RECORD: Failure = { kind: 'unrecognised', why: 'a refusal of no record of the chunk' };
const NOTHING_REFUSED: Failure = { kind: 'unrecognised', why: 'a partial write without refusals' };
const NEVER_TRIED: Refusal = { error: undefined, failure: { kind: 'unrecognised', why: 'no attempt' } };

import { backOff } from 'exponential-backoff';
import type { Chunk } from '../core/chunk.ts';
import { PartialWriteError, PipelineError } from '../core/errors.ts';
import { knownOptions } from '../core/options.ts';
import { type FullSink, type Sink, type WriteContext, withWrite } from '../core/sink.ts';
import { type Failure, isTransientKind, wait, worstOf } from '../failures/index.ts';
import { attemptWrite, isTelling, OverdueError } from './attempt.ts';
import type { Pass } from './brake.ts';
import { judge, type Refusal } from './judge.ts';
import { Receiver } from './receiver.ts';
import { Remainder } from './remainder.ts';
import { RETRY_COST, TIMEOUT_RETRY_COST } from './retry-budget.ts';
import { RETRY_OPTIONS, type RetryOptions, type RetryPolicy, retryPolicy } from './retry-options.ts';
import { WriteError } from './write-error.ts';

/**
 * The sink, with its transient failures retried: after 1 s, 2 s, 4 s, at most 30 s, 3 times. Permanent failures, and
 * everything unknown, fail at once.
 *
 * Every attempt has the same chunk, so the same id and the same bytes. After a `PartialWriteError` only those records
 * are sent again that it lists with a transient failure, as a chunk with an id of its own (made of the chunk's id and of
 * which records they are); the others that it lists are reported at the end.
 *
 * All writes share one brake and one retry budget: when the sink asks for time (429, 503, `Retry-After`) none goes to it,
 * then one as a probe, then more and more. When `maxRetries` probes in a row have failed, all that wait fail.
 * @throws RangeError or TypeError when an option is wrong; `write` rejects with a `WriteError`, whose code is `ABORTED`
 * when the signal of the run or `stop` ended it
 */
export function retrying<T>(sink: Sink<T>, options: RetryOptions = {}): FullSink<T> {
  knownOptions('retrying', options, RETRY_OPTIONS);
  const policy = retryPolicy(options);
  const receiver = new Receiver(policy);
  return withWrite(sink, (chunk, context) => new Delivery(sink, chunk, context, policy, receiver).run());
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
  /** Tokens that the next retry costs, or the last one has cost. */
  #cost: number | undefined;
  /** Whether the last attempt took longer than it may. */
  #isOverdue = false;
  /** A failure that would pass is not waited for, since the run was told to stop. */
  #isStopped = false;
  /** Why a failure that would pass is not waited for. */
  #note: string | undefined;

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
      await this.#attempt().catch((error: unknown) => this.#tryAgain(error));
    } catch {
      throw this.#failed();
    }
    if (!this.#remainder.isSafe) throw this.#failed();
  }

  /** What succeeds at once is not given to the package that drives attempts: old garbage of it would hold the chunk. */
  async #tryAgain(error: unknown): Promise<void> {
    if (!this.#mayGoOn()) throw error;
    await backOff(() => this.#attempt(), {
      numOfAttempts: this.#policy.maxRetries,
      startingDelay: 0,
      jitter: 'none',
      retry: () => this.#mayGoOn(),
    });
  }

  /**
   * Waits here, where an abort ends the wait: the package that drives the attempts knows no abort. The millisecond that
   * its own wait of 0 takes is a part of the wait.
   */
  async #attempt(): Promise<void> {
    this.#signal.throwIfAborted();
    const { stop } = this.#policy;
    const ms = Math.ceil(this.#dueAt - performance.now());
    if (ms > 0) await wait(ms, stop === undefined ? this.#signal : AbortSignal.any([this.#signal, stop]));
    const pass = await this.#enter();
    const met = await this.#write();
    const isPaused = this.#receiver.leave(pass, met);
    if (met === undefined || this.#remainder.isSafe) this.#receiver.succeed(this.#cost);
    if (met === undefined) return;
    if (isPaused) this.#tellOfPause(met);
    if (!this.#remainder.isSafe) throw met.error;
  }

  async #enter(): Promise<Pass> {
    const pass = await this.#receiver.enter(this.#attempts, this.#signal, this.#policy.stop);
    if (pass !== undefined) return pass;
    this.#note = this.#receiver.whyGivenUp();
    this.#met ??= unsent(this.#receiver.met ?? NEVER_TRIED);
    throw this.#met.error;
  }

  /** @returns why it failed */
  async #write(): Promise<Refusal | undefined> {
    this.#attempts++;
    try {
      await attemptWrite(this.#sink, this.#remainder.chunk, {
        attempt: this.#attempts,
        signal: this.#signal,
        timeoutMs: this.#policy.timeoutMs,
      });
      this.#remainder.settle();
      this.#receiver.wasReached = true;
      return undefined;
    } catch (error) {
      this.#met = this.#judge(error);
      if (this.#met.failure.maxRetriesAtFirst === undefined) this.#receiver.wasReached = true;
      return this.#signal.aborted ? { ...this.#met, failure: RUN_ABORTED } : this.#met;
    }
  }

  #judge(thrown: unknown): Refusal {
    const error = thrown instanceof OverdueError ? thrown.cause : thrown;
    if (error instanceof PartialWriteError) return this.#judgeParts(error);
    const said = this.#classify(error);
    this.#isOverdue = error !== thrown && !isTelling(said.failure);
    const met = this.#isOverdue ? this.#classify(thrown) : said;
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
    const met = this.#met ?? NEVER_TRIED;
    const { error, failure } = met;
    if (this.#signal.aborted || (this.#met !== undefined && !isTransientKind(failure.kind))) return false;
    this.#isStopped = this.#policy.stop?.aborted === true;
    if (this.#isStopped || this.#met === undefined) return false;
    this.#note ??= this.#whyNotLater(met);
    if (this.#note !== undefined || this.#attempts > this.#maxRetries(failure)) return false;
    this.#cost = this.#isOverdue ? TIMEOUT_RETRY_COST : RETRY_COST;
    this.#note = this.#receiver.pay(this.#cost);
    if (this.#note !== undefined) return false;
    const retry = this.#attempts;
    const { closedMs } = this.#receiver;
    const ownMs = Math.max(this.#policy.delayBefore(retry), failure.retryAfterMs ?? 0);
    const delayMs = Math.max(ownMs, closedMs);
    const event = { chunk: this.#chunk as Chunk, attempt: retry, retry, delayMs, failure, error };
    const possibleDuplicates = this.#countRisked();
    if (!this.#tell('onRetry', { ...event, possibleDuplicates })) return false;
    // Whom the brake holds back for as long waits there, so that it is known who comes next.
    this.#dueAt = performance.now() + (closedMs >= ownMs ? 0 : ownMs);
    return true;
  }

  #tellOfPause({ error, failure }: Refusal): void {
    const { closedMs: delayMs, isGivenUp } = this.#receiver;
    if (!isGivenUp) this.#tell('onPause', { sink: this.#sink.name, delayMs, failure, error });
  }

  /** @returns whether the option has not failed; else the chunk does */
  #tell<Name extends 'onRetry' | 'onPause'>(option: Name, event: EventOf<Name>): boolean {
    try {
      (this.#policy[option] as ((event: EventOf<Name>) => void) | undefined)?.(event);
      return true;
    } catch (thrown) {
      this.#met = { error: thrown, failure: { kind: 'unrecognised', why: `the option ${option} failed` } };
      this.#remainder.fail(this.#met);
      return false;
    }
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
    const ending = this.#signal.aborted ? this.#signal : this.#isStopped ? this.#policy.stop : undefined;
    if (ending !== undefined)
      return new WriteError({ ...shared, code: 'ABORTED', failure: RUN_ABORTED, cause: ending.reason });

    const met = this.#met ?? NEVER_TRIED;
    const refused = [...(refusals?.values() ?? [])];
    const cause = refused[0]?.error ?? met.error;
    const failure = worstOf(refused.map((each) => each.failure)) ?? met.failure;
    const isClosed = cause instanceof PipelineError && cause.code === 'SINK_CLOSED';
    const code = isClosed ? 'SINK_CLOSED' : 'WRITE_FAILED';
    return new WriteError({ ...shared, code, failure, cause, note: this.#note });
  }

  #whyNotLater(met: Refusal): string | undefined {
    if (this.#mustNotRisk(met.failure)) return 'it may be written or not, and onUnknownOutcome is fail';
    return this.#receiver.whyNotAsLong(met) ?? this.#receiver.whyGivenUp();
  }
}

type EventOf<Name extends 'onRetry' | 'onPause'> = Parameters<NonNullable<RetryPolicy[Name]>>[0];

/** What the sink has said to others: it was not asked about this chunk. */
function unsent({ error, failure }: Refusal): Refusal {
  const kind = failure.kind === 'unknown-outcome' ? 'not-applied' : failure.kind;
  return { error, failure: { ...failure, kind } };
}

const RUN_ABORTED: Failure = { kind: 'aborted', why: 'the signal of the run' };
const NO_SUCH_RECORD: Failure = { kind: 'unrecognised', why: 'a refusal of no record of the chunk' };
const NOTHING_REFUSED: Failure = { kind: 'unrecognised', why: 'a partial write without refusals' };
const NEVER_TRIED: Refusal = { error: undefined, failure: { kind: 'unrecognised', why: 'no attempt' } };

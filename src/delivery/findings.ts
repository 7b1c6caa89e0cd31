import type { Chunk } from '../core/chunk.ts';
import { type Failure, worstOf } from '../failures/index.ts';
import type { Answer } from './answer.ts';
import type { Refusal } from './judge.ts';
import { UnsentError, WriteError } from './write-error.ts';

/** Ends the division of a chunk: what has not been sent by then is not sent. */
export class Stop extends Error {
  /** Index in the chunk of the records that have met it, together. */
  readonly indexes: readonly number[];
  /** What they have met. Without it there are refused records enough. */
  readonly answer: Pick<Answer, 'error' | 'failure' | 'attempts' | 'thrown'> | undefined;

  constructor(indexes: readonly number[], answer?: Stop['answer']) {
    super('No further part is sent');
    this.indexes = indexes;
    this.answer = answer;
  }
}

/** What has become of the records of a chunk that is divided. */
export class Findings {
  readonly #sink: string;
  readonly #chunk: Chunk;
  readonly #taken = new Set<number>();
  readonly #refused = new Map<number, Refusal & { readonly attempts: number }>();
  #isSafe = false;

  constructor(sink: string, chunk: Chunk) {
    this.#sink = sink;
    this.#chunk = chunk;
  }

  /** The whole chunk is safe. */
  takeAll(): void {
    this.#isSafe = true;
  }

  /** Records, by their index in the chunk, are safe. */
  take(indexes: readonly number[]): void {
    for (const index of indexes) this.#taken.add(index);
  }

  /** The sink has refused one record, after so many writes with it. */
  refuse(index: number, { error, failure }: Refusal, attempts: number): void {
    this.#refused.set(index, { error, failure, attempts });
  }

  /** Records that are found refused. */
  get refused(): number {
    return this.#refused.size;
  }

  /** What to reject with; `undefined` when every record is safe. */
  conclusion(stop: Stop | undefined): unknown {
    if (this.#isSafe) return undefined;
    if (stop?.answer !== undefined && stop.indexes.length === this.#chunk.count) return stop.answer.thrown;
    const reasons = this.#reasons(stop);
    return reasons.length === 0 ? undefined : this.#writeError(reasons, stop?.answer);
  }

  /** Why each record is not safe, in the order of the chunk. */
  #reasons(stop: Stop | undefined): readonly (readonly [index: number, reason: unknown])[] {
    const together = new Set(stop?.indexes);
    const unsent = new UnsentError();
    return Array.from({ length: this.#chunk.count }, (_, index) => index)
      .filter((index) => !this.#taken.has(index))
      .map((index) => {
        const refused = this.#refused.get(index);
        if (refused !== undefined) return [index, refused.error];
        return [index, together.has(index) ? stop?.answer?.error : unsent];
      });
  }

  #writeError(reasons: readonly (readonly [number, unknown])[], met: Stop['answer']): WriteError {
    const refused = [...this.#refused].sort(([a], [b]) => a - b);
    const [first] = refused.map(([, refusal]) => refusal);
    const about = met ?? first!;
    const stopped = met?.thrown instanceof WriteError ? met.thrown.code : undefined;
    const isKnown = this.#taken.size > 0 || refused.length > 0;
    return new WriteError({
      ...(stopped === 'ABORTED' || stopped === 'SINK_CLOSED' ? { code: stopped } : {}),
      sink: this.#sink,
      chunk: this.#chunk,
      attempts: about.attempts,
      failure: met?.failure ?? worst(refused.map(([, { failure }]) => failure)),
      cause: about.error,
      refusals: isKnown ? new Map(reasons) : undefined,
      undivided: new Set(reasons.flatMap(([index]) => (this.#refused.has(index) ? [] : [index]))),
      attemptsByIndex: new Map(refused.map(([index, { attempts }]) => [index, attempts])),
    });
  }
}

function worst(failures: readonly Failure[]): Failure {
  return worstOf(failures)!;
}

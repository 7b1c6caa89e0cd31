import { PartialWriteError } from '../core/errors.ts';
import type { ClassifyOptions } from '../failures/index.ts';
import { judge, type Refusal } from './judge.ts';
import { WriteError } from './write-error.ts';

/** What a sink has said of a chunk that it did not take, by what it rejected with. */
export interface Answer extends Refusal {
  /** As it was thrown; `error` is what the sink itself has said, where that is the cause. */
  readonly thrown: unknown;
  /** Writes that were tried. */
  readonly attempts: number;
  /** Index in the chunk → why the sink did not take that record; when it took the others. */
  readonly refusals: ReadonlyMap<number, Refusal> | undefined;
  /** Of the refusals, those that share one answer about all of them. */
  readonly undivided: ReadonlySet<number>;
  /** Writes that were tried with one record. */
  readonly attemptsWith: (index: number) => number;
}

/** Reads what a sink, or a wrapper around it, has rejected with. */
export function answerOf(thrown: unknown, options: ClassifyOptions): Answer {
  const refusalsOf = (refusals: ReadonlyMap<number, unknown> | undefined) =>
    refusals && new Map(Array.from(refusals, ([index, error]) => [index, judge(error, options)]));
  if (thrown instanceof WriteError) {
    const { failure, attempts, refusals, undivided, cause: error } = thrown;
    const attemptsWith = (index: number) => thrown.attemptsWith(index);
    return { thrown, error, failure, attempts, refusals: refusalsOf(refusals), undivided, attemptsWith };
  }
  const refusals = thrown instanceof PartialWriteError ? refusalsOf(thrown.refusals) : undefined;
  const once = { attempts: 1, attemptsWith: () => 1, undivided: new Set<number>() };
  return { thrown, ...judge(thrown, options), ...once, refusals };
}

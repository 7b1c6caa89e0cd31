import type { Chunk } from '../core/chunk.ts';
import { type DeadLetter, type DeadLetters, letterOf } from '../core/dead-letter.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { type FullSink, type Sink, withWrite } from '../core/sink.ts';
import { type ClassifyOptions, worstOf } from '../failures/index.ts';
import { type Answer, answerOf } from './answer.ts';
import { isAboutTheRecord, type Refusal } from './judge.ts';
import { UnsentError, WriteError, type WriteErrorCode } from './write-error.ts';

/** Options of `deadLettering`. */
export interface DeadLetteringOptions extends ClassifyOptions {
  /** Called when the letter of a refused record is safe. */
  readonly onSetAside?: (event: SetAsideEvent) => void;
}

export interface SetAsideEvent {
  readonly chunk: Chunk;
  /** Index of the record in the chunk, from 0. */
  readonly index: number;
  readonly letter: DeadLetter;
}

/** Letters that are given to their place at once, so that it can write them together. */
const MOST_AT_ONCE = 100;

/**
 * The sink, with each record that it refuses for good as a dead letter. A chunk counts as written when the others are
 * written and the letters are safe; what else the sink did not take fails it. `letters` stays open.
 * @throws `write` rejects with a `WriteError` that lists what is neither written nor set aside
 */
export function deadLettering<T>(
  sink: Sink<T>,
  letters: DeadLetters,
  options: DeadLetteringOptions = {},
): FullSink<T> {
  return withWrite(sink, async (chunk, context) => {
    try {
      await sink.write(chunk, context);
    } catch (error) {
      const answer = answerOf(error, options);
      if (answer.refusals === undefined || context.signal.aborted) throw error;
      await setAside(
        { sink: sink.name, chunk: chunk as Chunk, answer, refusals: answer.refusals, letters },
        options,
      );
    }
  });
}

/** A chunk of which some records are not taken. */
interface Leftover {
  readonly sink: string;
  readonly chunk: Chunk;
  readonly answer: Answer;
  readonly refusals: ReadonlyMap<number, Refusal>;
  readonly letters: DeadLetters;
}

async function setAside(leftover: Leftover, { onSetAside }: DeadLetteringOptions): Promise<void> {
  const { chunk, answer, refusals, letters } = leftover;
  const left = new Map(refusals);
  const refused = [...refusals].filter(
    ([index, { failure }]) => !answer.undivided.has(index) && isAboutTheRecord(failure),
  );
  const add = async ([index, refusal]: readonly [number, Refusal]) => {
    const letter = letterFor(chunk, index, refusal, answer);
    await letters.add(letter);
    left.delete(index);
    onSetAside?.({ chunk, index, letter });
  };
  for (let from = 0; from < refused.length; from += MOST_AT_ONCE) {
    const results = await Promise.allSettled(refused.slice(from, from + MOST_AT_ONCE).map(add));
    const failed = results.findIndex(({ status }) => status === 'rejected');
    if (failed >= 0) {
      const { reason } = results[failed] as PromiseRejectedResult;
      throw notSetAside(leftover, left, refused[from + failed]!, reason);
    }
  }
  if (refused.length === 0) throw answer.thrown;
  if (left.size > 0) throw notWritten(leftover, left);
}

function letterFor(chunk: Chunk, index: number, { error }: Refusal, { attemptsWith }: Answer): DeadLetter {
  const code = error instanceof PipelineError ? error.code : 'REFUSED_RECORD';
  return letterOf(chunk, index, {
    code,
    reason: messageOf(error),
    chunk: chunk.id,
    attempts: attemptsWith(index),
  });
}

/** The letter of a record did not become safe. */
function notSetAside(
  leftover: Leftover,
  left: ReadonlyMap<number, Refusal>,
  [index, { error }]: readonly [number, Refusal],
  cause: unknown,
): WriteError {
  const { sink, chunk } = leftover;
  const isFull = cause instanceof PipelineError && cause.code === 'TOO_MANY_INVALID';
  const place = `${chunk.describe(index)} (chunk ${(chunk.index + 1).toLocaleString('en-US')})`;
  const message = `${place} could not be set aside: ${messageOf(cause)} (${sink} has refused it: ${messageOf(error)})`;
  return new WriteError({
    ...leftoverOf(leftover, left),
    ...(isFull && { code: cause.code as 'TOO_MANY_INVALID' }),
    message: isFull ? cause.message : message,
    failure: { kind: 'run-wide', why: 'a dead letter that could not be kept' },
    cause,
  });
}

/** Some of the chunk was not taken for another reason than what it is. */
function notWritten(leftover: Leftover, left: ReadonlyMap<number, Refusal>): WriteError {
  const { thrown, failure, error } = leftover.answer;
  const met = [...left.values()].filter((each) => !(each.error instanceof UnsentError));
  return new WriteError({
    ...leftoverOf(leftover, left),
    code: thrown instanceof WriteError ? (thrown.code as WriteErrorCode) : 'WRITE_FAILED',
    failure: worstOf(met.map((each) => each.failure)) ?? failure,
    cause: met[0]?.error ?? error,
  });
}

function leftoverOf({ sink, chunk, answer }: Leftover, left: ReadonlyMap<number, Refusal>) {
  return {
    sink,
    chunk,
    attempts: answer.attempts,
    refusals: new Map(Array.from(left, ([index, { error }]) => [index, error])),
    undivided: new Set([...answer.undivided].filter((index) => left.has(index))),
  };
}

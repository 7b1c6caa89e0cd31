import { many } from 'stream-chain';
import {
  type Fn,
  getFunctionList,
  isFinalValue,
  isFlushable,
  isMany,
  isStop,
  type Many,
  none,
  stop,
} from 'stream-chain/defs.js';
import { dropNullSymbol, exec, flush, next, type Push, stopIndex } from 'stream-chain/exec.js';
import { expectKind } from '../core/options.ts';
import { Made, type Result } from './block-builder.ts';
import { RecordStage, type RecordStageOptions } from './record-stage.ts';

/**
 * What a function returns for a record beside an ordinary value: `many([…])` for several records, `none` for none,
 * `stop` for none and to end the run well. They are stream-chain's own.
 */
export { many, none, stop };

/** Options of `transform`. */
export type TransformOptions = RecordStageOptions;

/** What a function may return for a record. `null`, `undefined` and `none` filter it; `stop` ends the run well. */
export type TransformResult<Out> =
  | TransformValue<Out>
  | Promise<TransformValue<Out>>
  | Iterator<Out>
  | AsyncIterator<Out>;

export type TransformValue<Out> = Out | Many<Out> | null | undefined | typeof none | typeof stop;

/** A function that `transform` runs over records. */
export type TransformFunction<In, Out> = (record: In) => TransformResult<Out>;

/**
 * A stage that runs functions over records, with stream-chain's meaning of what they return: a value, `none`,
 * `many([…])`, `stop`, a promise, a generator. Several functions are composed into one stage.
 * Takes blocks or plain records, gives out blocks. A function that throws ends the run with the position of its record,
 * or the record becomes a dead letter (`onInvalid`).
 * @throws TypeError when something else than a function is given, RangeError when `concurrency` is out of its range
 */
export function transform<In, Out>(
  fn: TransformFunction<In, Out>,
  options?: TransformOptions,
): RecordStage<In, Out>;
export function transform<In, A, Out>(
  first: TransformFunction<In, A>,
  second: TransformFunction<A, Out>,
  options?: TransformOptions,
): RecordStage<In, Out>;
export function transform<In, A, B, Out>(
  first: TransformFunction<In, A>,
  second: TransformFunction<A, B>,
  third: TransformFunction<B, Out>,
  options?: TransformOptions,
): RecordStage<In, Out>;
export function transform<In, Out>(
  functions: readonly TransformFunction<never, unknown>[],
  options?: TransformOptions,
): RecordStage<In, Out>;
export function transform(...given: readonly unknown[]): RecordStage<unknown, unknown> {
  const isOptions = typeof given.at(-1) === 'object' && !Array.isArray(given.at(-1));
  const functions = (isOptions ? given.slice(0, -1) : given).flat(Number.POSITIVE_INFINITY);
  const options = (isOptions ? given.at(-1) : {}) as TransformOptions;
  expectKind('transform', functions[0], functions.length > 0, 'at least one function');
  for (const fn of functions) expectKind('transform', fn, typeof fn === 'function', 'a function');
  return new RecordStage(composed(functions as AnyFunction[]), options);
}

type AnyFunction = (value: unknown) => unknown;

/**
 * Calls the functions directly while what they return is an ordinary value, which is nearly always; anything else goes
 * on through stream-chain's executor, which stays synchronous where it can and keeps what was made before a `stop`.
 */
function composed(given: readonly AnyFunction[]) {
  const functions: Fn[] = getFunctionList(exec(given) as never);
  let flushFrom = 0;

  const apply = (record: unknown): Result<unknown> | Promise<Result<unknown>> => {
    let value = record;
    let at = 0;
    try {
      while (at < functions.length) {
        value = functions[at++]!(value);
        if (!isOrdinary(value)) return value == null || value === none ? FILTERED : execute(value, at);
      }
      return value;
    } catch (error) {
      if (!isStop(error)) throw error;
      flushFrom = at;
      return new Made([], true);
    }
  };

  const execute = (value: unknown, at: number) => {
    const whole = isThenable(value as object) ? Promise.resolve(value) : value;
    return collect((push) => next(whole, functions, at, push), noteStop);
  };

  const noteStop = (stop: unknown) => {
    flushFrom = stopIndex(stop, functions);
  };

  return {
    code: 'TRANSFORM_FAILED' as const,
    apply,
    ...(functions.some(isFlushable) && {
      flush: () => collect((push) => flush(functions, flushFrom, push), noteStop),
    }),
  };
}

const FILTERED = new Made<never>([]);

/** Whether it simply is the value, and not a sign of something else to the executor. */
function isOrdinary(value: unknown): boolean {
  if (typeof value !== 'object')
    return value !== undefined && typeof value !== 'symbol' && typeof value !== 'function';
  return (
    value !== null && !isThenable(value) && !isGenerator(value) && !isMany(value) && !isFinalValue(value)
  );
}

function isThenable(value: object): boolean {
  return typeof (value as { then?: unknown }).then === 'function';
}

function isGenerator(value: object): boolean {
  return typeof (value as { next?: unknown }).next === 'function';
}

/** All that a traversal pushes, also when it ends with a `stop`. */
function collect(
  traverse: (push: Push) => unknown,
  noteStop: (stop: unknown) => void,
): Result<unknown> | Promise<Result<unknown>> {
  const records: unknown[] = [];
  const push = Object.assign((made: unknown) => void records.push(made), DROPS_NULL);
  const stopped = (error: unknown) => {
    if (!isStop(error)) throw error;
    noteStop(error);
    return new Made(records, true);
  };
  try {
    const pending = traverse(push);
    if (typeof pending !== 'object' || pending === null || !isThenable(pending)) return resultOf(records);
    return Promise.resolve(pending).then(() => resultOf(records), stopped);
  } catch (error) {
    return stopped(error);
  }
}

/** Makes the executor drop `null` and `undefined` after every function, as a stream-chain of streams does. */
const DROPS_NULL = { [dropNullSymbol]: true };

function resultOf(records: readonly unknown[]): Result<unknown> {
  return records.length === 1 ? records[0] : new Made(records);
}

import { type Chunk, createChunk } from '../core/chunk.ts';
import { PartialWriteError } from '../core/errors.ts';
import { type SinkFunction, toSink } from '../core/function-sink.ts';
import {
  integerBetween,
  knownOptions,
  MAX_TIMER_MS,
  numberBetween,
  type OptionNames,
  oneOf,
} from '../core/options.ts';
import { type FullSink, type Sink, type WriteContext, withWrite } from '../core/sink.ts';
import { wait } from '../failures/index.ts';
import { FAULT_ERRORS, type FaultStyle } from './fault-errors.ts';
import { randomFrom, seedOf } from './random.ts';

/** How often each fault is met: a rate from 0 to 1, of the attempts to write a chunk. */
export interface FaultRates {
  /** The sink cannot be reached: nothing is written. @default 0 */
  readonly unreachable?: number;
  /** The sink asks for time: nothing is written. @default 0 */
  readonly throttle?: number;
  /** The sink refuses the chunk for its records: nothing is written. @default 0 */
  readonly refuse?: number;
  /** No answer comes, and nothing was written; the caller cannot know. @default 0 */
  readonly timeOut?: number;
  /** The connection is cut before anything is written; the caller cannot know. @default 0 */
  readonly cut?: number;
  /** The chunk is written, and the connection lost before the answer; the caller cannot know. @default 0 */
  readonly applyThenFail?: number;
  /** Some records are written, of the others the sink says that it is busy. @default 0 */
  readonly partial?: number;
  /** The write takes longer by up to `delayMs`, and may have another fault. @default 0 */
  readonly delay?: number;
}

/** Options of `faultySink`. */
export interface FaultySinkOptions extends FaultRates {
  /** An integer. The same seed gives the same faults to the same attempts, in whatever order they come. @default 1 */
  readonly seed?: number;
  /** Whose errors are raised. @default 'http' */
  readonly style?: FaultStyle;
  /** The longest delay, in milliseconds. @default 100 */
  readonly delayMs?: number;
  /** How a delay is waited for; it must end when the signal aborts. @default real timers */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What was injected into one attempt. */
export interface InjectedFault {
  readonly fault: keyof FaultRates;
  /** Id of the chunk. */
  readonly chunk: string;
  readonly attempt: number;
  /** Records of the chunk. */
  readonly records: number;
  /** Records that were written all the same: all of them with `applyThenFail`, some with `partial`. */
  readonly applied: number;
}

/** A sink of `faultySink`. */
export interface FaultySink<T = unknown> extends FullSink<T> {
  /** Every fault so far, in the order in which they came. */
  readonly log: readonly InjectedFault[];
}

/** In the order in which they are drawn: of several that an attempt draws it meets the first. */
const RATES: OptionNames<FaultRates> = {
  delay: true,
  unreachable: true,
  throttle: true,
  refuse: true,
  timeOut: true,
  cut: true,
  applyThenFail: true,
  partial: true,
};

const OPTIONS: OptionNames<FaultySinkOptions> = {
  ...RATES,
  seed: true,
  style: true,
  delayMs: true,
  wait: true,
};

/**
 * The sink, or function, with faults: each attempt to write draws what happens to it. So a pipeline can be rehearsed
 * before the day on which the network does this. What is meant by "written" is that the sink itself has taken it.
 * @throws TypeError or RangeError when an option is wrong
 * @example
 * const sink = faultySink(httpSink({ url }), { cut: 0.05, applyThenFail: 0.02, throttle: 0.1, seed: 7 });
 */
export function faultySink<T = unknown>(
  sink: Sink<T> | SinkFunction<T>,
  options: FaultySinkOptions = {},
): FaultySink<T> {
  check(options);
  const inner = toSink(sink);
  const log: InjectedFault[] = [];
  const faulty = withWrite(inner, (chunk, context) => writeWithFaults(inner, chunk, context, options, log));
  return { ...faulty, log };
}

function check(options: FaultySinkOptions): void {
  knownOptions('faultySink', options, OPTIONS);
  for (const name of Object.keys(RATES) as (keyof FaultRates)[])
    numberBetween(name, options[name] ?? 0, 0, 1);
  const { seed = 1, style = 'http', delayMs = 100 } = options;
  integerBetween('seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  oneOf('style', style, Object.keys(FAULT_ERRORS) as FaultStyle[]);
  numberBetween('delayMs', delayMs, 0, MAX_TIMER_MS);
}

async function writeWithFaults<T>(
  sink: Sink<T>,
  chunk: Chunk<T>,
  context: WriteContext,
  options: FaultySinkOptions,
  log: InjectedFault[],
): Promise<void> {
  const { seed = 1, style = 'http', delayMs = 100 } = options;
  const errors = FAULT_ERRORS[style];
  const random = randomFrom(seedOf(seed, chunk.id, context.attempt));
  const drawn = draw(options, random);
  const note = (fault: keyof FaultRates, applied: number) =>
    void log.push({ fault, chunk: chunk.id, attempt: context.attempt, records: chunk.count, applied });

  if (drawn.delete('delay')) {
    note('delay', 0);
    await (options.wait ?? wait)(Math.round(random() * delayMs), context.signal);
  }
  const [fault] = drawn as ReadonlySet<Exclude<keyof FaultRates, 'delay'>>;
  if (fault === 'partial' && chunk.count > 1) {
    const taken = 1 + Math.floor(random() * (chunk.count - 1));
    const part = createChunk({ index: chunk.index, blocks: [chunk.slice(0, taken)] });
    const refused = await refusedBy(sink, part, context);
    note('partial', taken - refused.length);
    const left = Array.from(
      { length: chunk.count - taken },
      (_, i) => [taken + i, errors.throttle()] as const,
    );
    throw new PartialWriteError(new Map([...refused, ...left]));
  }
  if (fault === undefined || fault === 'applyThenFail') await sink.write(chunk, context);
  if (fault === undefined) return;
  const met = fault === 'partial' ? 'throttle' : fault; // of a single record no part can be taken
  note(met, met === 'applyThenFail' ? chunk.count : 0);
  throw errors[met]();
}

/** What the sink itself does not take of a part. @throws what it says of the whole part */
async function refusedBy<T>(
  sink: Sink<T>,
  part: Chunk<T>,
  context: WriteContext,
): Promise<readonly (readonly [index: number, reason: unknown])[]> {
  try {
    await sink.write(part, context);
    return [];
  } catch (error) {
    if (error instanceof PartialWriteError) return [...error.refusals];
    throw error;
  }
}

/** As many numbers for every attempt, so that one rate does not change what the others draw. */
function draw(rates: FaultRates, random: () => number): Set<keyof FaultRates> {
  const names = Object.keys(RATES) as (keyof FaultRates)[];
  return new Set(names.filter((name) => random() < (rates[name] ?? 0)));
}

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CheckpointStore } from '../core/checkpoint.ts';
import type { DeadLetters } from '../core/dead-letter.ts';
import type { SinkFunction } from '../core/function-sink.ts';
import type { OptionNames } from '../core/options.ts';
import type { Sink } from '../core/sink.ts';
import type { RetryOptions } from '../delivery/retry-options.ts';
import type { SourceInput } from '../sources/to-sources.ts';
import type { OrderBy } from '../streams/key-order.ts';
import { READ_OPTIONS, type ReadOptions } from '../streams/read-records.ts';
import type { TransformFunction } from '../streams/transform.ts';
import type { Predicate } from '../streams/validate.ts';
import type { Progress } from './summary.ts';

/** How a run goes on where an earlier one of the same name has ended. */
export interface CheckpointOptions {
  /** Where the run notes how far it has come. @default the ledger of the sink, if it has one; else required */
  readonly store?: CheckpointStore;
  /** Name of the run. @default made of the names of the sources and the sink; required for streams and iterables */
  readonly run?: string;
  /**
   * Begins anew, whatever an earlier run has done. `if-finished`: only when that is finished. `if-outdated`: only when
   * that is finished, and its input, its pipeline or its note were others, or cannot be compared.
   * @default false
   */
  readonly restart?: boolean | 'if-finished' | 'if-outdated';
  /**
   * Changes when the same input is to become something else: a run does not go on with another version. Name it where
   * functions depend on more than their text. @default the text of `validate` and `transform`
   */
  readonly version?: string;
  /** Takes what has come behind the end of a source since, also when the run was finished. @default false */
  readonly allowGrowth?: boolean;
  /** Kept with the checkpoint, for whoever looks at it. */
  readonly note?: string;
}

/** Options of `BatchProcessor`. */
export interface BatchProcessorOptions<In = unknown, Out = In>
  extends Omit<ReadOptions, 'tally' | 'from' | 'finished' | 'pool' | 'watch' | 'signal' | 'onFailure'> {
  /** A path or glob, a URL, `-` for stdin, a Node or web stream, a `Response`, an (async) iterable, or several. */
  readonly source: SourceInput;
  /** Where the chunks go: a sink, or a function `async (records, { chunk, attempt, signal }) => …`. */
  readonly sink: Sink<Out> | SinkFunction<Out>;
  /** What each record must match before it is transformed: any Standard Schema, whose output goes on, or a predicate. */
  readonly validate?: StandardSchemaV1<unknown, In> | Predicate<In>;
  /** A function from a record to a record (or nothing, `many`, `stop`, a promise, a generator), or several in a row. */
  readonly transform?: TransformFunction<In, Out> | readonly TransformFunction<never, unknown>[];
  /** Records that an asynchronous `validate` or `transform` works on at once, 1 to 1,000. @default 1 */
  readonly transformConcurrency?: number;
  /**
   * Records per chunk, 100 to 10,000; a sink with a smaller limit lowers it. `adaptive` for as many as the sink takes
   * best. @default 1_000
   */
  readonly batchSize?: number | 'adaptive';
  /** Most bytes of a chunk. @default no bound but that of the sink */
  readonly maxBytes?: number;
  /** Milliseconds after which a chunk that is not full is written all the same. @default it waits for the end of the source */
  readonly maxWaitMs?: number;
  /** Chunks written at once, 1 to 64; `adaptive` for as many as the sink bears. @default 1 */
  readonly concurrency?: number | 'adaptive';
  /**
   * Records with the same key – a column, a dotted path, or what a function of the record tells – are written in the
   * order of the source: a chunk waits until earlier ones that hold one of its keys are written. @default no order
   */
  readonly orderBy?: OrderBy<NoInfer<Out>> | undefined;
  /** Notes how far the run has come, so that the same run, started again, goes on where this one ended. @default none */
  readonly checkpoint?: CheckpointOptions;
  /** How a chunk that fails is retried. @default 1 s, 2 s, 4 s, at most 30 s, 3 retries */
  readonly retry?: Omit<RetryOptions, 'stop'>;
  /**
   * Where records go that the sink refuses for good, and with `onInvalid: 'dead-letter'` those that are invalid; closed
   * at the end. @default nowhere: the first refused record ends the run
   */
  readonly deadLetters?: DeadLetters | undefined;
  /**
   * The most dead letters of a run: a count, or a ratio of the records read (such as `0.01`), once 1,000 are read. One
   * more ends it with the code `TOO_MANY_INVALID`. @default no bound
   */
  readonly maxInvalid?: number | undefined;
  /**
   * Stops the run: it reads no further, waits for no retry, finishes what is being written, saves the checkpoint and
   * rejects with the code `ABORTED`. What takes longer than `graceMs` is aborted.
   */
  readonly signal?: AbortSignal;
  /** Milliseconds that the `signal` leaves to finish what is being written; 0 aborts it at once. @default 30_000 */
  readonly graceMs?: number;
  /** Called when a source begins, after each chunk, and at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called with the name and the format of each source as it begins. */
  readonly onSource?: (source: { readonly source: string; readonly format: string }) => void;
}

const {
  tally: _tally,
  from: _from,
  finished: _finished,
  pool: _pool,
  watch: _watch,
  onFailure: _onFailure,
  ...READING
} = READ_OPTIONS;

export const PROCESSOR_OPTIONS: OptionNames<BatchProcessorOptions> = {
  ...READING,
  source: true,
  sink: true,
  validate: true,
  transform: true,
  transformConcurrency: true,
  batchSize: true,
  maxBytes: true,
  maxWaitMs: true,
  concurrency: true,
  orderBy: true,
  checkpoint: true,
  retry: true,
  maxInvalid: true,
  signal: true,
  graceMs: true,
  onProgress: true,
  onSource: true,
};

export const CHECKPOINT_OPTIONS: OptionNames<CheckpointOptions> = {
  store: true,
  run: true,
  restart: true,
  version: true,
  allowGrowth: true,
  note: true,
};

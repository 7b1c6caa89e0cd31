import { pipeline } from 'node:stream/promises';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CheckpointStore } from '../core/checkpoint.ts';
import type { DeadLetters } from '../core/dead-letter.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { type SinkFunction, toSink } from '../core/function-sink.ts';
import { expectKind, integerBetween, knownOptions, type OptionNames, pickOptions } from '../core/options.ts';
import type { Cursor } from '../core/position.ts';
import type { Sink } from '../core/sink.ts';
import { Tally } from '../core/tally.ts';
import { protect } from '../delivery/protect.ts';
import { RETRY_OPTIONS, type RetryOptions } from '../delivery/retry-options.ts';
import type { SourceInput } from '../sources/to-sources.ts';
import { ChunkTransform } from '../streams/chunk-transform.ts';
import { READ_OPTIONS, type ReadOptions, readRecords, type SourceEvent } from '../streams/read-records.ts';
import { RetryingWriter } from '../streams/retrying-writer.ts';
import type { EndsEarly } from '../streams/stage.ts';
import { type TransformFunction, transform } from '../streams/transform.ts';
import { type Predicate, type Schema, validate } from '../streams/validate.ts';
import { InvalidLimit } from './invalid-limit.ts';
import {
  countUnaccounted,
  type Progress,
  progressOf,
  rememberSummary,
  type Summary,
  summarize,
} from './summary.ts';

/** Options of `BatchProcessor`. */
export interface BatchProcessorOptions<In = unknown, Out = In> extends Omit<ReadOptions, 'tally'> {
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
  /** Records per chunk, 100 to 10,000; a sink with a smaller limit lowers it. @default 1_000 */
  readonly batchSize?: number;
  /** Most bytes of a chunk. @default no bound but that of the sink */
  readonly maxBytes?: number;
  /** Milliseconds after which a chunk that is not full is written all the same. @default it waits for the end of the source */
  readonly maxWaitMs?: number;
  /** Chunks written at once, 1 to 64. @default 1 */
  readonly concurrency?: number;
  /**
   * Where the run notes how far it has come, and under which name. A run that begins again goes on behind what is written:
   * what is before it is read again, and skipped.
   */
  readonly checkpoint?: { readonly store: CheckpointStore; readonly run: string };
  /** How a chunk that fails is retried. @default 1 s, 2 s, 4 s, at most 30 s, 3 retries */
  readonly retry?: RetryOptions;
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
  /** Called when a source begins, after each chunk, and at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called with the name and the format of each source as it begins. */
  readonly onSource?: (source: { readonly source: string; readonly format: string }) => void;
}

const { tally: _, ...READING } = READ_OPTIONS;

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
  checkpoint: true,
  retry: true,
  maxInvalid: true,
  onProgress: true,
  onSource: true,
};

/**
 * Reads, validates, transforms, chunks and writes, as one object.
 * @throws TypeError or RangeError when an option is wrong
 * @example
 * const summary = await new BatchProcessor({ source: 'orders.ndjson', sink: async (orders) => api.save(orders) }).run();
 */
export class BatchProcessor<In = unknown, Out = In> {
  readonly #options: BatchProcessorOptions<In, Out>;
  #current: CurrentRun | undefined;

  constructor(options: BatchProcessorOptions<In, Out>) {
    check(options);
    this.#options = options;
  }

  /**
   * Runs until the source is exhausted and every chunk is safe. May be called again for another run.
   * @returns the counts of the run
   * @throws PipelineError (or what a source or sink threw) when the run fails; `summaryOf(error)` tells how far it came
   */
  async run(): Promise<Summary> {
    const { onProgress, deadLetters, signal, checkpoint } = this.#options;
    const tally = new Tally();
    const limit = limitOf(this.#options, tally);
    const startedAt = performance.now();
    const elapsedMs = () => performance.now() - startedAt;
    const report = () => onProgress?.(progressOf(tally, elapsedMs()));
    const current: CurrentRun = { isStopped: false, chunker: undefined, from: undefined, limit };
    this.#current = current;
    let isOpen = false;
    try {
      signal?.throwIfAborted();
      await checkpoint?.store.open?.(checkpoint.run);
      isOpen = true;
      current.from = (await checkpoint?.store.load(checkpoint.run))?.cursor;
      const stages = createStages(this.#options, tally, report, current);
      if (current.isStopped) current.chunker?.endEarly();
      await runStages(stages, deadLetters);
      if (current.isStopped) throw new PipelineError({ code: 'ABORTED', message: 'The run was stopped' });
      limit.check();
      report();
      const summary = accounted(summarize(tally, elapsedMs()));
      await saveCheckpoint(checkpoint, current.from, 'finished');
      return summary;
    } catch (thrown) {
      const error =
        signal !== undefined && comesOf(signal, thrown) ? asAborted(signal, thrown) : asError(thrown);
      rememberSummary(error, summarize(tally, elapsedMs()));
      throw error;
    } finally {
      if (isOpen) await checkpoint?.store.close?.(checkpoint.run);
    }
  }

  /**
   * Reads no further, and brings the chunks that are being written to their end. Then `run()` rejects with the code
   * `ABORTED`, and output that must be complete does not appear. To stop at once, abort the `signal`.
   */
  stop(): void {
    if (this.#current === undefined) return;
    this.#current.isStopped = true;
    this.#current.chunker?.endEarly();
  }
}

interface CurrentRun {
  isStopped: boolean;
  chunker: EndsEarly | undefined;
  /** Where an earlier run has stopped, and how far this one has come since. */
  from: Cursor | undefined;
  readonly limit: InvalidLimit;
}

/** Wrong options are found before anything is opened. */
function check<In, Out>(options: BatchProcessorOptions<In, Out>): void {
  const isObject = typeof options === 'object' && options !== null;
  expectKind('options', options, isObject, 'an object with source and sink');
  expectKind('source', options.source, options.source !== undefined && options.source !== null, 'a source');
  knownOptions('BatchProcessor', options, PROCESSOR_OPTIONS);
  knownOptions('retry', options.retry ?? {}, RETRY_OPTIONS);
  const { signal: _signal, ...withoutSignal } = readingOf(options);
  const tally = new Tally();
  protect(toSink(options.sink), { ...options.retry, deadLetters: options.deadLetters });
  limitOf(options, tally);
  integerBetween('concurrency', options.concurrency ?? 1, 1, 64);
  createChunker(options, tally);
  createRecordStages(options, tally);
  readRecords(options.source, withoutSignal);
}

function limitOf<In, Out>(
  { maxInvalid, deadLetters }: BatchProcessorOptions<In, Out>,
  tally: Tally,
): InvalidLimit {
  const hasPlace = maxInvalid === undefined || deadLetters !== undefined;
  expectKind('deadLetters', deadLetters, hasPlace, 'a place for dead letters when maxInvalid is given');
  return new InvalidLimit(maxInvalid ?? Number.MAX_SAFE_INTEGER, tally);
}

async function runStages(
  stages: readonly NodeJS.ReadWriteStream[],
  letters: DeadLetters | undefined,
): Promise<void> {
  try {
    await pipeline(stages);
  } catch (error) {
    await letters?.close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
  await letters?.close();
}

function createStages<In, Out>(
  given: BatchProcessorOptions<In, Out>,
  tally: Tally,
  report: () => void,
  current: CurrentRun,
) {
  const { source, sink, retry, concurrency, signal, onSource, checkpoint } = given;
  const { from, limit } = current;
  const deadLetters = given.deadLetters && limit.around(given.deadLetters);
  const options = { ...given, deadLetters };
  const reader = readRecords<In>(source, {
    ...readingOf(options),
    tally,
    ...(from !== undefined && { from }),
  });
  reader.on('source', (event: SourceEvent) => {
    onSource?.(event);
    report();
  });
  const writer = new RetryingWriter<Out>(sink, {
    ...retry,
    tally,
    deadLetters,
    onWritten: async (chunk) => {
      current.from = chunk.end;
      await saveCheckpoint(checkpoint, chunk.end, 'running');
      limit.check();
      report();
    },
    isComplete: () => !current.isStopped && !limit.isExceeded,
    ...(concurrency !== undefined && { concurrency }),
    ...(signal !== undefined && { signal }),
  });
  const chunker = createChunker(options, tally);
  current.chunker = chunker;
  const stages = [reader, ...createRecordStages(options, tally), chunker, writer];
  return stages as readonly unknown[] as readonly NodeJS.ReadWriteStream[];
}

async function saveCheckpoint(
  checkpoint: BatchProcessorOptions['checkpoint'],
  cursor: Cursor | undefined,
  state: 'running' | 'finished',
): Promise<void> {
  const savedAt = new Date().toISOString();
  await checkpoint?.store.save(checkpoint.run, { ...(cursor !== undefined && { cursor }), state, savedAt });
}

/** The options that are the reader's. */
function readingOf<In, Out>(options: BatchProcessorOptions<In, Out>): ReadOptions {
  return pickOptions<ReadOptions>(options, READ_OPTIONS);
}

function createRecordStages<In, Out>(options: BatchProcessorOptions<In, Out>, tally: Tally) {
  const { onInvalid, deadLetters, transformConcurrency } = options;
  const shared = {
    tally,
    deadLetters,
    ...(onInvalid !== undefined && { onInvalid }),
    ...(transformConcurrency !== undefined && { concurrency: transformConcurrency }),
  };
  const functions = options.transform === undefined ? [] : [options.transform].flat();
  return [
    ...(options.validate === undefined ? [] : [validate(options.validate as Schema<unknown, In>, shared)]),
    ...(functions.length === 0
      ? []
      : [transform(functions as readonly TransformFunction<never, unknown>[], shared)]),
  ];
}

function createChunker<In, Out>(options: BatchProcessorOptions<In, Out>, tally: Tally): ChunkTransform<Out> {
  const { batchSize, maxBytes, maxWaitMs } = options;
  return new ChunkTransform<Out>({
    tally,
    ...(batchSize !== undefined && { batchSize }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxWaitMs !== undefined && { maxWaitMs }),
  });
}

/** A run that ended well has nothing to hide. */
function accounted(summary: Summary): Summary {
  const { read, added, written, filtered, deadLettered, unaccounted } = summary;
  const missing = read + added - written - filtered - deadLettered;
  if (missing === 0 && unaccounted.length === 0) return summary;
  const [first] = unaccounted;
  const place =
    first === undefined ? '' : `, the first of them ${first.source}: records ${first.from} to ${first.to}`;
  const message = `${missing || countUnaccounted(summary)} records were read and not written${place}`;
  throw new PipelineError({ code: 'RECORDS_UNACCOUNTED', message });
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

/** What was thrown, when it can carry a summary. */
function asError(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null) return thrown;
  return new PipelineError({
    code: 'SOURCE_FAILED',
    message: `The run failed: ${messageOf(thrown)}`,
    cause: thrown,
  });
}

function asAborted(signal: AbortSignal, thrown: unknown): PipelineError {
  if (thrown instanceof PipelineError && thrown.code === 'ABORTED') return thrown;
  const message = `The run was aborted: ${messageOf(signal.reason)}`;
  return new PipelineError({ code: 'ABORTED', message, cause: signal.reason });
}

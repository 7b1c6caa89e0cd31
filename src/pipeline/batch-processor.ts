import { pipeline } from 'node:stream/promises';
import type { DeadLetters } from '../core/dead-letter.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { toSink } from '../core/function-sink.ts';
import { PiecePool } from '../core/piece-pool.ts';
import { Tally } from '../core/tally.ts';
import { toSources } from '../sources/to-sources.ts';
import { KeepAsJson } from '../streams/keep-as-json.ts';
import { LeaveOutMade, partlyDone } from '../streams/leave-out-made.ts';
import { readRecords, type SourceEvent } from '../streams/read-records.ts';
import { RetryingWriter } from '../streams/retrying-writer.ts';
import type { EndsEarly } from '../streams/stage.ts';
import type { BatchProcessorOptions } from './batch-options.ts';
import { checkOptions, createChunker, createRecordStages, limitOf, readingOf } from './create-stages.ts';
import { Inputs } from './inputs.ts';
import type { InvalidLimit } from './invalid-limit.ts';
import { Resumption } from './resumption.ts';
import {
  countUnaccounted,
  type Pause,
  pausedAfter,
  progressOf,
  rememberSummary,
  type Summary,
  summarize,
} from './summary.ts';

export type { BatchProcessorOptions, CheckpointOptions } from './batch-options.ts';

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
    checkOptions(options);
    this.#options = options;
  }

  /**
   * Runs until the source is exhausted and every chunk is safe. May be called again for another run.
   * @returns the counts of the run
   * @throws PipelineError (or what a source or sink threw) when the run fails; `summaryOf(error)` tells how far it came
   */
  async run(): Promise<Summary> {
    const { onProgress, deadLetters, signal } = this.#options;
    const tally = new Tally();
    const limit = limitOf(this.#options, tally);
    const startedAt = performance.now();
    const elapsedMs = () => performance.now() - startedAt;
    const current: CurrentRun = {
      isStopped: false,
      chunker: undefined,
      writer: undefined,
      resumption: undefined,
      limit,
      pause: undefined,
    };
    const report = () => {
      const { pause, beganAt = 0 } = current.pause ?? {};
      const progress = progressOf(tally, elapsedMs(), current.writer?.pace);
      onProgress?.({ ...progress, ...pausedAfter(pause, performance.now() - beganAt) });
    };
    this.#current = current;
    try {
      signal?.throwIfAborted();
      const sources = await toSources(this.#options.source);
      const inputs = new Inputs(sources);
      const resumption = await Resumption.begin(this.#options, inputs, () => tally.deadLettered);
      current.resumption = resumption;
      if (current.isStopped || resumption?.finishedAt !== undefined) await deadLetters?.close();
      if (current.isStopped) throw stopped();
      if (resumption?.finishedAt !== undefined)
        return { ...summarize(tally, elapsedMs()), finishedAt: resumption.finishedAt };
      const stages = createStages({ ...this.#options, source: sources }, tally, inputs, report, current);
      await runStages(stages, deadLetters);
      if (current.isStopped) throw stopped();
      limit.check();
      report();
      const summary = accounted(summarize(tally, elapsedMs()));
      await resumption?.finish();
      return summary;
    } catch (thrown) {
      const error =
        signal !== undefined && comesOf(signal, thrown) ? asAborted(signal, thrown) : asError(thrown);
      rememberSummary(error, summarize(tally, elapsedMs()));
      throw error;
    } finally {
      await current.resumption?.end();
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
  writer: Pick<RetryingWriter, 'pace'> | undefined;
  resumption: Resumption | undefined;
  readonly limit: InvalidLimit;
  /** The last time for which the sink has asked. */
  pause: { readonly pause: Pause; readonly beganAt: number } | undefined;
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
  inputs: Inputs,
  report: () => void,
  current: CurrentRun,
) {
  const { source, sink, retry, concurrency, orderBy, signal, onSource } = given;
  const { resumption, limit } = current;
  const letters = given.deadLetters && (resumption?.around(given.deadLetters) ?? given.deadLetters);
  const deadLetters = letters && limit.around(letters);
  const options = { ...given, deadLetters };
  const from = resumption?.from;
  const { keepsNothing, takesJson } = toSink(sink);
  // what a transform makes shares no memory with the pieces
  const pool = keepsNothing === true || given.transform !== undefined ? new PiecePool() : undefined;
  const reader = readRecords<In>(source, {
    ...readingOf(options),
    tally,
    pool,
    ...(from !== undefined && { from }),
    ...(resumption !== undefined && { finished: resumption.finished, watch: inputs }),
  });
  reader.on('source', (event: SourceEvent) => {
    onSource?.(event);
    report();
  });
  const writer = new RetryingWriter<Out>(sink, {
    ...retry,
    tally,
    deadLetters,
    onPause: (event) => {
      const pause = { ms: event.delayMs, why: event.failure.why };
      current.pause = { pause, beganAt: performance.now() };
      retry?.onPause?.(event);
      report();
    },
    onWritten: (chunk) => {
      for (const block of chunk.blocks) pool?.giveBack(block);
      limit.check();
      report();
    },
    isComplete: () => !current.isStopped && !limit.isExceeded,
    ...(resumption !== undefined && {
      resume: resumption.context,
      onTaken: (chunk) => resumption.taken(chunk),
      onPartTaken: (part) => resumption.partTaken(part),
      onEnding: () => resumption.suspend(),
    }),
    ...(concurrency !== undefined && { concurrency: resumption?.isSequential ? 1 : concurrency }),
    orderBy,
    ...(signal !== undefined && { signal }),
  });
  current.writer = writer;
  const chunker = createChunker(options, tally);
  current.chunker = chunker;
  const parts = partlyDone(from, resumption?.finished ?? []);
  const done = parts.size > 0 ? [new LeaveOutMade(parts, tally)] : [];
  const keep =
    takesJson === true && orderBy === undefined
      ? [new KeepAsJson(keepsNothing === true ? pool : undefined)]
      : [];
  const stages = [reader, ...createRecordStages(options, tally, pool), ...done, ...keep, chunker, writer];
  return stages as readonly unknown[] as readonly NodeJS.ReadWriteStream[];
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

function stopped(): PipelineError {
  return new PipelineError({ code: 'ABORTED', message: 'The run was stopped' });
}

function asAborted(signal: AbortSignal, thrown: unknown): PipelineError {
  if (thrown instanceof PipelineError && thrown.code === 'ABORTED') return thrown;
  const message = `The run was aborted: ${messageOf(signal.reason)}`;
  return new PipelineError({ code: 'ABORTED', message, cause: signal.reason });
}

import { pipeline } from 'node:stream/promises';
import type { DeadLetters } from '../core/dead-letter.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { toSink } from '../core/function-sink.ts';
import { PiecePool } from '../core/piece-pool.ts';
import { Tally } from '../core/tally.ts';
import { watched } from '../core/watched.ts';
import { toSources } from '../sources/to-sources.ts';
import { KeepAsJson } from '../streams/keep-as-json.ts';
import { LeaveOutMade, partlyDone } from '../streams/leave-out-made.ts';
import { readRecords, type SourceEvent } from '../streams/read-records.ts';
import { RetryingWriter } from '../streams/retrying-writer.ts';
import type { BatchProcessorOptions } from './batch-options.ts';
import { checkOptions, createChunker, createRecordStages, limitOf, readingOf } from './create-stages.ts';
import { Inputs } from './inputs.ts';
import type { InvalidLimit } from './invalid-limit.ts';
import { Resumption } from './resumption.ts';
import { refuseSharedFiles } from './shared-files.ts';
import { Stopping, stopped, unlessStopped } from './stopping.ts';
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
    const { onProgress, deadLetters, signal, graceMs } = this.#options;
    const tally = new Tally();
    const limit = limitOf(this.#options, tally);
    const startedAt = performance.now();
    const elapsedMs = () => performance.now() - startedAt;
    const current: CurrentRun = {
      stopping: new Stopping(signal, graceMs),
      writer: undefined,
      resumption: undefined,
      limit,
      failure: undefined,
      fail: (error) => void current.writer?.destroy(error),
      pause: undefined,
    };
    const report = () => {
      const { pause, beganAt = 0 } = current.pause ?? {};
      const progress = progressOf(tally, elapsedMs(), current.writer?.pace);
      const told = { ...progress, ...pausedAfter(pause, performance.now() - beganAt) };
      watched(onProgress?.(told), current.fail);
    };
    const summary = () => summarize(tally, elapsedMs(), current.resumption?.letteredBefore);
    this.#current = current;
    const { stopping } = current;
    try {
      signal?.throwIfAborted();
      const sources = await toSources(this.#options.source);
      refuseSharedFiles(this.#options, sources);
      const inputs = new Inputs(sources);
      const resumption = await Resumption.begin(this.#options, inputs, () => tally.deadLettered);
      current.resumption = resumption;
      if (current.stopping.isStopped || resumption?.finishedAt !== undefined) await deadLetters?.close();
      if (current.stopping.isStopped) throw stopped(signal);
      if (resumption?.finishedAt !== undefined) return { ...summary(), finishedAt: resumption.finishedAt };
      const stages = createStages({ ...this.#options, source: sources }, tally, inputs, report, current);
      await runStages(stages, deadLetters);
      if (current.failure !== undefined) throw current.failure.error;
      if (current.stopping.isStopped) throw stopped(signal);
      limit.check();
      report();
      const outcome = accounted(summary());
      await resumption?.finish();
      return outcome;
    } catch (thrown) {
      const error = asError(unlessStopped(signal, thrown));
      rememberSummary(error, summary());
      throw error;
    } finally {
      stopping.end();
      await current.resumption?.end();
    }
  }

  /**
   * Reads no further, and brings the chunks that are being written to their end, however long that takes. Then `run()`
   * rejects with the code `ABORTED`, and output that must be complete does not appear. The `signal` does the same, and
   * bounds the time.
   */
  stop(): void {
    this.#current?.stopping.stop();
  }
}

interface CurrentRun {
  readonly stopping: Stopping;
  writer: (Pick<RetryingWriter, 'pace'> & { destroy(error: Error): unknown }) | undefined;
  resumption: Resumption | undefined;
  readonly limit: InvalidLimit;
  /** What the source has failed with. What was read before is written. */
  failure: { readonly error: unknown } | undefined;
  readonly fail: (error: Error) => void;
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
  const { source, sink, retry, concurrency, orderBy, onSource } = given;
  const { resumption, limit, stopping } = current;
  const letters = given.deadLetters && (resumption?.around(given.deadLetters) ?? given.deadLetters);
  const deadLetters = letters && limit.around(letters);
  const options = { ...given, deadLetters };
  const from = resumption?.from;
  const { keepsNothing, takesJson } = toSink(sink);
  // what a transform makes shares no memory with the pieces
  const pool = keepsNothing === true || given.transform !== undefined ? new PiecePool() : undefined;
  const isCut = () => current.failure !== undefined;
  const reader = readRecords<In>(source, {
    ...readingOf(options),
    tally,
    pool,
    signal: stopping.signal,
    onFailure: (error) => {
      current.failure = { error };
    },
    ...(from !== undefined && { from }),
    ...(resumption !== undefined && { finished: resumption.finished, watch: inputs }),
  });
  reader.on('source', (event: SourceEvent) => {
    watched(onSource?.(event), current.fail);
    report();
  });
  const writer = new RetryingWriter<Out>(sink, {
    ...retry,
    tally,
    deadLetters,
    onPause: (event) => {
      const pause = { ms: event.delayMs, why: event.failure.why };
      current.pause = { pause, beganAt: performance.now() };
      watched(retry?.onPause?.(event), current.fail);
      report();
    },
    onWritten: (chunk) => {
      for (const block of chunk.blocks) pool?.giveBack(block);
      limit.check();
      report();
    },
    isComplete: () => !stopping.isStopped && !limit.isExceeded && !isCut(),
    ...(resumption !== undefined && {
      resume: resumption.context,
      onTaken: (chunk) => resumption.taken(chunk),
      onPartTaken: (part) => resumption.partTaken(part),
      onEnding: () => resumption.suspend(),
    }),
    ...(concurrency !== undefined && { concurrency: resumption?.isSequential ? 1 : concurrency }),
    orderBy,
    stop: stopping.stopSignal,
    signal: stopping.signal,
  });
  current.writer = writer;
  const chunker = createChunker(options, tally, isCut);
  stopping.stopSignal.addEventListener('abort', () => chunker.endEarly(), { once: true });
  const parts = partlyDone(from, resumption?.finished ?? []);
  const done = parts.size > 0 ? [new LeaveOutMade(parts, tally)] : [];
  const keep =
    takesJson === true && orderBy === undefined
      ? [new KeepAsJson(keepsNothing === true ? pool : undefined)]
      : [];
  const stages = [
    reader,
    ...createRecordStages(options, tally, { pool, isCut }),
    ...done,
    ...keep,
    chunker,
    writer,
  ];
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

/** What was thrown, when it can carry a summary. */
function asError(thrown: unknown): unknown {
  if (typeof thrown === 'object' && thrown !== null) return thrown;
  return new PipelineError({
    code: 'SOURCE_FAILED',
    message: `The run failed: ${messageOf(thrown)}`,
    cause: thrown,
  });
}

import { toSink } from '../core/function-sink.ts';
import { expectKind, knownOptions, pickOptions } from '../core/options.ts';
import { Tally } from '../core/tally.ts';
import { protect } from '../delivery/protect.ts';
import { RETRY_OPTIONS } from '../delivery/retry-options.ts';
import { ChunkTransform } from '../streams/chunk-transform.ts';
import { checkOrderBy } from '../streams/key-order.ts';
import { checkConcurrency } from '../streams/pace.ts';
import { READ_OPTIONS, type ReadOptions, readRecords } from '../streams/read-records.ts';
import type { RecordStageOptions } from '../streams/record-stage.ts';
import { type TransformFunction, transform } from '../streams/transform.ts';
import { type Schema, validate } from '../streams/validate.ts';
import { type BatchProcessorOptions, CHECKPOINT_OPTIONS, PROCESSOR_OPTIONS } from './batch-options.ts';
import { InvalidLimit } from './invalid-limit.ts';
import { isNameable } from './run-name.ts';
import { checkGrace } from './stopping.ts';

/** A run is stopped by its own signal. */
const { stop: _stop, ...RUN_RETRY_OPTIONS } = RETRY_OPTIONS;

/** Wrong options are found before anything is opened. */
export function checkOptions<In, Out>(options: BatchProcessorOptions<In, Out>): void {
  const isObject = typeof options === 'object' && options !== null;
  expectKind('options', options, isObject, 'an object with source and sink');
  expectKind('source', options.source, options.source !== undefined && options.source !== null, 'a source');
  knownOptions('BatchProcessor', options, PROCESSOR_OPTIONS);
  knownOptions('retry', options.retry ?? {}, RUN_RETRY_OPTIONS);
  checkKinds(options);
  checkCheckpoint(options);
  checkGrace(options.graceMs);
  const tally = new Tally();
  protect(toSink(options.sink), { ...options.retry, deadLetters: options.deadLetters });
  limitOf(options, tally);
  checkConcurrency(options.concurrency ?? 1);
  if (options.orderBy !== undefined) checkOrderBy(options.orderBy);
  createChunker(options, tally);
  createRecordStages(options, tally);
  readRecords(options.source, readingOf(options));
}

function checkKinds<In, Out>({ signal, onProgress, onSource }: BatchProcessorOptions<In, Out>): void {
  expectKind('signal', signal, signal === undefined || signal instanceof AbortSignal, 'an AbortSignal');
  for (const [name, callback] of Object.entries({ onProgress, onSource }))
    expectKind(name, callback, callback === undefined || typeof callback === 'function', 'a function');
}

function checkCheckpoint<In, Out>({ checkpoint, source, sink }: BatchProcessorOptions<In, Out>): void {
  if (checkpoint === undefined) return;
  knownOptions('checkpoint', checkpoint, CHECKPOINT_OPTIONS);
  const { store = toSink(sink).ledger, run, restart = false } = checkpoint;
  const isRestart = typeof restart === 'boolean' || restart === 'if-finished' || restart === 'if-outdated';
  expectKind('checkpoint.restart', restart, isRestart, 'true, false, "if-finished" or "if-outdated"');
  const isStore = typeof store?.load === 'function' && typeof store.save === 'function';
  expectKind('checkpoint.store', store, isStore, 'a checkpoint store, since the sink has no ledger');
  const isNamed = run === undefined ? isNameable(source) : typeof run === 'string' && run !== '';
  expectKind('checkpoint.run', run, isNamed, 'the name of the run, since a stream has none');
}

/** The options that are the reader's. */
export function readingOf<In, Out>(options: BatchProcessorOptions<In, Out>): ReadOptions {
  const { signal: _signal, ...others } = options;
  return pickOptions<ReadOptions>(others, READ_OPTIONS);
}

/** The stages between reader and chunker. */
export function createRecordStages<In, Out>(
  options: BatchProcessorOptions<In, Out>,
  tally: Tally,
  { pool, isCut }: Pick<RecordStageOptions, 'pool' | 'isCut'> = {},
) {
  const { onInvalid, deadLetters, transformConcurrency } = options;
  const shared = {
    tally,
    pool,
    isCut,
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

export function createChunker<In, Out>(
  options: BatchProcessorOptions<In, Out>,
  tally: Tally,
  isCut?: () => boolean,
): ChunkTransform<Out> {
  const { batchSize, maxBytes, maxWaitMs } = options;
  return new ChunkTransform<Out>({
    tally,
    isCut,
    ...(batchSize !== undefined && { batchSize }),
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxWaitMs !== undefined && { maxWaitMs }),
  });
}

export function limitOf<In, Out>(
  { maxInvalid, deadLetters }: BatchProcessorOptions<In, Out>,
  tally: Tally,
): InvalidLimit {
  const hasPlace = maxInvalid === undefined || deadLetters !== undefined;
  expectKind('deadLetters', deadLetters, hasPlace, 'a place for dead letters when maxInvalid is given');
  return new InvalidLimit(maxInvalid ?? Number.MAX_SAFE_INTEGER, tally);
}

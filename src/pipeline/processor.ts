import type { Chunk } from '../core/chunk.ts';
import { functionSink } from '../core/function-sink.ts';
import { expectKind } from '../core/options.ts';
import type { Sink, WriteContext } from '../core/sink.ts';
import { BatchProcessor, type BatchProcessorOptions } from './batch-processor.ts';
import type { Summary } from './summary.ts';

/** What the function is told beside the records. */
export interface ProcessContext<T> extends WriteContext {
  /** The chunk: its id, its positions. It holds one record when the function runs per record. */
  readonly chunk: Chunk<T>;
}

type Shared<In, Out> = Omit<BatchProcessorOptions<In, Out>, 'sink' | 'batchSize' | 'maxBytes' | 'maxWaitMs'>;

/** Options of a `Processor` that runs per record. */
export interface RecordProcessorOptions<In = unknown, Out = In> extends Shared<In, Out> {
  /** Runs once for each record, and again after a failure that may pass. */
  readonly process: (record: Out, context: ProcessContext<Out>) => unknown;
  readonly batchSize?: undefined;
}

/** Options of a `Processor` that runs per chunk. */
export interface ChunkProcessorOptions<In = unknown, Out = In> extends Shared<In, Out> {
  /** Runs once for each chunk, and again after a failure that may pass. */
  readonly process: (records: readonly Out[], context: ProcessContext<Out>) => unknown;
  /** Records per chunk, 100 to 10,000; `adaptive` for as many as the function takes best. */
  readonly batchSize: number | 'adaptive';
}

/**
 * Runs a function for each record of a source – or for each chunk, when given `batchSize` – with the retries, counts,
 * progress and dead letters of a `BatchProcessor`.
 * @throws TypeError or RangeError when an option is wrong
 * @example
 * await new Processor({ source: 'users.csv', process: (user) => sendWelcome(user), concurrency: 8 }).run();
 */
export class Processor<In = unknown, Out = In> {
  readonly #run: () => Promise<Summary>;

  constructor(options: RecordProcessorOptions<In, Out> | ChunkProcessorOptions<In, Out>) {
    const { process: fn, batchSize, ...shared } = options;
    expectKind('process', fn, typeof fn === 'function', 'a function');
    const sink =
      batchSize === undefined
        ? perRecord(options as RecordProcessorOptions<In, Out>)
        : perChunk(options as ChunkProcessorOptions<In, Out>);
    const processor = new BatchProcessor<In, Out>({ ...shared, batchSize, sink } as BatchProcessorOptions<
      In,
      Out
    >);
    this.#run = () => processor.run();
  }

  /**
   * Runs until the function has taken every record. May be called again for another run.
   * @throws PipelineError when the run fails; `summaryOf(error)` tells how far it came
   */
  run(): Promise<Summary> {
    return this.#run();
  }
}

function perRecord<In, Out>({ process: fn }: RecordProcessorOptions<In, Out>): Sink<Out> {
  const sink = functionSink<Out>(([record], context) => fn(record!, context), { name: nameOf(fn) });
  return { ...sink, limits: { records: 1 } };
}

function perChunk<In, Out>({ process: fn }: ChunkProcessorOptions<In, Out>): Sink<Out> {
  return functionSink(fn, { name: nameOf(fn) });
}

function nameOf(fn: { readonly name: string }): string {
  return fn.name === '' ? 'process' : fn.name;
}

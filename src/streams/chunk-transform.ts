import type { Chunk } from '../core/chunk.ts';
import { Chunker } from '../core/chunker.ts';
import {
  integerBetween,
  integerOrAdaptive,
  knownOptions,
  MAX_TIMER_MS,
  type OptionNames,
} from '../core/options.ts';
import { isRecordBlock, type RecordBlock } from '../core/record-block.ts';
import { checkLimits, type SinkLimits } from '../core/sink.ts';
import { Tally } from '../core/tally.ts';
import { AdaptiveBatchSize } from '../delivery/adaptive-batch-size.ts';
import { refuseBytes, Stage } from './stage.ts';

export const MIN_BATCH_SIZE = 100;
export const MAX_BATCH_SIZE = 10_000;
const DEFAULT_BATCH_SIZE = 1_000;
/** Records of the next chunk that are collected while nobody can take it. */
const MOST_AHEAD = DEFAULT_BATCH_SIZE;

/** Who takes the chunks. */
export interface ChunkTaker {
  /** It takes no chunk before it has done with another. */
  readonly isBusy: boolean;
  /** Calls back, once, when it is no more. */
  onceFree(callback: () => void): void;
}

/** Options of `ChunkTransform`. */
export interface ChunkTransformOptions {
  /**
   * Records per chunk, 100 to 10,000; `adaptive` for as many as the sink of the `RetryingWriter` that is piped to takes
   * best, beginning with 1,000. @default 1_000
   */
  readonly batchSize?: number | 'adaptive';
  /** Most bytes of a chunk, as the records are in the source or as JSON. A larger record is a chunk of its own. @default no bound */
  readonly maxBytes?: number;
  /** Milliseconds after which a chunk that is not full goes out all the same. @default it waits for the end of the input */
  readonly maxWaitMs?: number;
  /** What the sink takes at most; lowers `batchSize` and `maxBytes`. A `RetryingWriter` that is piped to sets it itself. */
  readonly limits?: SinkLimits;
  /** Name of the source, for plain records. @default 'records' */
  readonly name?: string;
  /** Counts of the run. */
  readonly tally?: Tally;
  /**
   * Asked at the end of the input: whether more was to come. Then a chunk that is not full stays unwritten, so that the
   * next run divides the records as this one would have. @default false
   */
  readonly isCut?: (() => boolean) | undefined;
}

export const CHUNK_OPTIONS: OptionNames<ChunkTransformOptions> = {
  batchSize: true,
  maxBytes: true,
  maxWaitMs: true,
  limits: true,
  name: true,
  tally: true,
  isCut: true,
};

/**
 * Collects records into chunks: blocks of records, or plain records of any object-mode stream, in; `Chunk`s out.
 * The last partial chunk comes at the end of the input, exactly once, and no chunk is ever empty. While one chunk waits
 * to be taken, at most one other is filled; of a large one no more than 1,000 records while a `RetryingWriter` is busy,
 * so that there is about one chunk in memory.
 * @throws RangeError when an option is out of its range
 */
export class ChunkTransform<T = unknown> extends Stage<RecordBlock<T> | T, Chunk<T>> {
  /** What decides of the size, when it is adaptive: to be told how long writes take. */
  readonly adaptiveSize: AdaptiveBatchSize | undefined;
  readonly #tally: Tally;
  readonly #isCut: () => boolean;
  readonly #name: string;
  readonly #maxWaitMs: number;
  readonly #chunker: Chunker<T>;
  #plainRead = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOverdue = false;
  #isStopped = false;
  #taker: ChunkTaker | undefined;

  constructor(options: ChunkTransformOptions = {}) {
    knownOptions('ChunkTransform', options, CHUNK_OPTIONS);
    const {
      batchSize = DEFAULT_BATCH_SIZE,
      maxBytes = Number.POSITIVE_INFINITY,
      maxWaitMs = Number.POSITIVE_INFINITY,
    } = options;
    const { limits = {}, name = 'records', tally = new Tally(), isCut = () => false } = options;
    integerOrAdaptive('batchSize', batchSize, MIN_BATCH_SIZE, MAX_BATCH_SIZE);
    if (maxBytes !== Number.POSITIVE_INFINITY)
      integerBetween('maxBytes', maxBytes, 1, Number.MAX_SAFE_INTEGER);
    if (maxWaitMs !== Number.POSITIVE_INFINITY) integerBetween('maxWaitMs', maxWaitMs, 1, MAX_TIMER_MS);
    super();
    refuseBytes(this);
    this.#tally = tally;
    this.#isCut = isCut;
    this.#name = name;
    this.#maxWaitMs = maxWaitMs;
    const bounds = { min: MIN_BATCH_SIZE, max: MAX_BATCH_SIZE, initial: DEFAULT_BATCH_SIZE };
    const adaptive = batchSize === 'adaptive' ? new AdaptiveBatchSize(bounds) : undefined;
    this.adaptiveSize = adaptive;
    const records = adaptive === undefined ? (batchSize as number) : () => adaptive.size;
    this.#chunker = new Chunker<T>({ records, bytes: maxBytes, source: name });
    this.respect(limits);
  }

  /** Lowers the size of chunks to what a sink takes. Before the first record, or between two chunks. */
  respect(limits: SinkLimits): void {
    checkLimits(limits);
    const { records = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = limits;
    this.adaptiveSize?.lower(records);
    this.#chunker.lower({ records, bytes });
  }

  /** Reads no further than it must while `taker` is busy. */
  waitFor(taker: ChunkTaker): void {
    this.#taker = taker;
  }

  override _write(
    item: RecordBlock<T> | T,
    encoding: string,
    callback: (error?: Error | null) => void,
  ): void {
    const goOn = (error?: Error | null) => this.#whenWanted(callback, error);
    if (isRecordBlock(item)) {
      super._write(item, encoding, goOn);
      return;
    }
    this.#countPlain();
    if (!this.#chunker.collect(item)) {
      super._write(item, encoding, goOn);
      return;
    }
    this.#startTimer();
    goOn();
  }

  /** Makes no further chunk: what has been read and is in none stays unwritten. */
  override endEarly(): void {
    this.#isStopped = true;
    this.#stopTimer();
    super.endEarly();
  }

  protected override *process(item: RecordBlock<T> | T): Generator<Chunk<T>, void> {
    if (this.#isStopped) return;
    for (const chunk of this.#chunker.add(item)) {
      this.#stopTimer();
      yield chunk;
      if (this.#isStopped) return;
    }
    this.#startTimer();
  }

  protected override *finish(): Generator<Chunk<T>, void> {
    this.#stopTimer();
    const last = this.#isStopped || this.#isCut() ? undefined : this.#chunker.cut();
    if (last !== undefined) yield last;
    for (const range of this.#chunker.remainder()) this.#tally.settle(range);
  }

  override _read(): void {
    if (this.#isOverdue) this.#giveCut();
    super._read();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stopTimer();
    super._destroy(error, callback);
  }

  #whenWanted(callback: (error?: Error | null) => void, error: Error | null | undefined): void {
    const isAhead = this.#chunker.waiting > MOST_AHEAD && this.#taker?.isBusy === true;
    if (isAhead && !error) this.#taker?.onceFree(callback);
    else callback(error);
  }

  #countPlain(): void {
    this.#tally.read++;
    this.#tally.seeRecord(this.#name, 0, ++this.#plainRead);
  }

  #startTimer(): void {
    if (this.#timer !== undefined || this.#maxWaitMs === Number.POSITIVE_INFINITY) return;
    if (this.#chunker.waiting > 0) this.#timer = setTimeout(() => this.#cutNow(), this.#maxWaitMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isOverdue = false;
  }

  /** Where the chunk before has not been taken yet, this one goes on being filled until it is. */
  #cutNow(): void {
    this.#isOverdue = this.readableLength > 0;
    if (!this.#isOverdue) this.#giveCut();
  }

  #giveCut(): void {
    this.#stopTimer();
    const chunk = this.#chunker.cut();
    if (chunk !== undefined) this.push(chunk);
  }
}

import { Writable } from 'node:stream';
import { type Chunk, createChunk, type SourceRange } from '../core/chunk.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { type SinkFunction, toSink } from '../core/function-sink.ts';
import { expectKind, knownOptions, type OptionNames } from '../core/options.ts';
import { isRecordBlock } from '../core/record-block.ts';
import type { FullSink, ResumeContext, Sink } from '../core/sink.ts';
import { Tally } from '../core/tally.ts';
import { watched } from '../core/watched.ts';
import { DELIVERY_OPTIONS, type DeliveryOptions, protect } from '../delivery/protect.ts';
import { UnsentError, WriteError } from '../delivery/write-error.ts';
import { refuseShared } from '../files/shared-file.ts';
import { ChunkCounts } from './chunk-counts.ts';
import { type ChunkTaker, ChunkTransform } from './chunk-transform.ts';
import { checkOrderBy, KeyOrder, type OrderBy } from './key-order.ts';
import { Pace, type WritingPace } from './pace.ts';

/** Options of `RetryingWriter`. */
export interface RetryingWriterOptions<T = unknown> extends DeliveryOptions {
  /**
   * Chunks written at once, 1 to 64; `adaptive` for as many as the sink bears. That many are in memory, and one that is
   * filled. @default 1
   */
  readonly concurrency?: number | 'adaptive';
  /**
   * Records with the same key – a column, a dotted path, or what a function of the record tells – are written in the
   * order of the source: a chunk waits until earlier ones that hold one of its keys are written. @default no order
   */
  readonly orderBy?: OrderBy<T> | undefined;
  /** Called in the order of the source, when a chunk and all before it are written. */
  readonly onWritten?: (chunk: Chunk) => void | Promise<void>;
  /** Called when a chunk is written, whatever has become of those before it; the next but `concurrency` waits for it. */
  readonly onTaken?: (chunk: Chunk) => void | Promise<void>;
  /** Called with records that are written, or set aside, although their chunk may fail. */
  readonly onPartTaken?: (part: SourceRange) => void;
  /** Called when nothing is being written any more, before the sink is closed. */
  readonly onEnding?: () => void | Promise<void>;
  /** What the sink is told, when it is opened, of the runs before this one. @default that there is none to go on from */
  readonly resume?: ResumeContext;
  /** Asked at the end of the input: whether it was the whole input, so that output may appear under its final name. @default true */
  readonly isComplete?: () => boolean;
  /** Stops the writing: attempts are aborted, waits end at once. */
  readonly signal?: AbortSignal;
  /** Counts of the run. */
  readonly tally?: Tally;
}

const WRITER_OPTIONS: OptionNames<RetryingWriterOptions> = {
  ...DELIVERY_OPTIONS,
  concurrency: true,
  orderBy: true,
  onWritten: true,
  onTaken: true,
  onPartTaken: true,
  onEnding: true,
  resume: true,
  isComplete: true,
  signal: true,
  tally: true,
};

/**
 * The end of a pipeline: writes chunks into a sink, or with a function, and retries what fails for a passing reason. A
 * record that the sink refuses for good goes to `deadLetters`, which stay open; without them it ends the run. When the
 * writer finishes, every chunk is safe and the sink is closed. Takes chunks (and blocks, each written as one chunk).
 * @throws RangeError or TypeError when an option is wrong; fails with a `WriteError` when a chunk could not be written
 */
export class RetryingWriter<T = unknown> extends Writable implements ChunkTaker {
  readonly #sink: FullSink<T>;
  readonly #counts: ChunkCounts;
  readonly #pace: Pace<T>;
  readonly #order: KeyOrder<T> | undefined;
  readonly #onWritten: RetryingWriterOptions['onWritten'];
  readonly #onTaken: RetryingWriterOptions['onTaken'];
  readonly #onEnding: RetryingWriterOptions['onEnding'];
  readonly #resume: ResumeContext | undefined;
  readonly #isComplete: () => boolean;
  readonly #stopping = new AbortController();
  readonly #signal: AbortSignal;
  #blocks = 0;
  #inOrder: Promise<void> = Promise.resolve();
  readonly #unsettled = new Set<Promise<void>>();
  #onRoom: (() => void) | undefined;
  #onFree: (() => void) | undefined;
  #isOpen = false;

  constructor(sink: Sink<T> | SinkFunction<T>, options: RetryingWriterOptions<T> = {}) {
    knownOptions('RetryingWriter', options, WRITER_OPTIONS);
    const { concurrency = 1, orderBy, tally = new Tally(), signal, ...others } = options;
    const { onWritten, onTaken, onPartTaken, onEnding, resume, isComplete, ...delivery } = others;
    const pace = new Pace<T>(concurrency);
    if (orderBy !== undefined) checkOrderBy(orderBy);
    refuseShared({ what: 'deadLetters', file: delivery.deadLetters?.file }, [
      { what: 'sink', file: toSink(sink).file },
    ]);
    protect(toSink(sink), delivery); // once it is a stream it opens its sink, even when its constructor throws
    super({ objectMode: true, highWaterMark: 1 });
    this.#pace = pace;
    this.#order = orderBy === undefined || concurrency === 1 ? undefined : new KeyOrder(orderBy);
    this.#counts = new ChunkCounts(tally, onPartTaken);
    this.#onWritten = onWritten;
    this.#onTaken = onTaken;
    this.#onEnding = onEnding;
    this.#resume = resume;
    this.#isComplete = isComplete ?? (() => true);
    this.#signal =
      signal === undefined ? this.#stopping.signal : AbortSignal.any([signal, this.#stopping.signal]);
    const onRetry: DeliveryOptions['onRetry'] = (event) => {
      tally.retries++;
      tally.possibleDuplicates += event.possibleDuplicates;
      watched(delivery.onRetry?.(event), (error) => this.destroy(error));
    };
    const onSetAside: DeliveryOptions['onSetAside'] = (event) => {
      this.#counts.countSetAside(event);
      watched(delivery.onSetAside?.(event), (error) => this.destroy(error));
    };
    const jitter = delivery.jitter ?? (concurrency === 1 ? 'none' : 'full');
    const policy = { ...delivery, jitter, onRetry, onSetAside };
    this.#sink = protect(pace.around(toSink(sink), delivery), policy);
    this.#abortWith(signal);
    this.on('pipe', (upstream) => {
      if (!(upstream instanceof ChunkTransform)) return;
      if (this.#sink.limits !== undefined) upstream.respect(this.#sink.limits);
      pace.decideOf(upstream.adaptiveSize);
      upstream.waitFor(this);
    });
  }

  /** How chunks are being written now; `undefined` while that is one after another, all of one size. */
  get pace(): WritingPace | undefined {
    return this.#pace.current(this.#unsettled.size);
  }

  /** Whether as many chunks are being written as may be, or the sink is not open yet and one waits. */
  get isBusy(): boolean {
    return this.writableLength > 0;
  }

  /** For the `ChunkTransform` that is piped to it. */
  onceFree(callback: () => void): void {
    this.#onFree = callback;
  }

  override _construct(callback: (error?: Error | null) => void): void {
    if (this.#signal.aborted) {
      callback(abortedBy(this.#signal));
      return;
    }
    const resume = this.#resume;
    this.#sink.open({ signal: this.#signal, ...(resume !== undefined && { resume }) }).then(
      () => {
        this.#isOpen = true;
        callback();
      },
      (error: unknown) => callback(this.destroyed ? null : this.#sinkFailure('opened', error)),
    );
  }

  override _write(item: Chunk<T>, _encoding: string, callback: (error?: Error | null) => void): void {
    try {
      this.#start(this.#chunkOf(item));
    } catch (error) {
      callback(error as Error);
      return;
    }
    this.#onRoom = callback;
    this.#letIn();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#inOrder
      .then(() => this.#onEnding?.())
      .then(() => this.#close(this.#isComplete()))
      .then(
        () => callback(),
        (error: unknown) => callback(error as Error),
      );
  }

  /** What is being written when something else fails is brought to its end; a plain `destroy()` or an abort stops it. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (error === null || error.name === 'AbortError') this.#stopping.abort(error ?? undefined);
    Promise.allSettled(this.#unsettled)
      .then(() => (this.#isOpen ? this.#onEnding?.() : undefined))
      .catch(() => {}) // the error that ends the run is the one to tell
      .then(() => this.#close(false))
      .then(
        () => callback(error),
        (closeError: unknown) => callback(error ?? (closeError as Error)),
      );
  }

  #abortWith(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const abort = () => void this.destroy(abortedBy(signal));
    signal.addEventListener('abort', abort, { once: true });
    this.once('close', () => signal.removeEventListener('abort', abort));
  }

  #chunkOf(item: unknown): Chunk<T> {
    const expected = 'a chunk (put a ChunkTransform before the RetryingWriter)';
    expectKind('RetryingWriter input', item, isRecordBlock(item), expected);
    return 'ranges' in (item as object)
      ? (item as Chunk<T>)
      : createChunk<T>({ index: this.#blocks++, blocks: [item as Chunk<T>] });
  }

  #start(chunk: Chunk<T>): void {
    const settled = this.#settle(chunk, this.#inOrder);
    this.#inOrder = settled;
    this.#unsettled.add(settled);
    settled.then(
      () => {
        this.#unsettled.delete(settled);
        this.#letIn();
      },
      (error: unknown) => this.destroy(error as Error),
    );
  }

  /** Written as soon as it can be, reported in its turn. */
  async #settle(chunk: Chunk<T>, before: Promise<void>): Promise<void> {
    const written = this.#order?.run(chunk, () => this.#deliver(chunk)) ?? this.#deliver(chunk);
    await Promise.allSettled([written]);
    await before;
    await written;
    await this.#onWritten?.(chunk as Chunk);
    chunk.forget();
  }

  async #deliver(chunk: Chunk<T>): Promise<void> {
    if (this.destroyed) throw new UnsentError();
    try {
      await this.#pace.time(chunk, () => this.#sink.write(chunk, { attempt: 1, signal: this.#signal }));
    } catch (error) {
      if (error instanceof WriteError) this.#counts.countFailed(chunk as Chunk, error);
      throw error;
    }
    this.#counts.countWritten(chunk as Chunk);
    await this.#onTaken?.(chunk as Chunk);
  }

  #letIn(): void {
    if (this.#unsettled.size >= this.#pace.concurrency) return;
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
    const onFree = this.#onFree;
    this.#onFree = undefined;
    onFree?.();
  }

  async #close(complete: boolean): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      await this.#sink.close({ complete });
    } catch (error) {
      throw this.#sinkFailure('closed', error);
    }
  }

  #sinkFailure(what: 'opened' | 'closed', error: unknown): Error {
    if (error instanceof PipelineError || error instanceof TypeError || error instanceof RangeError)
      return error;
    const message = `${this.#sink.name} could not be ${what}: ${messageOf(error)}`;
    return new PipelineError({ code: 'SINK_FAILED', message, cause: error });
  }
}

function abortedBy({ reason }: AbortSignal): PipelineError {
  return new PipelineError({ code: 'ABORTED', message: 'The run was aborted', cause: reason });
}

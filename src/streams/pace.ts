import type { Chunk } from '../core/chunk.ts';
import { integerOrAdaptive } from '../core/options.ts';
import type { Sink } from '../core/sink.ts';
import type { AdaptiveBatchSize } from '../delivery/adaptive-batch-size.ts';
import { AdaptiveConcurrency, MAX_CONCURRENCY } from '../delivery/adaptive-concurrency.ts';
import { type AttemptObserver, type AttemptOutcome, measuring } from '../delivery/measuring.ts';
import type { ClassifyOptions } from '../failures/index.ts';

/** How chunks are being written at some moment. */
export interface WritingPace {
  /** Chunks that are being written, or wait for earlier ones. */
  readonly inFlight: number;
  /** How many may be. */
  readonly concurrency: number;
  /** Records of the next chunk, when that is adaptive. */
  readonly batchSize?: number;
}

/** How many chunks are written at once, and how large they are: as it was said, or as the sink bears it. */
export class Pace<T> {
  readonly #concurrency: number | AdaptiveConcurrency;
  #batchSize: AdaptiveBatchSize | undefined;
  /** Chunks being written → whether they have been sent whole; else they were known to be too large. */
  readonly #chunks = new Map<Chunk, { wasSent: boolean }>();

  /** @throws RangeError when it is neither `adaptive` nor in its range */
  constructor(concurrency: number | 'adaptive') {
    const checked = checkConcurrency(concurrency);
    this.#concurrency = checked === 'adaptive' ? new AdaptiveConcurrency() : checked;
  }

  /** Chunks that may be written at once. */
  get concurrency(): number {
    return this.#adaptive?.limit ?? (this.#concurrency as number);
  }

  /** @returns `undefined` for one after another, all of one size */
  current(inFlight: number): WritingPace | undefined {
    if (this.#concurrency === 1 && this.#batchSize === undefined) return undefined;
    const size = this.#batchSize && { batchSize: this.#batchSize.size };
    return { inFlight, concurrency: this.concurrency, ...size };
  }

  /** Lets the chunks that come be as large as is best. */
  decideOf(batchSize: AdaptiveBatchSize | undefined): void {
    this.#batchSize = batchSize;
  }

  /** The sink, whose attempts to write are watched while anything depends on them. */
  around(sink: Sink<T>, { classify }: ClassifyOptions): Sink<T> {
    const observer: AttemptObserver = {
      onBegin: (chunk) => this.#begin(chunk),
      onEnd: (chunk, outcome, ms) => this.#end(chunk, outcome, ms),
    };
    return measuring(sink, () => (this.#isAdaptive ? observer : undefined), { classify });
  }

  /** Writes a chunk, in one attempt or many. */
  async time(chunk: Chunk<T>, write: () => Promise<void>): Promise<void> {
    if (!this.#isAdaptive) return write();
    const state = { wasSent: false };
    this.#chunks.set(chunk as Chunk, state);
    try {
      await write();
      if (!state.wasSent) this.#batchSize?.halve(chunk.count);
    } finally {
      this.#chunks.delete(chunk as Chunk);
    }
  }

  get #adaptive(): AdaptiveConcurrency | undefined {
    return typeof this.#concurrency === 'number' ? undefined : this.#concurrency;
  }

  get #isAdaptive(): boolean {
    return this.#adaptive !== undefined || this.#batchSize !== undefined;
  }

  #begin(chunk: Chunk): void {
    const state = this.#chunks.get(chunk);
    if (state !== undefined) state.wasSent = true;
    this.#adaptive?.begin();
  }

  #end(chunk: Chunk, outcome: AttemptOutcome, ms: number): void {
    const isWhole = this.#chunks.has(chunk);
    this.#adaptive?.end({
      at: performance.now(),
      ms,
      latency: isWhole && outcome === 'written' ? this.#latencyOf(chunk, ms) : undefined,
      isBusy: outcome === 'busy' || outcome === 'timed-out',
    });
    if (!isWhole) return;
    if (outcome === 'written') this.#batchSize?.add(chunk.count, ms);
    else if (outcome === 'too-large' || outcome === 'timed-out') this.#batchSize?.halve(chunk.count);
  }

  /** A larger chunk takes longer though the sink is as quick as before: then the time of a record is what counts. */
  #latencyOf({ count }: Chunk, ms: number): number | undefined {
    if (this.#batchSize === undefined) return ms;
    return count === this.#batchSize.size ? ms / count : undefined;
  }
}

/** @throws RangeError when it is neither `adaptive` nor in its range */
export function checkConcurrency(concurrency: unknown): number | 'adaptive' {
  return integerOrAdaptive('concurrency', concurrency, 1, MAX_CONCURRENCY);
}

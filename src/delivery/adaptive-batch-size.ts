/** How much larger, or smaller, the next size is that is tried: less would drown in the noise of a few writes. */
const STEP = 1.25;
/** Full writes of one size that are compared with those of another, by their median. */
const WRITES = 5;
/** How much better the one must be. */
const GAIN = 1.02;
/** How close to a refused size the next one may come. */
const SHARE = 0.9;
/** Sizes that are tried before the bound that a refusal has set is raised by a step. */
const PATIENCE = 20;

/** The sizes that may be tried. */
export interface BatchSizeBounds {
  readonly min: number;
  readonly max: number;
  readonly initial: number;
}

/**
 * How many records a chunk should have: climbs to the size with which a write takes the most records per second – a
 * step further in the same direction while that pays by 2 %, else back again – and is halved when a write was too
 * large or took too long.
 */
export class AdaptiveBatchSize {
  #size: number;
  #min: number;
  #max: number;
  /** What a refusal has left of `max`. */
  #most = Number.POSITIVE_INFINITY;
  #isGrowing = true;
  /** Records per millisecond of the writes of this size. */
  #rates: number[] = [];
  /** The same of the size before; 0 when there is none to compare with. */
  #before = 0;
  /** Sizes that were tried since the last refusal. */
  #tried = 0;

  constructor({ min, max, initial }: BatchSizeBounds) {
    this.#min = min;
    this.#max = max;
    this.#size = initial;
  }

  /** Records of the next chunk. */
  get size(): number {
    return this.#size;
  }

  /** The sink takes no more than that at once. */
  lower(max: number): void {
    this.#max = Math.min(this.#max, max);
    this.#min = Math.min(this.#min, this.#max);
    this.#go(this.#size);
  }

  /** A chunk was written in that many milliseconds. Only a full one says something of the size. */
  add(records: number, ms: number): void {
    if (records !== this.#size) return;
    this.#rates.push(records / Math.max(ms, Number.MIN_VALUE));
    if (this.#rates.length === WRITES) this.#step(median(this.#rates));
  }

  /** A chunk was too large, or took too long. Several of one size count once. */
  halve(records: number): void {
    this.#most = Math.min(this.#most, Math.max(Math.floor(records * SHARE), this.#min));
    this.#tried = 0;
    this.#before = 0;
    this.#isGrowing = true;
    this.#go(Math.min(this.#size, Math.floor(records / 2)));
  }

  #step(rate: number): void {
    if (++this.#tried % PATIENCE === 0) this.#most *= STEP;
    if (rate < this.#before * GAIN) this.#isGrowing = !this.#isGrowing;
    this.#before = rate;
    this.#isGrowing = this.#size >= this.#upper ? false : this.#size <= this.#min || this.#isGrowing;
    this.#go(this.#isGrowing ? this.#size * STEP : this.#size / STEP);
  }

  get #upper(): number {
    return Math.max(Math.min(this.#max, Math.floor(this.#most)), this.#min);
  }

  #go(size: number): void {
    this.#size = Math.min(Math.max(Math.round(size), this.#min), this.#upper);
    this.#rates = [];
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

import type { RestartPoint } from '../core/checkpoint.ts';

/** Places nearer to the last one are not kept: so much is inflated in a millisecond. */
const APART_BYTES = 64 * 1024;

/** Remembers where decompression of an input can begin. */
export class RestartPoints {
  /** In order. */
  #points: RestartPoint[];

  /** @param earlier what an earlier run has noted */
  constructor(earlier: RestartPoint | undefined) {
    this.#points = earlier === undefined ? [] : [earlier];
  }

  add(point: RestartPoint): void {
    if (point.bytes - (this.#points.at(-1)?.bytes ?? 0) >= APART_BYTES) this.#points.push(point);
  }

  /** The last one before an offset; those before it are forgotten: offsets grow. */
  before(bytes: number): RestartPoint | undefined {
    const index = this.#points.findLastIndex((point) => point.bytes < bytes);
    if (index > 0) this.#points = this.#points.slice(index);
    return index < 0 ? undefined : this.#points[0];
  }
}

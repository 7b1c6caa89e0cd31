import type { Frames } from './framer.ts';

const INITIAL_CAPACITY = 256;

/** The records that a framer has found in one piece; its arrays grow and are used again for the next piece. */
export class FrameList implements Frames {
  count = 0;
  starts = new Int32Array(INITIAL_CAPACITY);
  ends = new Int32Array(INITIAL_CAPACITY);
  rest = 0;

  clear(): void {
    this.count = 0;
    this.rest = 0;
  }

  add(start: number, end: number): void {
    if (this.count === this.starts.length) this.#reserve(this.count * 2);
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count += 1;
  }

  /** Adds many records at once: all starts and all ends. */
  addAll(starts: Int32Array, ends: Int32Array): void {
    const total = this.count + starts.length;
    if (total > this.starts.length) this.#reserve(Math.max(total, this.starts.length * 2));
    this.starts.set(starts, this.count);
    this.ends.set(ends, this.count);
    this.count = total;
  }

  #reserve(capacity: number): void {
    const { starts, ends } = this;
    this.starts = new Int32Array(capacity);
    this.starts.set(starts);
    this.ends = new Int32Array(capacity);
    this.ends.set(ends);
  }
}

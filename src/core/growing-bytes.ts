/** Bytes that are put one behind another. What was put stays where it is in `bytes`, which is another array once it has grown. */
export class GrowingBytes {
  #bytes = new Uint8Array(0);
  #length = 0;

  /** What was put, and room behind it. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** What was put. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** Grows where there is no room. */
  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.#length);
    this.#length = length;
  }

  /** Forgets what was put behind the first bytes. @param length how many stay @default none */
  clear(length = 0): void {
    this.#length = length;
  }
}

const FIRST_CAPACITY = 4_096;

/** Bytes that are put one behind another. */
export class ByteList {
  length = 0;
  #bytes = new Uint8Array(FIRST_CAPACITY);

  /** Makes room for so many bytes more. */
  reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.length + count));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }

  /** Only where there is room. */
  put(byte: number): void {
    this.#bytes[this.length++] = byte;
  }

  /** @returns the bytes, of which the list holds none then */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }
}

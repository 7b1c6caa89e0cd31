/** Longest form of one UTF-16 unit of a key: `\u0041`. */
const MAX_BYTES_A_UNIT = 6;

/** Collects the bytes of one key, as far as they can still be the wanted one, however it is written. */
export class KeyMatch {
  #wanted = '';
  #bytes = Buffer.alloc(0);
  #length = 0;

  begin(wanted: string): void {
    this.#wanted = wanted;
    this.#length = 0;
    const longest = wanted.length * MAX_BYTES_A_UNIT;
    if (this.#bytes.length < longest) this.#bytes = Buffer.alloc(longest);
  }

  add(piece: Uint8Array, from: number, to: number): void {
    const room = this.#bytes.length - this.#length;
    if (room > 0) this.#bytes.set(piece.subarray(from, Math.min(to, from + room)), this.#length);
    this.#length += to - from;
  }

  /** Whether the key is the wanted one. Only called for a key that is valid JSON. */
  matches(): boolean {
    if (this.#length > this.#bytes.length) return false;
    return JSON.parse(`"${this.#bytes.toString('utf8', 0, this.#length)}"`) === this.#wanted;
  }
}

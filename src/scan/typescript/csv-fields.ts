import type { CsvDivision } from '../engine.ts';

const NONE = -1;

/** Where the fields of one record are, with the quotes around them. */
export class CsvFields {
  count = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly #delimiter: number;
  readonly #quote: number;

  constructor({ delimiter, quote = NONE }: CsvDivision) {
    this.#delimiter = delimiter;
    this.#quote = quote;
  }

  /** @returns whether the record follows RFC 4180 to the letter; only then is something known of its fields */
  find(bytes: Uint8Array, start: number, end: number): boolean {
    this.count = 0;
    for (let at = start; ; at++) {
      const isQuoted = at < end && bytes[at] === this.#quote;
      const until = isQuoted ? this.#behindQuoted(bytes, at, end) : this.#behindPlain(bytes, at, end);
      if (until === NONE) return false;
      this.starts[this.count] = at;
      this.ends[this.count] = until;
      this.count += 1;
      if (until === end) return true;
      at = until;
    }
  }

  /** @returns where the field ends, or `NONE` */
  #behindQuoted(bytes: Uint8Array, from: number, end: number): number {
    let at = from + 1;
    while (at < end && (bytes[at] !== this.#quote || (at + 1 < end && bytes[at + 1] === this.#quote)))
      at += bytes[at] === this.#quote ? 2 : 1;
    if (at >= end) return NONE;
    return at + 1 === end || bytes[at + 1] === this.#delimiter ? at + 1 : NONE;
  }

  #behindPlain(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && bytes[at] !== this.#delimiter) if (bytes[at++] === this.#quote) return NONE;
    return at;
  }
}

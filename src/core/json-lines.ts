import { parseJson } from './json.ts';

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
/** Most bytes of UTF-8 that a unit of a string becomes. */
const UNIT_BYTES = 3;
const FIRST_CAPACITY = 64 * 1024;
/** Memory for a block as decoders give them out is kept for the next one. */
const MOST_KEPT = 1024 * 1024;

const NONE = Buffer.alloc(0);

let memory: Buffer = NONE;

/** Copies bytes. */
export type Keep = (bytes: Uint8Array) => Uint8Array;

/** JSON texts, one a line. */
export class JsonLines {
  /** Whole lines, some of which may be those of a neighbour. */
  readonly #bytes: Uint8Array;
  /** Where each line begins, and where the last one ends. */
  readonly #starts: Uint32Array;

  constructor(bytes: Uint8Array, starts: Uint32Array) {
    this.#bytes = bytes;
    this.#starts = starts;
  }

  /**
   * @param textOf the JSON text of each of so many records
   * @param keep copies the bytes to where they stay
   */
  static of(count: number, textOf: (index: number) => string, keep: Keep = copied): JsonLines {
    const starts = new Uint32Array(count + 1);
    let at = 0;
    let out = memory;
    memory = NONE; // a record that encodes itself may ask for the lines of others
    for (let i = 0; i < count; i++) {
      const text = textOf(i);
      const room = at + UNIT_BYTES * text.length + 1;
      if (room > out.length) out = grown(out, at, room);
      at += out.write(text, at);
      out[at++] = LINE_FEED;
      starts[i + 1] = at;
    }
    if (out.length <= MOST_KEPT) memory = out;
    return new JsonLines(keep(out.subarray(0, at)), starts);
  }

  get count(): number {
    return this.#starts.length - 1;
  }

  /** All of them, as NDJSON. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#starts[0], this.#starts.at(-1));
  }

  /** Where they lie. */
  get memory(): ArrayBufferLike {
    return this.#bytes.buffer;
  }

  byteLength(index: number): number {
    return this.#starts[index + 1]! - this.#starts[index]! - 1;
  }

  slice(from: number, to: number): JsonLines {
    return new JsonLines(this.#bytes, this.#starts.subarray(from, to + 1));
  }

  /** All of them as the elements of one array. */
  array(): Uint8Array {
    const { bytes } = this;
    const out = Buffer.allocUnsafe(Math.max(bytes.length + 1, 2));
    out.write('[');
    out.set(bytes, 1);
    const moved = 1 - this.#starts[0]!;
    for (const end of this.#starts.subarray(1)) out[end - 1 + moved] = COMMA;
    out.write(']', out.length - 1);
    return out;
  }

  /** What they say. */
  decode<T>(): T[] {
    const { buffer, byteOffset } = this.#bytes;
    const all = Buffer.from(buffer, byteOffset, this.#bytes.length);
    return Array.from(
      this.#starts.subarray(1),
      (end, i) => parseJson(all.toString('utf8', this.#starts[i], end - 1)) as T,
    );
  }
}

function copied(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes);
}

function grown(given: Buffer, used: number, room: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(room, 2 * given.length, FIRST_CAPACITY));
  given.copy(larger, 0, 0, used);
  return larger;
}

import type { Frames } from '../scan/index.ts';

/** Bytes of the input that have been framed, with the records that lie in them. Regions follow each other without gaps. */
export interface Region {
  readonly bytes: Uint8Array;
  /** Offset in the input of the first byte. */
  readonly offset: number;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

const FIRST_CAPACITY = 4 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NONE = new Uint32Array(0);

/**
 * Keeps the beginning of a record until its end has come. A record that spans pieces is joined once, by itself; the
 * others of a piece stay where they are.
 */
export class Carry {
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;
  /** Offset in the input of the first carried byte. */
  #offset: number;
  /** The bytes of the unfinished record are not kept. */
  #isGivenUp = false;

  /** @param offset offset in the input of the first byte that it is given */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  /** Bytes of the unfinished record that are kept. */
  get length(): number {
    return this.#length;
  }

  /** Offset in the input at which the unfinished record, or the search for it, begins. */
  get offset(): number {
    return this.#offset;
  }

  /** The first bytes of the unfinished record. */
  prefix(most: number): Uint8Array {
    return this.#buffer.slice(0, Math.min(most, this.#length));
  }

  /** Stops keeping the unfinished record: from here to its end there are regions without it. */
  giveUp(): Region {
    const region = regionWithout(this.#buffer.subarray(0, this.#length), this.#offset);
    this.#isGivenUp = true;
    this.#offset += this.#length;
    this.#length = 0;
    this.#buffer = new Uint8Array(0);
    return region;
  }

  /** The regions that a piece completes, in order: the record that was carried, then the rest of the piece. */
  *take(piece: Uint8Array, { count, starts, ends, rest }: Frames): Generator<Region, void> {
    const isSpanning = count > 0 && (this.#length > 0 || this.#isGivenUp);
    const spanEnd = isSpanning ? behindBreak(piece, Math.max(ends[0]!, 0)) : 0;
    const pieceOffset = this.#offset + this.#length;
    if (isSpanning) {
      const head = piece.subarray(0, spanEnd);
      yield this.#isGivenUp ? regionWithout(head, pieceOffset) : this.#join(head, starts[0]!, ends[0]!);
    }
    const first = isSpanning ? 1 : 0;
    if (rest > spanEnd || count > first) {
      const offset = pieceOffset + spanEnd;
      const move = (offsets: Int32Array) => moved(offsets, first, count, spanEnd);
      yield { bytes: piece.subarray(spanEnd, rest), offset, starts: move(starts), ends: move(ends) };
    }
    if (isSpanning || rest >= 0) this.#restart(pieceOffset + rest, piece.subarray(rest));
    else if (this.#isGivenUp) {
      this.#offset += piece.length;
      yield regionWithout(piece, pieceOffset);
    } else this.#append(piece);
  }

  /** @param start start of the record, seen from the piece @param end its end, likewise: negative in a line break cut in two */
  #join(head: Uint8Array, start: number, end: number): Region {
    const bytes = new Uint8Array(this.#length + head.length);
    bytes.set(this.#buffer.subarray(0, this.#length));
    bytes.set(head, this.#length);
    return {
      bytes,
      offset: this.#offset,
      starts: Uint32Array.of(this.#length + start),
      ends: Uint32Array.of(this.#length + end),
    };
  }

  #restart(offset: number, bytes: Uint8Array): void {
    this.#offset = offset;
    this.#length = 0;
    this.#isGivenUp = false;
    if (this.#buffer.length > 4 * bytes.length + FIRST_CAPACITY) this.#buffer = new Uint8Array(0);
    this.#append(bytes);
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#buffer.length, FIRST_CAPACITY));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }
}

/** A line break stays with the record before it, so that a cursor never lies between the two. */
function behindBreak(piece: Uint8Array, at: number): number {
  const afterReturn = piece[at] === CARRIAGE_RETURN ? at + 1 : at;
  return piece[afterReturn] === LINE_FEED ? afterReturn + 1 : afterReturn;
}

/** Offsets `from` up to, not including, `to`, each less by `by`. */
function moved(offsets: Int32Array, from: number, to: number, by: number): Uint32Array {
  const result = new Uint32Array(to - from);
  for (let i = from; i < to; i++) result[i - from] = offsets[i]! - by;
  return result;
}

function regionWithout(bytes: Uint8Array, offset: number): Region {
  return { bytes, offset, starts: NONE, ends: NONE };
}

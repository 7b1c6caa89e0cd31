import { roomBefore } from '../core/piece-pool.ts';
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
 * Keeps the beginning of a record until its end has come. Where a piece has room in front, the beginning is written
 * there, so that the record lies in one run with the others; else it is joined by itself. The others stay where they are.
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

  /** The regions that a piece completes, in order. */
  *take(piece: Uint8Array, frames: Frames): Generator<Region, void> {
    const { count, rest } = frames;
    const pieceOffset = this.#offset + this.#length;
    const isSpanning = count > 0 && (this.#length > 0 || this.#isGivenUp);
    if (!isSpanning) {
      if (rest > 0 || count > 0) yield regionOf(piece, pieceOffset, frames);
    } else if (this.#length > 0 && this.#length <= roomBefore(piece)) {
      yield regionOf(this.#inFrontOf(piece), this.#offset, frames, { shift: this.#length });
    } else {
      const spanEnd = endOfFirst(piece, frames);
      const head = piece.subarray(0, spanEnd);
      yield this.#isGivenUp ? regionWithout(head, pieceOffset) : this.#join(head, frames);
      if (rest > spanEnd || count > 1)
        yield regionOf(piece.subarray(spanEnd), pieceOffset + spanEnd, frames, { first: 1, shift: -spanEnd });
    }
    if (isSpanning || rest >= 0) this.#restart(pieceOffset + rest, piece.subarray(rest));
    else if (this.#isGivenUp) {
      this.#offset += piece.length;
      yield regionWithout(piece, pieceOffset);
    } else this.#append(piece);
  }

  /** Writes what is carried into the room in front of a piece. @returns both */
  #inFrontOf({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
    const bytes = Buffer.from(buffer, byteOffset - this.#length, this.#length + length);
    bytes.set(this.#buffer.subarray(0, this.#length));
    return bytes;
  }

  /** The record that was carried, by itself. Its end is negative in a line break cut in two. */
  #join(head: Uint8Array, { starts, ends }: Frames): Region {
    const bytes = new Uint8Array(this.#length + head.length);
    bytes.set(this.#buffer.subarray(0, this.#length));
    bytes.set(head, this.#length);
    return {
      bytes,
      offset: this.#offset,
      starts: Uint32Array.of(this.#length + starts[0]!),
      ends: Uint32Array.of(this.#length + ends[0]!),
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

/** The records from `first` on in bytes that begin `shift` before those that were framed. */
function regionOf(
  bytes: Uint8Array,
  offset: number,
  frames: Frames,
  { first = 0, shift = 0 }: { readonly first?: number; readonly shift?: number } = {},
): Region {
  const { count, starts, ends, rest } = frames;
  const move = (offsets: Int32Array) => moved(offsets, first, count, shift);
  return { bytes: bytes.subarray(0, rest + shift), offset, starts: move(starts), ends: move(ends) };
}

/** Where the first record ends in a piece, which may be none of its own. */
function endOfFirst(piece: Uint8Array, { ends }: Frames): number {
  return behindBreak(piece, Math.max(ends[0]!, 0));
}

/** A line break stays with the record before it, so that a cursor never lies between the two. */
function behindBreak(piece: Uint8Array, at: number): number {
  const afterReturn = piece[at] === CARRIAGE_RETURN ? at + 1 : at;
  return piece[afterReturn] === LINE_FEED ? afterReturn + 1 : afterReturn;
}

/** Offsets `from` up to, not including, `to`, each more by `by`. */
function moved(offsets: Int32Array, from: number, to: number, by: number): Uint32Array {
  const result = new Uint32Array(to - from);
  for (let i = from; i < to; i++) result[i - from] = offsets[i]! + by;
  return result;
}

function regionWithout(bytes: Uint8Array, offset: number): Region {
  return { bytes, offset, starts: NONE, ends: NONE };
}

import { FrameList } from '../scan/frame-list.ts';
import type { Framer, Frames } from '../scan/index.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** Space, tab, carriage return, and the record separator of RFC 7464. */
const BLANK: ReadonlySet<number | undefined> = new Set([0x20, 0x09, CARRIAGE_RETURN, 0x1e]);

export interface LineFramerOptions {
  /**
   * `true`: every line is a record. `false`: lines of nothing but white space and record separators are not, and both
   * are no part of the record before which they stand.
   */
  readonly keepBlank: boolean;
}

/**
 * Frames lines: what a line feed ends is a record, without the line feed and one carriage return before it. A byte order
 * mark at the very beginning belongs to no line. `indexOf` runs at the speed of memory; no byte is looked for twice.
 */
export class LineFramer implements Framer {
  readonly #keepBlank: boolean;
  readonly #frames = new FrameList();
  /** Offset in the piece at which the unfinished record begins, `undefined` while nothing of it has been seen. */
  #start: number | undefined;
  #lastByte = -1;
  /** Bytes of the mark that have been seen; all when it is complete or there is none. */
  #marked = 0;

  constructor({ keepBlank }: LineFramerOptions) {
    this.#keepBlank = keepBlank;
  }

  push(piece: Uint8Array): Frames {
    this.#frames.clear();
    let from = this.#marked < BYTE_ORDER_MARK.length ? this.#skipMark(piece) : 0;
    while (from < piece.length) {
      this.#start ??= this.#firstOfRecord(piece, from);
      const feed = piece.indexOf(LINE_FEED, from);
      if (feed < 0) break;
      this.#endLine(piece, feed);
      from = feed + 1;
    }
    if (piece.length > 0) this.#lastByte = piece[piece.length - 1]!;
    this.#frames.rest = this.#start ?? piece.length;
    if (this.#start !== undefined) this.#start -= piece.length;
    return this.#frames;
  }

  end(): Frames {
    this.#frames.clear();
    if (this.#start !== undefined) this.#frames.add(this.#start, 0);
    this.#start = undefined;
    return this.#frames;
  }

  seek(): void {
    this.#marked = BYTE_ORDER_MARK.length;
  }

  #firstOfRecord(piece: Uint8Array, from: number): number | undefined {
    if (this.#keepBlank) return from;
    let at = from;
    while (BLANK.has(piece[at])) at++;
    return at === piece.length || piece[at] === LINE_FEED ? undefined : at;
  }

  #endLine(piece: Uint8Array, feed: number): void {
    if (this.#start === undefined) return;
    const before = feed > 0 ? piece[feed - 1] : this.#lastByte;
    const hasReturn = before === CARRIAGE_RETURN && feed > this.#start;
    this.#frames.add(this.#start, hasReturn ? feed - 1 : feed);
    this.#start = undefined;
  }

  /** A mark that is cut in pieces is content until its last byte has been seen. */
  #skipMark(piece: Uint8Array): number {
    let at = 0;
    for (; at < piece.length && piece[at] === BYTE_ORDER_MARK[this.#marked]; at++) {
      this.#start ??= at;
      this.#marked++;
      if (this.#marked < BYTE_ORDER_MARK.length) continue;
      this.#start = undefined;
      return at + 1;
    }
    if (at < piece.length) this.#marked = BYTE_ORDER_MARK.length;
    return at;
  }
}

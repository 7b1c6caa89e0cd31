import type { Framer, Frames } from '../scan/index.ts';

const OPEN_ARRAY = 0x5b;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

export interface RootFramers {
  readonly array: Framer;
  readonly document: Framer;
}

/** Frames a JSON document by its root: an array of records, or one record. The first byte tells. */
export class RootFramer implements Framer {
  readonly #framers: RootFramers;
  #framer: Framer | undefined;
  /** Bytes of the mark that have been seen; all when no more of it can come. */
  #marked = 0;

  constructor(framers: RootFramers) {
    this.#framers = framers;
  }

  push(piece: Uint8Array): Frames {
    const { array, document } = this.#framers;
    const root = this.#framer === undefined ? this.#rootIn(piece) : undefined;
    if (root !== undefined) this.#framer = root === OPEN_ARRAY ? array : document;
    if (this.#framer !== undefined) return this.#framer.push(piece);
    const frames = document.push(piece);
    array.push(piece);
    return frames;
  }

  end(): Frames {
    return (this.#framer ?? this.#framers.document).end();
  }

  /** A document that is one record holds nothing behind it. */
  learn(piece: Uint8Array): boolean {
    const { array, document } = this.#framers;
    const root = this.#framer === undefined ? this.#rootIn(piece) : undefined;
    if (root !== undefined) this.#framer = root === OPEN_ARRAY ? array : document;
    if (this.#framer === document) return false;
    return array.learn!(piece);
  }

  seek(offset: number, before: number): void {
    this.#framer ??= this.#framers.document;
    this.#framer.seek(offset, before);
  }

  /** The first byte that is neither white space nor the byte order mark. */
  #rootIn(piece: Uint8Array): number | undefined {
    for (const byte of piece) {
      if (byte === BYTE_ORDER_MARK[this.#marked]) this.#marked++;
      else if (WHITE_SPACE.has(byte)) this.#marked = BYTE_ORDER_MARK.length;
      else return byte;
    }
    return undefined;
  }
}

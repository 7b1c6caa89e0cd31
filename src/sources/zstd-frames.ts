/** A part of a zstd frame. */
export interface FramePart {
  readonly bytes: Uint8Array;
  /** The frame ends with this part. */
  readonly isEnd: boolean;
}

const SKIPPABLE = 0x184d2a50;
const ZSTD = 0xfd2fb528;

type State = 'magic' | 'descriptor' | 'header' | 'block header' | 'block' | 'skip size' | 'tail';

/**
 * Finds where the frames of zstd data end (RFC 8878 §3.1), without decompressing them: Node's decompressor stops, and
 * says nothing, behind the first one.
 */
export class ZstdFrames {
  #state: State = 'magic';
  /** Bytes that the state still needs. */
  #needed = 4;
  /** What has been read of a number, least significant byte first. */
  #value = 0;
  #read = 0;
  #hasChecksum = false;
  #isLastBlock = false;

  /** Whether the data may end here. */
  get isBetweenFrames(): boolean {
    return this.#state === 'magic' && this.#read === 0;
  }

  /** @throws Error when a frame begins with something else than its magic number */
  *split(piece: Uint8Array): Generator<FramePart, void> {
    let from = 0;
    for (let at = 0; at < piece.length; ) {
      const isNumber = this.#state !== 'block' && this.#state !== 'tail' && this.#state !== 'header';
      const taken = Math.min(this.#needed, piece.length - at);
      if (isNumber) for (let i = 0; i < taken; i++) this.#value += piece[at + i]! * 2 ** (8 * this.#read++);
      else this.#read += taken;
      at += taken;
      this.#needed -= taken;
      if (this.#needed > 0) break;
      if (!this.#advance()) continue;
      yield { bytes: piece.subarray(from, at), isEnd: true };
      from = at;
    }
    if (from < piece.length) yield { bytes: piece.subarray(from), isEnd: false };
  }

  /** Goes on to what follows. @returns whether the frame is complete */
  #advance(): boolean {
    const value = this.#value;
    switch (this.#state) {
      case 'magic':
        if (value >= SKIPPABLE && value <= SKIPPABLE + 15) return this.#expect('skip size', 4);
        if (value !== ZSTD) throw new Error('no zstd frame begins here');
        return this.#expect('descriptor', 1);
      case 'descriptor':
        this.#hasChecksum = (value & 4) !== 0;
        return this.#expect('header', headerLength(value));
      case 'header':
        return this.#expect('block header', 3);
      case 'block header':
        this.#isLastBlock = (value & 1) === 1;
        // a run-length block holds one byte, whatever it becomes
        return this.#expect('block', ((value >> 1) & 3) === 1 ? 1 : value >> 3);
      case 'block':
        return this.#isLastBlock
          ? this.#expect('tail', this.#hasChecksum ? 4 : 0)
          : this.#expect('block header', 3);
      case 'skip size':
        return this.#expect('tail', value);
      default:
        this.#expect('magic', 4);
        return true;
    }
  }

  #expect(state: State, needed: number): boolean {
    this.#state = state;
    this.#needed = needed;
    this.#value = 0;
    this.#read = 0;
    return needed === 0 ? this.#advance() : false;
  }
}

/** Bytes of the frame header behind its descriptor: window, dictionary id, content size. */
function headerLength(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryId = [0, 1, 2, 4][descriptor & 3]!;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  return (isSingleSegment ? 0 : 1) + dictionaryId + contentSize;
}

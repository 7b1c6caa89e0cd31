/** A part of gzip data. */
export interface MemberPart {
  readonly bytes: Uint8Array;
  /**
   * When another member seems to begin behind this part: the size that the one before it would have, uncompressed,
   * modulo 2^32.
   */
  readonly sizeIfEnd?: number;
}

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);
const SIZE_BYTES = 4;
/** A member is not shorter: ten bytes of header, two of nothing, eight of trailer. */
const LEAST_BYTES = 20;

/**
 * Cuts gzip data where members may begin (RFC 1952 §2.2, §2.3): at their magic number, which compressed bytes may hold,
 * too. Whether one does, the size before it tells, together with what has come out.
 */
export class GzipMembers {
  /** The end of what was split: it may hold the beginning of a magic number, and the size before it. */
  #held: Uint8Array = new Uint8Array(0);
  #before: Uint8Array = new Uint8Array(0);
  #passed = 0;

  *split(piece: Uint8Array): Generator<MemberPart, void> {
    const bytes = this.#held.length === 0 ? asBuffer(piece) : Buffer.concat([this.#held, piece]);
    const end = bytes.length - lengthOfBeginning(bytes);
    let from = 0;
    for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
      if (this.#passed + at - from < LEAST_BYTES) continue;
      yield {
        bytes: this.#pass(bytes.subarray(from, at)),
        sizeIfEnd: Buffer.from(this.#before).readUInt32LE(),
      };
      from = at;
    }
    this.#held = bytes.subarray(Math.max(end, from));
    if (end > from) yield { bytes: this.#pass(bytes.subarray(from, end)) };
  }

  /** What was held back, at the end of the data. */
  rest(): Uint8Array {
    return this.#held;
  }

  #pass(part: Uint8Array): Uint8Array {
    this.#passed += part.length;
    const last = part.subarray(-SIZE_BYTES);
    this.#before = Buffer.concat([this.#before, last]).subarray(-SIZE_BYTES);
    return part;
  }
}

/** How many of the last bytes may begin a magic number. */
function lengthOfBeginning(bytes: Uint8Array): number {
  const last = bytes.at(-1);
  if (last === MAGIC[0]) return 1;
  return last === MAGIC[1] && bytes.at(-2) === MAGIC[0] ? 2 : 0;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import { GrowingBytes } from './growing-bytes.ts';
import type { RecordBlock } from './record-block.ts';

/** Bytes of a piece: read at the speed of memory, and so many that what is done once for each costs little. */
export const PIECE_BYTES = 1024 * 1024;

/** Room in front of a piece: most records that begin in the piece before find place there. */
const ROOM_BEFORE = 64 * 1024;

/** The memory of pieces, and of what is made of their bytes. */
const memories = new WeakMap<ArrayBufferLike, GrowingBytes>();

/** New memory for a piece, with anything in it, and room in front. */
export function newPiece(): Buffer {
  const memory = Buffer.allocUnsafeSlow(ROOM_BEFORE + PIECE_BYTES);
  memories.set(memory.buffer, new GrowingBytes());
  return memory.subarray(ROOM_BEFORE);
}

/** Bytes in front of a piece where what comes before it in its source may be written, so that both lie side by side. */
export function roomBefore(piece: Uint8Array): number {
  return memories.has(piece.buffer) ? piece.byteOffset : 0;
}

/** Room for what is made of the bytes of a piece, and is used up together with them: it is used again when they are. */
export function besidePiece({ buffer }: Uint8Array): GrowingBytes {
  return memories.get(buffer) ?? new GrowingBytes();
}

/** What is known of a piece that is in use. */
interface Loan {
  readonly piece: Buffer;
  /** Records of it that are on their way. */
  travelling: number;
  /** All its records are known. */
  isDecoded: boolean;
}

/**
 * The memory of the pieces of a source, used again when all records in them are done with. New memory for each piece
 * costs the system as much as reading does, and lies about until it is collected.
 *
 * A piece of which a record is never given back (it was filtered, the run has failed) is not used again: it is collected
 * like any other. So it is safe to forget a record here, and wrong to give one back that somebody still looks at.
 */
export class PiecePool {
  readonly #free: Buffer[] = [];
  readonly #loans = new WeakMap<ArrayBufferLike, Loan>();

  /** Memory for a piece, as of `newPiece`. */
  take(): Buffer {
    const piece = this.#free.pop() ?? newPiece();
    besidePiece(piece).clear();
    this.#loans.set(piece.buffer, { piece, travelling: 0, isDecoded: false });
    return piece;
  }

  /** Notes the records of a block as on their way. */
  send(block: RecordBlock): void {
    const loan = this.#loanOf(block);
    if (loan !== undefined) loan.travelling += block.count;
  }

  /** Notes that no more records come of a piece, and that nothing else is kept of it. */
  decoded(piece: Uint8Array): void {
    const loan = this.#loans.get(piece.buffer);
    if (loan === undefined) return;
    loan.isDecoded = true;
    this.#reuse(loan);
  }

  /** Gives back the records of a block: nobody looks at their bytes any more. */
  giveBack(block: RecordBlock): void {
    const loan = this.#loanOf(block);
    if (loan === undefined) return;
    loan.travelling -= block.count;
    this.#reuse(loan);
  }

  #loanOf({ memory }: RecordBlock): Loan | undefined {
    return memory && this.#loans.get(memory);
  }

  #reuse({ piece, travelling, isDecoded }: Loan): void {
    if (!isDecoded || travelling !== 0) return;
    this.#loans.delete(piece.buffer);
    this.#free.push(piece);
  }
}

import { ObjectBlock } from '../core/object-block.ts';
import type { PiecePool } from '../core/piece-pool.ts';
import type { RecordBlock } from '../core/record-block.ts';
import { Stage } from './stage.ts';

/**
 * Makes JSON of objects as soon as they are there, for a sink that takes nothing else: then they live no longer than
 * their block is on its way.
 */
export class KeepAsJson<T> extends Stage<RecordBlock<T>, RecordBlock<T>> {
  readonly #pool: PiecePool | undefined;
  /** Memory of the pool, and how much of it is in use. */
  #piece: Uint8Array = NONE;
  #used = 0;

  /** @param pool memory for the JSON; who takes the blocks gives them back. @default new memory for each block */
  constructor(pool: PiecePool | undefined) {
    super();
    this.#pool = pool;
  }

  protected override *process(block: RecordBlock<T>): Generator<RecordBlock<T>, void> {
    if (block instanceof ObjectBlock) {
      block.keepAsJson((bytes) => this.#keep(bytes));
      this.#pool?.send(block);
    }
    yield block;
  }

  #keep(bytes: Uint8Array): Uint8Array {
    const kept = this.#room(bytes.length);
    kept.set(bytes);
    return kept;
  }

  #room(length: number): Uint8Array {
    if (this.#pool === undefined) return Buffer.allocUnsafeSlow(length);
    if (this.#used + length > this.#piece.length) {
      this.#pool.decoded(this.#piece);
      this.#piece = this.#pool.take();
      this.#used = 0;
    }
    if (length > this.#piece.length) return Buffer.allocUnsafeSlow(length);
    this.#used += length;
    return this.#piece.subarray(this.#used - length, this.#used);
  }
}

const NONE = new Uint8Array(0);

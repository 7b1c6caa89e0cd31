import type { Chunk } from '../core/chunk.ts';
import type { Encoder } from '../core/format.ts';

/** One output of an encoder. A chunk counts only when it was written: until then its pieces may be asked for again. */
export class EncodedOutput {
  readonly #encoder: Encoder;
  #isBegun: boolean;

  /** @param isBegun whether the output holds chunks already */
  constructor(encoder: Encoder, isBegun = false) {
    this.#encoder = encoder;
    this.#isBegun = isBegun;
  }

  /** Whether the output holds a chunk. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** The bytes that the chunk adds to the output. @throws PipelineError when the format cannot hold a record */
  *piecesOf(chunk: Chunk): Generator<Uint8Array, void> {
    if (chunk.count === 0) return;
    const before = this.#isBegun ? this.#encoder.separator : this.#encoder.header(chunk);
    if (before.length > 0) yield before;
    yield* this.#encoder.encode(chunk);
  }

  /** The pieces of a chunk are in the output. */
  written(chunk: Chunk): void {
    if (chunk.count > 0) this.#isBegun = true;
  }

  /** The bytes that end the output. Without any chunk they are all of it. */
  ending(): readonly Uint8Array[] {
    const header = this.#isBegun ? [] : [this.#encoder.header(undefined)];
    return [...header, this.#encoder.footer].filter((piece) => piece.length > 0);
  }
}

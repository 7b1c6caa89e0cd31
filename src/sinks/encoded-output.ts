import type { Chunk } from '../core/chunk.ts';
import type { Encoder } from '../core/format.ts';
import type { Scratch } from '../core/scratch.ts';

/** How far an output has come. */
export interface OutputState {
  /** Whether it has a chunk. */
  readonly isBegun: boolean;
  /** What the encoder carries from chunk to chunk. */
  readonly encoder?: unknown;
}

/** One output of an encoder. A chunk counts only when it was written: until then its pieces may be asked for again. */
export class EncodedOutput {
  readonly #encoder: Encoder;
  #isBegun = false;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  /** What is needed to go on with the output in another process, as plain JSON. */
  get state(): OutputState {
    const encoder = this.#isBegun ? this.#encoder.state?.() : undefined;
    return { isBegun: this.#isBegun, ...(encoder !== undefined && { encoder }) };
  }

  /** Goes on with an output that was begun in another process. */
  goOn({ isBegun, encoder }: OutputState): void {
    this.#isBegun = isBegun;
    if (encoder !== undefined) this.#encoder.goOn?.(encoder);
  }

  /** The bytes that the chunk adds to the output. @param scratch as for encoders @throws PipelineError when the format cannot hold a record */
  *piecesOf(chunk: Chunk, scratch?: Scratch): Generator<Uint8Array, void> {
    if (chunk.count === 0) return;
    const before = this.#isBegun ? this.#encoder.separator : this.#encoder.header(chunk);
    if (before.length > 0) yield before;
    yield* this.#encoder.encode(chunk, scratch);
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

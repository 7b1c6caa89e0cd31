import { GrowingBytes } from './growing-bytes.ts';

/** Memory for bytes that are used up before the next ones are put together in it. */
export class Scratch {
  #memory: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  readonly #growing = new GrowingBytes();

  /** Room for so many bytes, with anything in it; the room that was given before is not valid any more. */
  room(length: number): Buffer {
    if (this.#memory.length < length) this.#memory = Buffer.allocUnsafeSlow(length + length / 4);
    return Buffer.from(this.#memory.buffer, 0, length);
  }

  /** As `room`, for bytes of which nobody knows how many there will be. */
  growing(): GrowingBytes {
    this.#growing.clear();
    return this.#growing;
  }
}

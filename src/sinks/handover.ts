import type { Writable } from 'node:stream';
import { PipelineError } from '../core/errors.ts';
import { Scratch } from '../core/scratch.ts';

/** Most bytes that a stream is given at once. */
const PART_BYTES = 1024 * 1024;

/** Gives a stream bytes, some at a time and as a copy, so that whose they are may use their memory again. */
export class Handover {
  readonly #stream: Writable;
  #scratch = new Scratch();

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /**
   * Resolves when the stream has passed the pieces on; each is used up when the next one is asked for. An abort makes the
   * stream take all that is left at once; it is still waited for.
   * @throws PipelineError SINK_CLOSED when the reader has gone away
   */
  async hand(pieces: Iterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const bytes = new Bytes(pieces);
    const rest: Promise<void>[] = [];
    const hurry = () => {
      this.#scratch = new Scratch(); // the stream still has what is in the other
      for (const part of bytes.parts(() => Buffer.allocUnsafe(PART_BYTES))) rest.push(this.#write(part));
      Promise.all(rest).catch(() => undefined); // they are waited for below, unless another error comes first
    };
    signal?.addEventListener('abort', hurry, { once: true });
    try {
      for (const part of bytes.parts(() => this.#room())) await this.#write(part);
      await Promise.all(rest);
    } finally {
      signal?.removeEventListener('abort', hurry);
    }
  }

  #room(): Buffer {
    return keepsNothing(this.#stream) ? this.#scratch.room(PART_BYTES) : Buffer.allocUnsafe(PART_BYTES);
  }

  #write(bytes: Uint8Array): Promise<void> {
    guard(this.#stream);
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(isGone(error) ? readerGone(error) : error);
      });
    });
  }
}

/** Pieces one after another, to be taken as if they were one. */
class Bytes {
  readonly #pieces: Iterator<Uint8Array>;
  #piece: Uint8Array | undefined = new Uint8Array(0);

  constructor(pieces: Iterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.iterator]();
  }

  /** What is left, in rooms that are full but for the last one. */
  *parts(room: () => Buffer): Generator<Buffer> {
    while (this.#piece !== undefined) {
      const part = this.#take(room());
      if (part.length > 0) yield part;
    }
  }

  #take(room: Buffer): Buffer {
    let at = 0;
    while (at < room.length && this.#piece !== undefined) {
      const part = this.#piece.subarray(0, room.length - at);
      room.set(part, at);
      at += part.length;
      this.#piece = part.length < this.#piece.length ? this.#piece.subarray(part.length) : this.#next();
    }
    return room.subarray(0, at);
  }

  #next(): Uint8Array | undefined {
    const { value, done } = this.#pieces.next();
    return done === true ? undefined : value;
  }
}

/** The standard output has passed bytes on to the system when it says so; what others do with them nobody knows. */
function keepsNothing(stream: Writable): boolean {
  return stream === process.stdout && !Object.hasOwn(stream, 'write');
}

const guarded = new WeakSet<Writable>();

/** A stream also emits its errors, even after the last write: unheard, they would end the process. */
function guard(stream: Writable): void {
  if (guarded.has(stream)) return;
  guarded.add(stream);
  stream.on('error', () => undefined);
}

const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

function isGone(error: Error): boolean {
  return GONE.has((error as NodeJS.ErrnoException).code ?? '');
}

function readerGone(cause: Error): PipelineError {
  return new PipelineError({
    code: 'SINK_CLOSED',
    message: 'The reader of the output has gone away',
    cause,
  });
}

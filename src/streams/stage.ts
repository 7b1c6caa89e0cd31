import { Duplex } from 'node:stream';

export type Outputs<Out> = Iterable<Out> | AsyncIterable<Out>;

/** A stream that can be asked to read no further and to end well. */
export interface EndsEarly {
  endEarly(): void;
}

/**
 * One stage of a pipeline: each item becomes any number of outputs, one at a time as they are asked for.
 * Node's Transform takes all outputs of an item at once; here the next output is only made when the reader has taken
 * the one before, so that a large block never becomes many waiting chunks.
 */
export abstract class Stage<In, Out> extends Duplex implements EndsEarly {
  /** Goes on giving out, once the reader wants more or the stage is destroyed. */
  #wake: (() => void) | undefined;
  #upstream: unknown;

  constructor() {
    super({ objectMode: true, readableHighWaterMark: 1, writableHighWaterMark: 1 });
    this.on('pipe', (upstream) => {
      this.#upstream = upstream;
    });
  }

  /** The outputs of one item, made lazily. */
  protected process(_item: In): Outputs<Out> {
    return [];
  }

  /** The outputs that only the end of the input brings. */
  protected finish(): Outputs<Out> {
    return [];
  }

  override _write(item: In, _encoding: string, callback: (error?: Error | null) => void): void {
    this.giveAll(() => this.process(item), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.giveAll(
      () => this.finish(),
      (error) => {
        if (!error) this.push(null);
        callback(error);
      },
    );
  }

  override _read(): void {
    this.#goOn();
  }

  /** What waits for the reader comes to its end, so that what is being read is freed. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#goOn();
    callback(error);
  }

  #goOn(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Passes the wish to end on to the stream this one reads from, if that one understands it. */
  endEarly(): void {
    if (canEndEarly(this.#upstream)) this.#upstream.endEarly();
  }

  /** Pushes one output and resolves when the reader wants the next one. */
  protected async give(output: Out): Promise<void> {
    if (this.push(output)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Pushes outputs as they are asked for, then calls back. */
  protected giveAll(outputs: () => Outputs<Out>, callback: (error?: Error | null) => void): void {
    try {
      const made = outputs();
      if (Symbol.asyncIterator in made) this.#giveEach(made).then(() => callback(), callback);
      else this.#pushAll(made[Symbol.iterator](), callback);
    } catch (error) {
      callback(error as Error);
    }
  }

  /** Most stages give out what they were given at once: no promise is made for them. */
  #pushAll(outputs: Iterator<Out>, callback: (error?: Error | null) => void): void {
    try {
      for (let next = outputs.next(); !next.done; next = outputs.next()) {
        if (this.push(next.value)) continue;
        this.#wake = () => {
          if (this.destroyed) outputs.return?.();
          else this.#pushAll(outputs, callback);
        };
        return;
      }
    } catch (error) {
      callback(error as Error);
      return;
    }
    callback();
  }

  async #giveEach(outputs: AsyncIterable<Out>): Promise<void> {
    for await (const output of outputs) {
      if (!this.destroyed) await this.give(output);
      if (this.destroyed) return;
    }
  }
}

/** Bytes are no records: a stage that takes records refuses a stream that gives out bytes. */
export function refuseBytes(stage: Duplex): void {
  stage.on('pipe', (upstream: { readonly readableObjectMode?: boolean }) => {
    if (upstream.readableObjectMode === false)
      stage.destroy(
        new TypeError(
          `${stage.constructor.name} takes records, and the stream before it gives out bytes: put decode() between`,
        ),
      );
  });
}

function canEndEarly(stream: unknown): stream is EndsEarly {
  return typeof (stream as Partial<EndsEarly> | undefined)?.endEarly === 'function';
}

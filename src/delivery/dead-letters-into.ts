import type { Chunk } from '../core/chunk.ts';
import { Chunker } from '../core/chunker.ts';
import {
  type DeadLetter,
  type DeadLetters,
  type LetteringRun,
  type LetterRecord,
  letterRecord,
} from '../core/dead-letter.ts';
import type { FullSink, Sink } from '../core/sink.ts';
import type { RetryOptions } from './retry-options.ts';
import { retrying } from './retrying.ts';

/** Most letters of one write, where the sink has no smaller limit. */
const MOST_AT_ONCE = 1_000;

/**
 * Any sink as a place for dead letters: a table, a file, an API. Each letter becomes a plain record (`LetterRecord`), as
 * `deadLetterFile` writes it. The sink is opened with the first letter and retried as any other; a letter that it does
 * not take ends the run.
 *
 * Letters that come while others are being written are written together: wait for `add`, and memory stays bounded.
 *
 * Letters of a run with a checkpoint hold its name (`run`, `runId`, `sourceIndex` and `made` tell its records apart). A
 * sink cannot be asked what it holds: a record that was set aside right before a crash may be set aside again.
 */
export function deadLettersInto(sink: Sink<LetterRecord>, options: RetryOptions = {}): DeadLetters {
  return new SinkOfLetters(retrying(sink, options));
}

/** A letter that the run has begun to write is written, however the run ends. */
const NEVER = new AbortController().signal;

class SinkOfLetters implements DeadLetters {
  readonly #sink: FullSink<LetterRecord>;
  readonly #chunker: Chunker<LetterRecord>;
  #isOpen = false;
  #isComplete = true;
  /** The last write, whatever became of it. */
  #before: Promise<unknown> = Promise.resolve();
  /** The write that takes what is waiting. */
  #next: Promise<void> | undefined;
  #waiting: LetterRecord[] = [];
  #run: LetteringRun | undefined;

  constructor(sink: FullSink<LetterRecord>) {
    this.#sink = sink;
    const { records = MOST_AT_ONCE, bytes = Number.POSITIVE_INFINITY } = sink.limits ?? {};
    this.#chunker = new Chunker({ records, bytes, source: 'dead letters' });
  }

  async open(run: LetteringRun): Promise<undefined> {
    this.#run = run;
  }

  async add(letter: DeadLetter): Promise<void> {
    this.#waiting.push(letterRecord(letter, this.#run));
    this.#next ??= this.#inTurn(() => this.#writeWaiting());
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#before;
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#sink.close({ complete: this.#isComplete });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#before.then(work);
    this.#before = result.catch(() => {
      this.#isComplete = false;
    });
    return result;
  }

  async #writeWaiting(): Promise<void> {
    this.#next = undefined;
    const chunks = [...this.#chunksOf(this.#waiting.splice(0))];
    if (!this.#isOpen) await this.#sink.open({ signal: NEVER });
    this.#isOpen = true;
    for (const chunk of chunks) await this.#sink.write(chunk, { attempt: 1, signal: NEVER });
  }

  *#chunksOf(records: readonly LetterRecord[]): Generator<Chunk<LetterRecord>, void> {
    for (const record of records) yield* this.#chunker.add(record);
    const last = this.#chunker.cut();
    if (last !== undefined) yield last;
  }
}

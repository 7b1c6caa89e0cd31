import { Readable } from 'node:stream';
import { FinishedRanges } from '../checkpoint/finished-ranges.ts';
import type { RecordRange } from '../core/checkpoint.ts';
import type { Format } from '../core/format.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { PiecePool } from '../core/piece-pool.ts';
import type { Cursor } from '../core/position.ts';
import type { ReadWatch } from '../core/read-watch.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { Tally } from '../core/tally.ts';
import {
  checkFormatOptions,
  FORMAT_OPTIONS,
  type FormatName,
  type FormatOptions,
  formatFrom,
} from '../formats/format-named.ts';
import { COMPRESSION_OPTIONS, type Compression, type CompressionOptions } from '../sources/decompress.ts';
import type { SourceInput } from '../sources/to-sources.ts';
import { INVALID_RECORD_OPTIONS, type InvalidRecordOptions, invalidRecordPolicy } from './admit.ts';
import { leaveOut } from './leave-out.ts';
import { readSources } from './read-sources.ts';
import type { EndsEarly } from './stage.ts';

/** Options of `readRecords`. */
export interface ReadOptions extends FormatOptions, CompressionOptions, InvalidRecordOptions {
  /** A format, or its name. @default detected from name, content type or the first bytes */
  readonly format?: FormatName | Format;
  /** Where to go on: what is before it is not read, or read again and skipped where it must be. @default the beginning */
  readonly from?: Cursor;
  /** Whole records beyond that are left out, too. @default none */
  readonly finished?: readonly RecordRange[];
  /** Memory for the pieces of files. Who gives one gives it back the blocks that are done with. @default new memory for each piece */
  readonly pool?: PiecePool | undefined;
  /** Sees to it that what is read is what an earlier run has read. @default nothing does */
  readonly watch?: ReadWatch | undefined;
  /** Ends the reading, and every wait of the source. */
  readonly signal?: AbortSignal;
  /**
   * Is told of a failure instead of the stream, which ends behind what was read before it, if anything was: a stream that
   * fails takes what is still on its way with it. @default the stream fails
   */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

export const READ_OPTIONS: OptionNames<ReadOptions> = {
  ...FORMAT_OPTIONS,
  ...COMPRESSION_OPTIONS,
  ...INVALID_RECORD_OPTIONS,
  format: true,
  from: true,
  finished: true,
  pool: true,
  watch: true,
  signal: true,
  onFailure: true,
};

/**
 * The source reader of a pipeline: opens, decompresses, detects and decodes. Gives out blocks of records.
 * Several sources are read one after another. Emits `source` with the name and the format of each as it begins.
 * @param source a path or glob, a URL, `-` for stdin, a Node or web stream, a `Response`, an (async) iterable, or several
 * @throws TypeError when an option is wrong; fails with a `PipelineError` when the source is unreadable or malformed
 */
export function readRecords<T = unknown>(source: SourceInput, options: ReadOptions = {}): RecordReader<T> {
  return new RecordReader<T>(source, options);
}

/** What a `source` event tells. */
export interface SourceEvent {
  readonly source: string;
  /** Name of the format, or `records` for a source of plain records. */
  readonly format: string;
  /** How the bytes are compressed. */
  readonly compression?: Compression;
}

/** The stream that `readRecords` makes. */
export class RecordReader<T = unknown> extends Readable implements EndsEarly {
  readonly #blocks: AsyncGenerator<RecordBlock<T>, void>;
  readonly #stopping = new AbortController();
  /** Aborts when the reading is to end. */
  readonly #stop: AbortSignal;
  readonly #tally: Tally;
  readonly #onFailure: ReadOptions['onFailure'];
  #isReading = false;
  #hasGiven = false;
  #isEnding = false;

  constructor(source: SourceInput, options: ReadOptions) {
    knownOptions('readRecords', options, READ_OPTIONS);
    const { signal, onFailure, ...rest } = options;
    const policy = invalidRecordPolicy(options);
    checkFormat(rest);
    super({ objectMode: true, highWaterMark: 1, ...(signal?.aborted === false && { signal }) });
    const stop =
      signal === undefined ? this.#stopping.signal : AbortSignal.any([signal, this.#stopping.signal]);
    this.#stop = stop;
    this.#tally = policy.tally;
    this.#onFailure = onFailure;
    const announce = (event: SourceEvent) => this.emit('source', event);
    const { from, finished = [] } = rest;
    const done = { finished, ...(from !== undefined && { cursor: from }) };
    const ranges = new FinishedRanges(done);
    const isDone = (index: number, record: number) => ranges.missing(index, record, record + 1).length === 0;
    const blocks = readSources<T>(source, {
      options: rest,
      policy: { ...policy, isDone },
      signal: stop,
      announce,
    });
    this.#blocks =
      from === undefined && finished.length === 0 ? blocks : leaveOut(done, blocks, policy.tally);
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#fill().catch((error: unknown) => this.#fail(error));
  }

  /** Waits for nothing that is still to come. */
  endEarly(): void {
    if (this.#isEnding || this.readableEnded || this.destroyed) return;
    this.#isEnding = true;
    this.push(null);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stopping.abort(error ?? undefined);
    this.#blocks.return().then(
      () => callback(error),
      (cleanupError: unknown) => callback(error ?? (cleanupError as Error)),
    );
  }

  #fail(error: unknown): void {
    if (this.#onFailure === undefined || !this.#hasGiven || this.#stop.aborted) {
      this.destroy(error as Error);
      return;
    }
    this.#onFailure(error);
    this.push(null);
  }

  /** Pushes blocks until the reader has enough. By then it may ask again, so the flag falls before anything else happens. */
  async #fill(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#blocks.next();
      if (this.#isEnding && !done) this.#tally.unsee(value, value.count);
      if (this.#isEnding || this.destroyed) return;
      if (done) {
        this.push(null);
        return;
      }
      this.#hasGiven = true;
      if (!this.push(value)) {
        this.#isReading = false;
        return;
      }
    }
  }
}

/** Wrong options are found before anything is opened. */
function checkFormat({ format, ...options }: ReadOptions): void {
  if (format === undefined) checkFormatOptions(options);
  else formatFrom(format, options);
}

import type { Writable } from 'node:stream';
import type { Chunk } from '../core/chunk.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import { Scratch } from '../core/scratch.ts';
import type { Sink } from '../core/sink.ts';
import type { Columns } from '../formats/columns.ts';
import { type EncoderOptions, encoderOf, type OutputFormat, takesJson } from '../formats/encoders.ts';
import { EncodedOutput } from './encoded-output.ts';
import { Handover } from './handover.ts';
import { takeTurns } from './turns.ts';

export type { OutputFormat };

/** Options of `stdoutSink`. */
export interface StdoutSinkOptions {
  /** @default 'ndjson' */
  readonly format?: OutputFormat;
  /** CSV and TSV: the columns to write, in this order: names, or names and paths. @default the keys of the first chunk's records */
  readonly columns?: Columns;
  /** CSV and TSV: puts an apostrophe before texts that a spreadsheet would run as a formula. @default false */
  readonly escapeFormulas?: boolean;
  /** Where to write. It is never closed. @default process.stdout */
  readonly stream?: Writable;
}

const OPTIONS: OptionNames<StdoutSinkOptions> = {
  format: true,
  columns: true,
  escapeFormulas: true,
  stream: true,
};

/**
 * Writes records to the standard output, as fast as its reader takes them, and leaves it open.
 *
 * At least once: what the reader was given cannot be taken back, so that a run that goes on after an interruption gives
 * out again what was not noted as written; there is nothing to commit. An output that is not complete is not ended
 * either: a JSON array stays open.
 * @throws TypeError when an option is wrong; a write fails with `SINK_CLOSED` when the reader has gone away
 */
export function stdoutSink<T = unknown>(options: StdoutSinkOptions = {}): Sink<T> {
  knownOptions('stdoutSink', options, OPTIONS);
  const { format = 'ndjson', columns, escapeFormulas, stream } = options;
  const encoding: EncoderOptions = {
    ...(columns && { columns }),
    ...(escapeFormulas !== undefined && { escapeFormulas }),
  };
  const output = new EncodedOutput(encoderOf(format, encoding));
  let hands: Handover | undefined;
  const handover = () => (hands ??= new Handover(stream ?? process.stdout));
  const scratch = new Scratch();
  /** A record that the format cannot hold fails the whole chunk: unless there can be none, all pieces are made first. */
  const piecesOf = (chunk: Chunk): Iterable<Uint8Array> =>
    takesJson(format) && chunk.blocks.every(({ encoded }) => encoded?.format === 'json')
      ? output.piecesOf(chunk, scratch)
      : [...output.piecesOf(chunk)];
  const inTurn = takeTurns();
  /** By id, the chunks that the stream was given by an attempt that was aborted before it had passed them on. */
  const unanswered = new Map<string, Promise<void>>();

  return {
    name: 'stdout',
    guarantee: 'at-least-once',
    keepsNothing: true,
    takesJson: takesJson(format),
    write: (chunk, { signal }) =>
      inTurn(async () => {
        signal.throwIfAborted();
        const given = unanswered.size > 0 ? unanswered.get(chunk.id) : undefined;
        const taken = given ?? handover().hand(piecesOf(chunk), signal);
        if (given === undefined) output.written(chunk);
        await unlessAborted(taken, signal, () => unanswered.set(chunk.id, taken));
        if (given !== undefined) unanswered.delete(chunk.id);
      }),
    close: ({ complete }) =>
      inTurn(async () => {
        const ending = complete ? output.ending() : [];
        if (ending.length > 0) await handover().hand(ending);
      }),
  };
}

async function unlessAborted(taken: Promise<void>, signal: AbortSignal, onAbort: () => void): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    onAbort();
    aborted.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([taken, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

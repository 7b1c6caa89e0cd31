import type { Writable } from 'node:stream';
import { PipelineError } from '../core/errors.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { Sink } from '../core/sink.ts';
import { type EncoderOptions, encoderOf, type OutputFormat, takesJson } from '../formats/encoders.ts';
import { EncodedOutput } from './encoded-output.ts';
import { takeTurns } from './turns.ts';

export type { OutputFormat };

/** Options of `stdoutSink`. */
export interface StdoutSinkOptions {
  /** @default 'ndjson' */
  readonly format?: OutputFormat;
  /** CSV and TSV: the columns to write, in this order. @default the keys of the first chunk's records */
  readonly columns?: readonly string[];
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
        const taken = given ?? hand(stream ?? process.stdout, Buffer.concat([...output.piecesOf(chunk)]));
        if (given === undefined) output.written(chunk);
        await unlessAborted(taken, signal, () => unanswered.set(chunk.id, taken));
        if (given !== undefined) unanswered.delete(chunk.id);
      }),
    close: ({ complete }) =>
      inTurn(async () => {
        const ending = complete ? output.ending() : [];
        if (ending.length > 0) await hand(stream ?? process.stdout, Buffer.concat(ending));
      }),
  };
}

/** Resolves when the stream has passed the bytes on. */
function hand(stream: Writable, bytes: Uint8Array): Promise<void> {
  guard(stream);
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => {
      if (error === null || error === undefined) resolve();
      else reject(isGone(error) ? readerGone(error) : error);
    });
  });
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

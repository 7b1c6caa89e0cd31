import { fileURLToPath } from 'node:url';
import { expectKind, knownOptions, type OptionNames, oneOf } from '../core/options.ts';
import type { Sink } from '../core/sink.ts';
import type { Columns } from '../formats/columns.ts';
import { encoderOf, type OutputFormat, outputFormatOf, takesJson } from '../formats/encoders.ts';
import { COMPRESSIONS, type Compression, compressionOf } from './compressor.ts';
import { FileOutput, type FileOutputOptions } from './file-output.ts';
import type { IfExists } from './staged-file.ts';
import { takeTurns } from './turns.ts';

export type { Compression, IfExists, OutputFormat };

/** Options of `fileSink`. */
export interface FileSinkOptions {
  /** Path of the file. Its folder must exist. */
  readonly file: string | URL;
  /** @default by the name: `.ndjson`, `.jsonl`, `.json`, `.csv`, `.tsv`, `.txt` */
  readonly format?: OutputFormat;
  /** CSV and TSV: the columns to write, in this order. @default the keys of the first chunk's records */
  readonly columns?: Columns;
  /** CSV and TSV: puts an apostrophe before texts that a spreadsheet would run as a formula. @default false */
  readonly escapeFormulas?: boolean;
  /** @default by the name: `.gz`, `.zst`, `.br`, else `none` */
  readonly compression?: Compression;
  /**
   * What becomes of a file that exists: it is replaced when the run is complete, or the run fails, or the records come
   * after those it has. Nothing can be appended to a JSON array or a compressed file. To append, the file is copied
   * first: until the run is complete it stays as it was, and what others add to it meanwhile is lost.
   * @default 'replace'
   */
  readonly ifExists?: IfExists;
}

const OPTIONS: OptionNames<FileSinkOptions> = {
  file: true,
  format: true,
  columns: true,
  escapeFormulas: true,
  compression: true,
  ifExists: true,
};

/**
 * Writes records into a file, which appears under its name complete or not at all: until then it grows under a
 * temporary name in the same folder. Compressed, each chunk is a gzip member or zstd frame of its own.
 *
 * Exactly once: a write that fails is repeated at the same place of the file, and a run that is cut off leaves nothing
 * under the name of the file, so that the next run begins anew. The file is safe against a power cut when it is closed.
 *
 * In a run with a checkpoint the temporary name is `.NAME.partial`, and the file stays there until it is complete: what
 * was committed is safe against a power cut, and the next run cuts off what is behind it and goes on, to the same bytes
 * as without the interruption (with the same chunks; others divide a compressed file otherwise). It fails with the code
 * `CHECKPOINT_MISMATCH` when that file is gone or was changed. Nobody can go on with a brotli file: a run with a
 * checkpoint refuses it.
 * @param options the path, or all options
 * @throws TypeError when an option is wrong
 */
export function fileSink<T = unknown>(options: string | URL | FileSinkOptions): Sink<T> {
  const output = checked(options);
  const inTurn = takeTurns();
  let opened: FileOutput | undefined;

  return {
    name: output.file,
    file: output.file,
    guarantee: 'exactly-once',
    keepsNothing: true,
    takesJson: takesJson(output.format),
    async open({ resume }) {
      opened = await FileOutput.open(output, resume);
    },
    write: (chunk, { signal }) =>
      inTurn(async () => {
        signal.throwIfAborted();
        if (opened === undefined) throw new TypeError(`${output.file} must be opened before it is written`);
        await opened.write(chunk);
      }),
    commit: () => inTurn(async () => opened?.commit()),
    close: ({ complete }) =>
      inTurn(async () => {
        const closing = opened;
        opened = undefined;
        await closing?.close(complete);
      }),
  };
}

function checked(options: string | URL | FileSinkOptions): FileOutputOptions {
  const given = typeof options === 'string' || options instanceof URL ? { file: options } : options;
  knownOptions('fileSink', given, OPTIONS);
  const { file, format, compression, columns, escapeFormulas, ifExists = 'replace' } = given;
  const path = file instanceof URL ? fileURLToPath(file) : file;
  expectKind('file', file, typeof path === 'string' && path !== '', 'a path or a file URL');
  const result: FileOutputOptions = {
    file: path,
    format: format ?? outputFormatOf(path),
    compression: oneOf('compression', compression ?? compressionOf(path), COMPRESSIONS),
    ifExists: oneOf('ifExists', ifExists, ['replace', 'fail', 'append']),
    encoding: { ...(columns && { columns }), ...(escapeFormulas !== undefined && { escapeFormulas }) },
  };
  encoderOf(result.format, result.encoding);
  if (ifExists === 'append' && (result.format === 'json' || result.compression !== 'none'))
    throw new TypeError(
      'ifExists must be replace or fail for a JSON array and for compressed files, got "append"',
    );
  return result;
}

import { fileURLToPath } from 'node:url';
import { messageOf, PipelineError } from '../core/errors.ts';
import { expectKind, knownOptions, type OptionNames, oneOf } from '../core/options.ts';
import type { ResumeContext, Sink } from '../core/sink.ts';
import type { Columns } from '../formats/columns.ts';
import { type EncoderOptions, encoderOf, type OutputFormat, outputFormatOf } from '../formats/encoders.ts';
import {
  COMPRESSIONS,
  type Compression,
  type Compressor,
  compressionOf,
  createCompressor,
} from './compressor.ts';
import { EncodedOutput } from './encoded-output.ts';
import { encoderAfter } from './existing-output.ts';
import { type IfExists, StagedFile, type StagedState } from './staged-file.ts';
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
 * under the name of the file, so that the next run begins anew – or, with a checkpoint, goes on behind what was committed
 * last: until it is complete the file then lies beside its final place, as `.NAME.partial`. (Not with brotli, which has
 * no parts.) The file is safe against a power cut when it is closed.
 * @param options the path, or all options
 * @throws TypeError when an option is wrong
 */
export function fileSink<T = unknown>(options: string | URL | FileSinkOptions): Sink<T> {
  const output = checked(options);
  const inTurn = takeTurns();
  let opened: OpenOutput | undefined;

  return {
    name: output.file,
    guarantee: 'exactly-once',
    async open({ resume }) {
      opened = await openOutput(output, resume);
    },
    write: (chunk, { signal }) =>
      inTurn(async () => {
        signal.throwIfAborted();
        if (opened === undefined) throw new TypeError(`${output.file} must be opened before it is written`);
        const { encoded, compressor, staged } = opened;
        await staged.append(await compressor.compress(encoded.piecesOf(chunk)));
        compressor.written();
        encoded.written(chunk);
      }),
    commit: () =>
      inTurn(async () => {
        const { staged, encoded } = opened!;
        return { ...(await staged.commit()), isBegun: encoded.isBegun } satisfies FileState;
      }),
    close: ({ complete }) =>
      inTurn(async () => {
        const closing = opened;
        opened = undefined;
        if (closing !== undefined) await closeOutput(output.file, closing, complete);
      }),
  };
}

interface CheckedOptions {
  readonly file: string;
  readonly format: OutputFormat;
  readonly compression: Compression;
  readonly ifExists: IfExists;
  readonly encoding: EncoderOptions;
}

/** What `commit` tells. */
interface FileState extends StagedState {
  /** Whether the file holds a chunk. */
  readonly isBegun: boolean;
}

interface OpenOutput {
  readonly staged: StagedFile;
  readonly compressor: Compressor;
  readonly encoded: EncodedOutput;
}

function checked(options: string | URL | FileSinkOptions): CheckedOptions {
  const given = typeof options === 'string' || options instanceof URL ? { file: options } : options;
  knownOptions('fileSink', given, OPTIONS);
  const { file, format, compression, columns, escapeFormulas, ifExists = 'replace' } = given;
  const path = file instanceof URL ? fileURLToPath(file) : file;
  expectKind('file', file, typeof path === 'string' && path !== '', 'a path or a file URL');
  const result: CheckedOptions = {
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

async function openOutput(output: CheckedOptions, resume: ResumeContext | undefined): Promise<OpenOutput> {
  const { file, format, compression, ifExists, encoding } = output;
  if (resume !== undefined && compression === 'brotli') throw notResumable(file);
  const state = stateIn(resume, file);
  const staged = await StagedFile.open(file, {
    ifExists,
    ...(resume !== undefined && { resume: { state } }),
  });
  try {
    const isBegun = state?.isBegun ?? false;
    const compressor = createCompressor(compression, isBegun);
    const encoder = isBegun
      ? await encoderAfter(staged.path, format, encoding, compression)
      : staged.length > 0
        ? await encoderAfter(file, format, encoding)
        : encoderOf(format, encoding);
    return { staged, compressor, encoded: new EncodedOutput(encoder, isBegun) };
  } catch (error) {
    await staged.release();
    throw error;
  }
}

function stateIn(resume: ResumeContext | undefined, file: string): FileState | undefined {
  if (resume?.state === undefined) return undefined;
  const { length, inode, isBegun } = resume.state as Partial<FileState>;
  if (Number.isSafeInteger(length) && typeof inode === 'string' && typeof isBegun === 'boolean')
    return resume.state as FileState;
  throw new PipelineError({
    code: 'CHECKPOINT_MISMATCH',
    message: `The checkpoint does not say how to go on with ${file}`,
  });
}

function notResumable(file: string): PipelineError {
  return new PipelineError({
    code: 'SINK_FAILED',
    message: `${file} could not be created: brotli cannot go on behind an interruption, so a checkpoint makes no sense (gzip and zstd can)`,
  });
}

async function closeOutput(file: string, output: OpenOutput, complete: boolean): Promise<void> {
  const { staged, compressor, encoded } = output;
  try {
    if (!complete) return;
    if (!staged.isPublished) await staged.append(await compressor.end(encoded.ending()));
    await staged.publish();
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError({
      code: 'SINK_FAILED',
      message: `${file} could not be completed: ${messageOf(cause)}`,
      cause,
    });
  } finally {
    compressor.destroy();
    await staged.release();
  }
}

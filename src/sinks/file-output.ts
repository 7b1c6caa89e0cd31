import type { Chunk } from '../core/chunk.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import type { Encoder } from '../core/format.ts';
import { Scratch } from '../core/scratch.ts';
import type { ResumeContext } from '../core/sink.ts';
import { type EncoderOptions, encoderOf, type OutputFormat } from '../formats/encoders.ts';
import { type Compression, type Compressor, createCompressor } from './compressor.ts';
import { EncodedOutput } from './encoded-output.ts';
import { encoderAfter } from './existing-output.ts';
import { type FileMark, fileMark } from './file-mark.ts';
import { extentOf, reopenFile, resumeFile } from './resumed-file.ts';
import { type IfExists, StagedFile } from './staged-file.ts';

export interface FileOutputOptions {
  readonly file: string;
  readonly format: OutputFormat;
  readonly compression: Compression;
  readonly ifExists: IfExists;
  readonly encoding: EncoderOptions;
}

/** The file of one run, from its opening to its closing. */
export class FileOutput {
  readonly #options: FileOutputOptions;
  readonly #encoded: EncodedOutput;
  readonly #compressor: Compressor;
  /** A compressor takes all pieces of a chunk together; without one each is written before the next one is made. */
  readonly #scratch: Scratch | undefined;
  readonly #from: number;
  /** What the run before this one has noted. */
  readonly #mark: FileMark | undefined;
  readonly #isKept: boolean;
  /** Absent while the file is complete under its final name, and nothing came after that. */
  #staged: StagedFile | undefined;

  /** @throws PipelineError when the file cannot be made, or gone on with */
  static async open(options: FileOutputOptions, resume: ResumeContext | undefined): Promise<FileOutput> {
    if (resume !== undefined && options.compression === 'brotli') throw notResumable(options.file);
    return resume?.state === undefined
      ? begin(options, resume !== undefined)
      : goOn(options, fileMark(resume.state, describe(options), options.file));
  }

  constructor({ options, encoder, from, staged, mark, isKept }: Opened) {
    this.#options = options;
    this.#encoded = new EncodedOutput(encoder);
    this.#compressor = createCompressor(options.compression);
    this.#scratch = options.compression === 'none' ? new Scratch() : undefined;
    this.#from = from;
    this.#staged = staged;
    this.#mark = mark;
    this.#isKept = isKept;
    if (mark !== undefined) this.#encoded.goOn(mark);
  }

  async write(chunk: Chunk): Promise<void> {
    if (chunk.count === 0) return;
    this.#staged ??= await reopenFile(this.#options.file, this.#options.ifExists, this.#mark!);
    const pieces = await this.#compressor.compress(this.#encoded.piecesOf(chunk, this.#scratch));
    await this.#staged.append(pieces);
    this.#compressor.written();
    this.#encoded.written(chunk);
  }

  /** Makes what is written safe. @returns how to come back to it, if the file stays when the run ends early */
  async commit(): Promise<FileMark | undefined> {
    if (this.#staged === undefined || !this.#isKept) return this.#mark;
    const { handle, length } = this.#staged;
    try {
      await this.#staged.commit();
      const { ino } = await handle.stat({ bigint: true });
      return {
        options: describe(this.#options),
        from: this.#from,
        inode: String(ino),
        ...(await extentOf(handle, length)),
        complete: await extentOf(handle, length, await this.#ending(length)),
        ...this.#encoded.state,
      };
    } catch (cause) {
      throw this.#failed('made safe', cause);
    }
  }

  async close(complete: boolean): Promise<void> {
    const staged = this.#staged;
    try {
      if (!complete || staged === undefined) return;
      await staged.append(await this.#ending(staged.length));
      await staged.publish();
    } catch (cause) {
      throw this.#failed('completed', cause);
    } finally {
      this.#compressor.destroy();
      await staged?.leave();
    }
  }

  async #ending(length: number): Promise<readonly Uint8Array[]> {
    return [...(await this.#compressor.end(this.#encoded.ending(), length === 0))];
  }

  #failed(what: string, cause: unknown): PipelineError {
    if (cause instanceof PipelineError) return cause;
    return new PipelineError({
      code: 'SINK_FAILED',
      message: `${this.#options.file} could not be ${what}: ${messageOf(cause)}`,
      cause,
    });
  }
}

interface Opened {
  readonly options: FileOutputOptions;
  readonly encoder: Encoder;
  /** Bytes that were there before the run. */
  readonly from: number;
  readonly staged: StagedFile | undefined;
  readonly mark?: FileMark;
  readonly isKept: boolean;
}

async function begin(options: FileOutputOptions, isKept: boolean): Promise<FileOutput> {
  const { file, ifExists } = options;
  const staged = await StagedFile.create(file, ifExists, isKept ? 'kept' : 'removed');
  try {
    const from = staged.length;
    const encoder = await encoderBehind(from, options, staged.path);
    return new FileOutput({ options, encoder, from, staged, isKept });
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

async function goOn(options: FileOutputOptions, mark: FileMark): Promise<FileOutput> {
  const { file, ifExists } = options;
  const { from } = mark;
  const staged = await resumeFile(file, ifExists, mark);
  try {
    const encoder = await encoderBehind(from, options, staged?.path ?? file);
    return new FileOutput({ options, encoder, from, staged, mark, isKept: true });
  } catch (error) {
    await staged?.leave();
    throw error;
  }
}

/** The encoder of a run that has found some bytes in the file, or none. */
async function encoderBehind(
  from: number,
  { file, format, encoding }: FileOutputOptions,
  copy: string,
): Promise<Encoder> {
  return from > 0 ? encoderAfter({ file, copy }, format, encoding) : encoderOf(format, encoding);
}

/** What must stay the same as long as a file grows. */
function describe({ format, compression, ifExists, encoding }: FileOutputOptions): string {
  return JSON.stringify({ format, compression, ifExists, ...encoding });
}

function notResumable(file: string): PipelineError {
  return new PipelineError({
    code: 'SINK_FAILED',
    message: `${file} could not be created: brotli cannot go on behind an interruption, so a checkpoint makes no sense (gzip and zstd can)`,
  });
}

import { PipelineError } from '../core/errors.ts';
import type { OutputState } from './encoded-output.ts';

/** What a run notes of its output file, so that the next one can come back to it. */
export interface FileMark extends FileExtent, OutputState {
  /** What must be the same when the run goes on: format, compression and so on. */
  readonly options: string;
  /** Bytes that were in the file before the run. */
  readonly from: number;
  /** Number of the file in its file system. A new name does not change it. */
  readonly inode: string;
  /** The file as it is when nothing else is written and it is complete. */
  readonly complete: FileExtent;
}

/** How far a file goes, and how it ends there. */
export interface FileExtent {
  /** Bytes that count. */
  readonly length: number;
  /** SHA-256 of the last of them, 64 hexadecimal digits: of `TAIL_BYTES`, or of all there are. */
  readonly tail: string;
}

/**
 * The mark that a checkpoint holds.
 * @param options as they are now
 * @throws PipelineError when the run has begun with others, or it is no mark
 */
export function fileMark(state: unknown, options: string, file: string): FileMark {
  if (!isFileMark(state)) throw mismatch(file, 'the checkpoint was not made by a sink of its kind');
  if (state.options === options) return state;
  throw mismatch(file, `the run has begun with ${state.options}, not with ${options}`);
}

/** Why a run cannot go on with a file. */
export function mismatch(file: string, reason: string): PipelineError {
  return new PipelineError({
    code: 'CHECKPOINT_MISMATCH',
    message: `${file} cannot be gone on with: ${reason}`,
  });
}

function isFileMark(state: unknown): state is FileMark {
  if (!isExtent(state)) return false;
  const { options, from, inode, complete, isBegun } = state as Partial<FileMark>;
  return (
    typeof options === 'string' &&
    isLength(from) &&
    typeof inode === 'string' &&
    isExtent(complete) &&
    typeof isBegun === 'boolean'
  );
}

function isExtent(value: unknown): value is FileExtent {
  if (typeof value !== 'object' || value === null) return false;
  const { length, tail } = value as Partial<FileExtent>;
  return isLength(length) && typeof tail === 'string';
}

function isLength(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

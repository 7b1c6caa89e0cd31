import { type ErrorCode, PipelineError } from '../core/errors.ts';

/** Stable, for scripts. */
export const EXIT = {
  written: 0,
  failed: 1,
  usage: 2,
  /** Finished, and there is something to look at: dead letters, or records that may be written twice. */
  setAside: 3,
  input: 4,
  /** A checkpoint that does not belong to this run, or cannot be used. */
  checkpoint: 5,
  tooManyInvalid: 6,
  sigint: 130,
  sigterm: 143,
} as const;

/** What is wrong with the input, and not with the run. An invalid record counts: the schema speaks about the input. */
const INPUT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MALFORMED_RECORD',
  'MALFORMED_INPUT',
  'INVALID_UTF8',
  'INEXACT_NUMBER',
  'RECORD_TOO_LARGE',
  'RECORD_TOO_DEEP',
  'PATH_NOT_FOUND',
  'UNKNOWN_FORMAT',
  'SOURCE_FAILED',
  'SOURCE_TRUNCATED',
  'SOURCE_CHANGED',
  'CORRUPT_COMPRESSION',
  'DECOMPRESSION_BOMB',
  'INVALID_RECORD',
]);

/** Going on from the checkpoint would be a guess. */
const CHECKPOINT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHECKPOINT_CORRUPT',
  'CHECKPOINT_FOREIGN',
  'CHECKPOINT_NEWER',
  'CHECKPOINT_MISMATCH',
  'INPUT_CHANGED',
]);

/** What a script is told of a run that failed with `error`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof PipelineError) {
    if (error.code === 'TOO_MANY_INVALID') return EXIT.tooManyInvalid;
    if (CHECKPOINT_CODES.has(error.code)) return EXIT.checkpoint;
    return INPUT_CODES.has(error.code) ? EXIT.input : EXIT.failed;
  }
  return isWrongUse(error) ? EXIT.usage : EXIT.failed;
}

/** The command line makes no sense, or an option has a value that it cannot have. */
export function isWrongUse(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof TypeError || error instanceof RangeError;
}

/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

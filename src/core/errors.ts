import { expectKind } from './options.ts';
import { describePosition, type Position } from './position.ts';

/** Every way in which a run, a source or a sink can fail, with what it means. Documented in docs/errors.md. */
export const ERROR_CODES = {
  MALFORMED_RECORD: 'the bytes of a record are not valid in the format of the source',
  MALFORMED_INPUT: 'the input around the records is not valid in its format',
  INVALID_UTF8: 'the input holds bytes that are not UTF-8',
  INEXACT_NUMBER: 'a number cannot be represented exactly, and must not be changed silently',
  RECORD_TOO_LARGE: 'a record is larger than maxRecordBytes',
  RECORD_TOO_DEEP: 'a record is nested deeper than maxDepth',
  PATH_NOT_FOUND: 'the document has no array or object of records at the path',
  UNKNOWN_FORMAT: 'the format of the source could not be detected',
  SOURCE_FAILED: 'the source could not be opened or read',
  SOURCE_TRUNCATED: 'the source ended before its content was complete',
  SOURCE_CHANGED: 'the source changed while it was read',
  CORRUPT_COMPRESSION: 'the compressed input is damaged',
  DECOMPRESSION_BOMB: 'the compressed input grows beyond the allowed ratio',
  INVALID_RECORD: 'a record does not match the schema',
  TRANSFORM_FAILED: 'a transform function threw',
  WRITE_FAILED: 'the sink did not take a chunk',
  SINK_FAILED: 'the sink could not be opened or closed',
  SINK_CLOSED: 'the reader of the output has gone away',
  REFUSED_RECORD: 'the sink cannot hold a record as it is',
  TOO_MANY_INVALID: 'more records are invalid or refused than maxInvalid allows',
  RECORDS_UNACCOUNTED: 'records were read and neither written, filtered nor set aside',
  CHECKPOINT_LOCKED: 'another run is using the checkpoint',
  CHECKPOINT_CORRUPT: 'the checkpoint is damaged',
  CHECKPOINT_FOREIGN: 'what is under the name of the checkpoint is none, or is not safe to use as one',
  CHECKPOINT_NEWER: 'the checkpoint was written by a newer version',
  CHECKPOINT_MISMATCH: 'the checkpoint belongs to another run, pipeline or source',
  INPUT_CHANGED: 'the input is no longer the one of which a part is written already',
  FENCED: 'a later run has taken over from this one',
  CHECKPOINT_FAILED: 'the checkpoint could not be read or saved',
  MISSING_PACKAGE: 'an optional package is not installed',
  ABORTED: 'the run was aborted by its signal',
} as const;

/** The name of one of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

export interface PipelineErrorOptions {
  readonly code: ErrorCode;
  /** What could not be done and why, without the place and without a final period. */
  readonly message: string;
  readonly cause?: unknown;
  /** Name of the source the error is about. */
  readonly source?: string;
  /** Where in the source. */
  readonly position?: Position;
}

/** The world failed: a source, a sink, or the data itself. Wrong use is a `TypeError` or `RangeError` instead. */
export class PipelineError extends Error {
  override readonly name: string = 'PipelineError';
  readonly code: ErrorCode;
  readonly source?: string;
  readonly position?: Position;

  constructor({ code, message, cause, source, position }: PipelineErrorOptions) {
    super(withPlace(message, source, position), cause === undefined ? undefined : { cause });
    this.code = code;
    if (source !== undefined) this.source = source;
    if (position !== undefined) this.position = position;
  }
}

/** A sink took a part of a chunk. Those of its records that it did not take are listed; all others are safe. */
export class PartialWriteError extends Error {
  override readonly name = 'PartialWriteError';
  /** Index in the chunk (from 0) → why the sink did not take that record. */
  readonly refusals: ReadonlyMap<number, unknown>;

  /**
   * @param refusals index in the chunk (from 0) → why the sink did not take that record
   * @throws TypeError when it is no map
   */
  constructor(refusals: ReadonlyMap<number, unknown>) {
    expectKind('refusals', refusals, refusals instanceof Map, 'a Map from indexes in the chunk to reasons');
    super(`The sink did not take ${refusals.size} record${refusals.size === 1 ? '' : 's'} of the chunk`);
    this.refusals = refusals;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner === undefined ? error.name : messageOf(inner);
}

function withPlace(message: string, source: string | undefined, position: Position | undefined): string {
  if (source === undefined) return message;
  return `${position === undefined ? source : describePosition(source, position)}: ${message}`;
}

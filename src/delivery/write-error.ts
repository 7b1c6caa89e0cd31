import type { Chunk } from '../core/chunk.ts';
import { type ErrorCode, messageOf, PipelineError } from '../core/errors.ts';
import type { Position } from '../core/position.ts';
import type { Failure } from '../failures/index.ts';
import { describeRange } from './describe-range.ts';

/** What happened to the chunk as a whole. */
export type WriteErrorCode = Extract<
  ErrorCode,
  'WRITE_FAILED' | 'ABORTED' | 'SINK_CLOSED' | 'TOO_MANY_INVALID'
>;

export interface WriteErrorOptions {
  /**
   * `ABORTED` when the run was stopped, `SINK_CLOSED` when the reader of the output is gone, `TOO_MANY_INVALID` when there
   * was no room for another dead letter. @default 'WRITE_FAILED'
   */
  readonly code?: WriteErrorCode;
  /** What could not be done and why. @default that the chunk, or those of its records, could not be written */
  readonly message?: string | undefined;
  /** Name of the sink. */
  readonly sink: string;
  readonly chunk: Chunk;
  /** Writes that were tried, the first included. */
  readonly attempts: number;
  readonly failure: Failure;
  readonly cause: unknown;
  /** Index in the chunk (from 0) → why the sink did not take that record; when it took the others. */
  readonly refusals?: ReadonlyMap<number, unknown> | undefined;
  /** Of the refusals, those that are no answers about that one record. @default none */
  readonly undivided?: ReadonlySet<number>;
  /** Index in the chunk → writes that were tried with that record, where that is not `attempts`. */
  readonly attemptsByIndex?: ReadonlyMap<number, number>;
  /** More to say: why no further attempt was made. */
  readonly note?: string | undefined;
}

/** A chunk that the sink did not take: says which records, where, how often it was tried, and why. */
export class WriteError extends PipelineError {
  override readonly name = 'WriteError';
  /** Name of the sink. */
  readonly sink: string;
  readonly chunk: Chunk;
  /** Where the first record of the chunk is. */
  readonly first: Position;
  /** Where the last record of the chunk is. */
  readonly last: Position;
  /** Writes that were tried, the first included; where the chunk was divided, those with the record that is named. */
  readonly attempts: number;
  /** What the error means; of several refused records, the worst. */
  readonly failure: Failure;
  /**
   * Index in the chunk (from 0) → why the sink did not take that record; an `UnsentError` where it was not asked to.
   * Then all its other records are safe. Without it none is known to be.
   */
  readonly refusals: ReadonlyMap<number, unknown> | undefined;
  /**
   * Of the refusals, those that are no answers about that one record: it shared its answer with others, or was not sent.
   */
  readonly undivided: ReadonlySet<number>;
  readonly #attemptsByIndex: ReadonlyMap<number, number>;

  constructor(options: WriteErrorOptions) {
    const { code = 'WRITE_FAILED', sink, chunk, attempts, failure, cause, refusals } = options;
    super({ code, message: options.message ?? messageFor(options), cause });
    this.sink = sink;
    this.chunk = chunk;
    this.first = chunk.position(0);
    this.last = chunk.position(chunk.count - 1);
    this.attempts = attempts;
    this.failure = failure;
    this.refusals = refusals;
    this.undivided = options.undivided ?? new Set();
    this.#attemptsByIndex = options.attemptsByIndex ?? new Map();
  }

  /** Records of the chunk that are safe all the same. */
  get taken(): number {
    return this.refusals === undefined ? 0 : this.chunk.count - this.refusals.size;
  }

  /** Records of the chunk about each of which the sink has said why it does not take it. */
  get refused(): number {
    return this.refusals === undefined ? 0 : this.refusals.size - this.undivided.size;
  }

  /** Writes that were tried with record `index` of the chunk. */
  attemptsWith(index: number): number {
    return this.#attemptsByIndex.get(index) ?? this.attempts;
  }
}

/** Why a record is not written that was not sent, or not sent again: the chunk had failed before its turn came. */
export class UnsentError extends Error {
  override readonly name = 'UnsentError';

  constructor() {
    super('It was not sent: the chunk had failed already');
  }
}

function messageFor({ sink, chunk, attempts, cause, refusals, note }: WriteErrorOptions): string {
  const what = refusals === undefined ? describeRange(chunk) : describeRefused(chunk, refusals);
  const safe =
    refusals !== undefined &&
    `${count(chunk.count - refusals.size)} of ${count(chunk.count)} records are safe`;
  const details = [`${attempts} attempt${attempts === 1 ? '' : 's'}`, safe, note].filter(Boolean).join('; ');
  return `${what} (chunk ${count(chunk.index + 1)}) could not be written to ${sink}: ${messageOf(cause)} (${details})`;
}

function describeRefused(chunk: Chunk, refusals: ReadonlyMap<number, unknown>): string {
  const sent = [...refusals].flatMap(([index, error]) => (error instanceof UnsentError ? [] : [index]));
  const place = chunk.describe(Math.min(...(sent.length > 0 ? sent : refusals.keys())));
  return sent.length === 1 ? place : `${count(sent.length)} records, the first ${place}`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

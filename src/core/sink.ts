import type { CheckpointStore } from './checkpoint.ts';
import type { Chunk } from './chunk.ts';
import { integerBetween, knownOptions, type OptionNames } from './options.ts';

/** What holds after a run that was cut off and started again. */
export type Guarantee = 'exactly-once' | 'effectively-once' | 'at-least-once';

/** What a sink is told of one attempt to write a chunk. */
export interface WriteContext {
  /** 1 for the first write of a chunk, 2 for its first retry, and so on. */
  readonly attempt: number;
  /** Aborts when the run is stopped or the attempt has taken too long. */
  readonly signal: AbortSignal;
}

/** What a sink is told when it is opened. */
export interface OpenContext {
  readonly signal: AbortSignal;
  /** Present when the run has a checkpoint: then what is written must stay for the run that goes on after this one. */
  readonly resume?: ResumeContext;
}

/** What a sink is told of the runs before this one. */
export interface ResumeContext {
  /** Whether an earlier run under the same name has written: what is there is its output, and is to be continued. */
  readonly isContinued: boolean;
  /** What `commit` told when the checkpoint was saved that the run goes on from. */
  readonly state?: unknown;
}

/** What a sink is told when it is closed. */
export interface CloseContext {
  /** Whether every chunk of the run was written. Only then may output appear under its final name. */
  readonly complete: boolean;
}

/** The most that a sink takes in one write. */
export interface SinkLimits {
  /** Records, at least 1. */
  readonly records?: number;
  /** Bytes of the records as NDJSON. */
  readonly bytes?: number;
}

const LIMITS: OptionNames<SinkLimits> = { records: true, bytes: true };

/** @throws TypeError or RangeError when no chunk could be within them */
export function checkLimits(limits: SinkLimits): void {
  knownOptions('limits', limits, LIMITS);
  for (const [name, value] of Object.entries(limits) as readonly [string, unknown][])
    if (value !== undefined && value !== Number.POSITIVE_INFINITY)
      integerBetween(`limits.${name}`, value, 1, Number.MAX_SAFE_INTEGER);
}

/**
 * A place to which chunks are written.
 *
 * When `write` resolves, every record of the chunk is safe. When it rejects, assume that none is – unless it rejects
 * with a `PartialWriteError`, which lists the records that are not. A sink does not retry and does not change the
 * records it is given. `open` is called once before the first write, `close` once after the last, also after a failure.
 */
export interface Sink<T = unknown> {
  readonly name: string;
  /** Path, where it writes to a file: nothing else of a run may write there. */
  readonly file?: string;
  /** Stated honestly; the contract suite checks what can be checked. */
  readonly guarantee: Guarantee;
  readonly limits?: SinkLimits;
  /**
   * Whether it keeps nothing of a chunk when `write` has resolved, neither the chunk nor its bytes: then their memory may
   * be used again. @default false
   */
  readonly keepsNothing?: boolean;
  /**
   * Whether it asks of records nothing but their JSON (`ndjson`, `jsonArray`, `byteLength`), and refuses none that has
   * one: then those that are made as objects may be kept as JSON until they are written, which takes a fraction of the
   * memory. @default false
   */
  readonly takesJson?: boolean;
  open?(context: OpenContext): Promise<void>;
  write(chunk: Chunk<T>, context: WriteContext): Promise<void>;
  /**
   * For a sink that can go back to where it was: makes all that is written safe, and tells how to come back to it, as
   * plain JSON. Called when no write is under way; what it tells is saved in the checkpoint, and given to `open` when
   * the run goes on.
   */
  commit?(): Promise<unknown>;
  /**
   * For a sink that notes each chunk in the transaction that writes it: where it notes them. It is the checkpoint of a
   * run that is given no other one, and is opened before the sink. Between its `open` and `close` each write notes the
   * ranges of its chunk, or fails with the code `FENCED` when a later run has taken over; `save` has then only to note
   * that the run is finished.
   */
  readonly ledger?: CheckpointStore;
  close?(context: CloseContext): Promise<void>;
}

/** A sink with every method, as the wrappers of `delivery/` need it. */
export type FullSink<T = unknown> = Required<Omit<Sink<T>, Optional>> & Pick<Sink<T>, Optional>;

type Optional = 'file' | 'limits' | 'keepsNothing' | 'takesJson' | 'commit' | 'ledger';

/** The sink with another `write`, and all else as it was. */
export function withWrite<T>(sink: Sink<T>, write: Sink<T>['write']): FullSink<T> {
  return {
    name: sink.name,
    guarantee: sink.guarantee,
    ...(sink.limits !== undefined && { limits: sink.limits }),
    ...(sink.keepsNothing !== undefined && { keepsNothing: sink.keepsNothing }),
    open: async (context) => sink.open?.(context),
    write,
    ...(sink.commit !== undefined && { commit: async () => sink.commit?.() }),
    ...(sink.ledger !== undefined && { ledger: sink.ledger }),
    close: async (context) => sink.close?.(context),
  };
}

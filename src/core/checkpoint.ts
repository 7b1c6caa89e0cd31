import type { Cursor } from './position.ts';

/** How far a run has come. Whoever saves it fills in what it knows; all of it comes back as it was saved. */
export interface Checkpoint {
  /** Everything before it is written, filtered or set aside. Absent before the first chunk. */
  readonly cursor?: Cursor;
  /** What is written beyond the cursor, in order: chunks that overtook others. */
  readonly finished?: readonly RecordRange[];
  /** Tells the run from earlier ones of its name: those that it was begun anew after. */
  readonly id?: string;
  /** Hash of all that decides what becomes of a record: the options of the run, the version of its transform. */
  readonly pipeline?: string;
  /** The inputs as they were, in their order: `Cursor.source` counts through them. */
  readonly sources?: readonly Fingerprint[];
  /** What the sink told of how to come back to the cursor. */
  readonly sink?: unknown;
  /** Dead letters of the run so far. */
  readonly deadLettered?: number;
  /** Whatever whoever started the run wants to find with it. */
  readonly note?: string;
  /** @default 'running' */
  readonly state?: 'running' | 'finished';
  /** When it was saved, in ISO 8601. */
  readonly savedAt?: string;
}

/** What changes in a checkpoint from chunk to chunk. */
export interface CheckpointProgress extends Pick<Checkpoint, 'cursor' | 'savedAt'> {
  readonly finished: readonly RecordRange[];
  readonly deadLettered: number;
}

/** Whole records of one source that follow each other, counted from 0. */
export interface RecordRange {
  /** Which source of the run, from 0. */
  readonly source: number;
  /** The first of them. */
  readonly from: number;
  /** The first behind them. */
  readonly to: number;
  /** How many of the records that a transform made of record `from` lie before the range; absent for none. */
  readonly fromMade?: number;
  /** How many of the records that a transform made of record `to` lie in the range; absent for none. */
  readonly toMade?: number;
}

/** What tells an input from another one, and from what it was earlier. */
export interface Fingerprint {
  /** Path, or URL without credentials. */
  readonly name: string;
  /** Bytes of the whole input, when known. */
  readonly size?: number;
  /** The ETag, when there is one. */
  readonly etag?: string;
  /** The first bytes: 64 KiB, or all there are. */
  readonly head?: HashedBytes;
  /** The last bytes before the position of a cursor: 4 KiB, or all there are. */
  readonly tail?: HashedBytes;
  /** Where it is compressed: the last place before the cursor at which decompression can begin. */
  readonly restart?: RestartPoint;
  /** Where bytes cannot be looked at again: the first record that was read, and the last one known before the cursor. */
  readonly records?: readonly HashedRecord[];
}

/** Where a member of gzip or a frame of zstd begins: what comes before it is not needed to decompress it. */
export interface RestartPoint {
  /** Offset in the input as it is stored. */
  readonly compressed: number;
  /** Offset in what it becomes. */
  readonly bytes: number;
}

/** A record of an input, by its hash. */
export interface HashedRecord {
  /** Its number in the source, from 1. */
  readonly record: number;
  /** SHA-256 of its bytes, or of its JSON text where it has none; 64 hexadecimal digits. */
  readonly sha256: string;
  /** What the source calls the place behind it, as plain JSON: for sources that can begin at such a place. */
  readonly token?: unknown;
}

/** A piece of an input, by its hash. */
export interface HashedBytes {
  /** Offset of the first byte. */
  readonly from: number;
  /** Offset behind the last byte. */
  readonly to: number;
  /** SHA-256, 64 hexadecimal digits. */
  readonly sha256: string;
}

/**
 * A place where runs note how far they have come, each under its name. One that a second run might find at the same
 * time has `open` and `close`; a run calls them around everything else.
 */
export interface CheckpointStore {
  /** Path, where it is a file: nothing else of a run may be there. */
  readonly file?: string;
  /**
   * Takes the checkpoint of the run for the caller alone, and looks at it. Rejects with the code `CHECKPOINT_LOCKED`
   * when another run has it: at once, without waiting for it.
   */
  open?(run: string): Promise<void>;
  /** What was saved last, if the run has begun before. */
  load(run: string): Promise<Checkpoint | undefined>;
  /** Replaces what was saved. Resolves when it is safe; when it rejects, what was saved earlier (or this) is. */
  save(run: string, checkpoint: Checkpoint): Promise<void>;
  /**
   * As `save`, for the members that are given: the others stay as they were saved. It takes less time, and is safe
   * against the end of the process only: after a power cut, what was saved may be all there is. It may be called while
   * a `save` is under way, and is newer than that.
   */
  note?(run: string, progress: CheckpointProgress): Promise<void>;
  /** Forgets the run: the next one begins at the beginning. */
  reset?(run: string): Promise<void>;
  /** Lets others have the checkpoint. The end of the process, however sudden, does the same. */
  close?(run: string): Promise<void>;
}

/** A store with every method. */
export type FullCheckpointStore = Required<Omit<CheckpointStore, 'file'>> & Pick<CheckpointStore, 'file'>;

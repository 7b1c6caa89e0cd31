import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import type { RecordRange } from './checkpoint.ts';
import type { ErrorCode } from './errors.ts';
import { encodeJson } from './json.ts';
import type { Position } from './position.ts';
import type { RecordBlock } from './record-block.ts';

/** A record that was set aside, with everything needed to find it, mend it and send it again. */
export interface DeadLetter {
  /** Name of the source. */
  readonly source: string;
  readonly position: Position;
  /** Which source of the run, from 0. */
  readonly sourceIndex?: number;
  /** Which of the records that a transform made of the one at the position, from 0; absent when it is all of it. */
  readonly made?: number;
  readonly code: ErrorCode;
  /** Why it was set aside. */
  readonly reason: string;
  /** When it was set aside. */
  readonly time: Date;
  /** Its bytes as they are in the source, when they are at hand. */
  readonly raw?: Uint8Array;
  /** The record as it was refused, when there are no bytes, or when these are not JSON and so not all there is to it. */
  readonly record?: unknown;
  /** Id of the chunk in which the sink was given it; absent when it never came to the sink. */
  readonly chunk?: string;
  /** Writes that were tried with it: of its chunk, and of parts of it. Absent when it never came to the sink. */
  readonly attempts?: number;
}

/** A run whose letters may come from several processes, one after another. */
export interface LetteringRun {
  /** Its name. */
  readonly run: string;
  /** Tells it from earlier runs of the same name, whose letters do not count. */
  readonly id: string;
  /** Whether another process has begun it. */
  readonly isContinued: boolean;
}

/** A place for dead letters. */
export interface DeadLetters {
  /** Path, where it is a file: nothing else of a run may be there. */
  readonly file?: string;
  /**
   * Called before the first letter when the run has a checkpoint, for letters to say of which run they are. Tells which
   * records of the run have one already: they are left out. `undefined` when the place cannot tell.
   */
  open?(run: LetteringRun): Promise<readonly RecordRange[] | undefined>;
  /** Resolves when the letter is safe. */
  add(letter: DeadLetter): Promise<void>;
  /** Called once at the end of the run. */
  close(): Promise<void>;
  /** How many more letters it takes: the next one after these ends the run. @default no bound */
  room?(): number;
}

/** The letter of record `index` of a block. It holds on to nothing but that record. */
export function letterOf(
  block: RecordBlock,
  index: number,
  about: Pick<DeadLetter, 'code' | 'reason' | 'chunk' | 'attempts'>,
): DeadLetter {
  const one = block.slice(index, index + 1);
  const { source, encoded, start, end } = one;
  const isWhole = start.made === undefined && end.made === undefined;
  const place = {
    source,
    position: block.position(index),
    sourceIndex: start.source,
    ...(!isWhole && { made: start.made ?? 0 }),
    time: new Date(),
    ...about,
  };
  if (encoded === undefined) return { ...place, record: one.records[0] };
  const raw = new Uint8Array(encoded.bytes.subarray(encoded.starts[0], encoded.ends[0]));
  return encoded.format === 'json' ? { ...place, raw } : { ...place, raw, record: one.records[0] };
}

/** A dead letter as a plain record that any sink can hold: what people look for comes first. */
export interface LetterRecord {
  readonly source: string;
  /** Number of the record in its source, from 1; `byte` and `line` as far as they are known. */
  readonly record: number;
  readonly byte?: number;
  readonly line?: number;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly chunk?: string;
  readonly attempts?: number;
  /** In ISO 8601. */
  readonly time: string;
  /** Of a run with a checkpoint: its name, what tells it from earlier ones, and what tells the record from others of it. */
  readonly run?: string;
  readonly runId?: string;
  readonly sourceIndex?: number;
  readonly made?: number;
  /** Its bytes, when they are UTF-8. */
  readonly raw?: string;
  /** Its bytes, when they are not. */
  readonly rawBase64?: string;
  /** The record, when there are no bytes, or these are not JSON. */
  readonly value?: unknown;
  /** A description of a record that has no form as JSON. */
  readonly inspected?: string;
}

/** A dead letter as a plain record. @param run of which it is, when that has a checkpoint */
export function letterRecord(letter: DeadLetter, run?: LetteringRun): LetterRecord {
  const { source, position, code, reason, chunk, attempts, time } = letter;
  return {
    source,
    ...position,
    code,
    reason,
    ...(chunk !== undefined && { chunk }),
    ...(attempts !== undefined && { attempts }),
    time: time.toISOString(),
    ...(run !== undefined && identityOf(letter, run)),
    ...contentOf(letter),
  };
}

/** Which record of a run a letter is about, if the letter is of that run. */
export function letteredRecord(letter: Partial<LetterRecord>, { id }: LetteringRun): RecordRange | undefined {
  const { runId, sourceIndex: source, record, made } = letter;
  if (runId !== id || !isCount(source) || !isCount(record) || record === 0) return undefined;
  if (made === undefined) return { source, from: record - 1, to: record };
  return isCount(made)
    ? { source, from: record - 1, to: record - 1, fromMade: made, toMade: made + 1 }
    : undefined;
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 0;
}

function identityOf({ sourceIndex, made }: DeadLetter, { run, id }: LetteringRun): Partial<LetterRecord> {
  return {
    run,
    runId: id,
    ...(sourceIndex !== undefined && { sourceIndex }),
    ...(made !== undefined && { made }),
  };
}

function contentOf({ raw, record }: DeadLetter): Partial<LetterRecord> {
  return { ...bytesOf(raw), ...valueOf(record) };
}

function bytesOf(raw: Uint8Array | undefined): Partial<LetterRecord> {
  if (raw === undefined) return {};
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return isUtf8(bytes) ? { raw: bytes.toString() } : { rawBase64: bytes.toString('base64') };
}

function valueOf(record: unknown): Partial<LetterRecord> {
  if (record === undefined) return {};
  try {
    encodeJson(record);
    return { value: record };
  } catch {
    // Without a form as JSON, a description is better than none.
    return { inspected: inspect(record) };
  }
}

import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import type { ErrorCode } from './errors.ts';
import { encodeJson } from './json.ts';
import type { Position } from './position.ts';
import type { RecordBlock } from './record-block.ts';

/** A record that was set aside, with everything needed to find it, mend it and send it again. */
export interface DeadLetter {
  /** Name of the source. */
  readonly source: string;
  readonly position: Position;
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

/** A place for dead letters. */
export interface DeadLetters {
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
  const { source, encoded } = one;
  const place = { source, position: block.position(index), time: new Date(), ...about };
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
  /** Its bytes, when they are UTF-8. */
  readonly raw?: string;
  /** Its bytes, when they are not. */
  readonly rawBase64?: string;
  /** The record, when there are no bytes, or these are not JSON. */
  readonly value?: unknown;
  /** A description of a record that has no form as JSON. */
  readonly inspected?: string;
}

/** A dead letter as a plain record. */
export function letterRecord(letter: DeadLetter): LetterRecord {
  const { source, position, code, reason, chunk, attempts, time } = letter;
  return {
    source,
    ...position,
    code,
    reason,
    ...(chunk !== undefined && { chunk }),
    ...(attempts !== undefined && { attempts }),
    time: time.toISOString(),
    ...contentOf(letter),
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

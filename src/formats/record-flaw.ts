import type { ErrorCode } from '../core/errors.ts';
import type { LocatedFields, WrittenRows } from '../core/record-block.ts';

/** One record of a run cannot be decoded. */
export interface RecordFlaw {
  /** Index of the record in the bytes that were to be decoded. */
  readonly index: number;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** What became of a run of records: those that could be decoded, in order, and what is wrong with the others. */
export interface DecodedRun<T> {
  readonly records: readonly T[];
  readonly flaws: readonly RecordFlaw[];
}

/** What is wrong with a run of records, and what checking them has found besides. */
export interface CheckedRun {
  readonly flaws: readonly RecordFlaw[];
  readonly located?: LocatedFields | undefined;
  readonly rows?: WrittenRows | undefined;
}

/** A record is not decoded, for a reason that has a code of its own. */
export class FlawError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** Decodes one record after another. What is thrown by one is its flaw; the others are not touched by it. */
export function decodeEach<T>(count: number, decodeOne: (index: number) => T): DecodedRun<T> {
  const run = { records: [], flaws: [] };
  decodeRange(run, 0, count, decodeOne);
  return run;
}

/** Adds the records from one index up to, not including, another, each decoded by itself. */
export function decodeRange<T>(
  { records, flaws }: { readonly records: T[]; readonly flaws: RecordFlaw[] },
  from: number,
  to: number,
  decodeOne: (index: number) => T,
): void {
  for (let index = from; index < to; index++) {
    try {
      records.push(decodeOne(index));
    } catch (error) {
      flaws.push(flawOf(index, error as Error));
    }
  }
}

/** What is wrong with a record, from what was thrown when it was decoded. */
export function flawOf(index: number, error: Error): RecordFlaw {
  if (error instanceof FlawError) return { index, code: error.code, reason: error.message };
  return { index, code: 'MALFORMED_RECORD', reason: tidied(error.message) };
}

/** V8 says twice where in a JSON text it stopped; the second time is noise. */
function tidied(message: string): string {
  return message.replace(/ \(line \d+ column \d+\)$/, '');
}

import type { SourceRange } from './chunk.ts';
import { IntervalSet } from './interval-set.ts';

/** Records that were read and are neither written, filtered nor set aside. */
export interface UnaccountedRange {
  readonly source: string;
  /** Number of the first such record, from 1. */
  readonly from: number;
  /** Number of the last such record. */
  readonly to: number;
}

interface Account {
  readonly name: string;
  seen: number;
  readonly settled: IntervalSet;
  /** Record → which of the records made of it are written, of records whose making a chunk boundary divides. */
  readonly parts: Map<number, IntervalSet>;
}

/**
 * The counts of one run, kept by its stages: hand the same tally to each of them.
 * At the end `read + added = written + filtered + deadLettered`, or `unaccounted()` says which records are missing.
 */
export class Tally {
  /** Records read from the source, malformed ones included. */
  read = 0;
  /** Records that a transform made beyond one for each it was given. */
  added = 0;
  /** Records that a transform left out. */
  filtered = 0;
  /** Records that are malformed, do not match the schema, or made a transform throw. */
  invalid = 0;
  /** Records that the sink has refused, each for a reason of its own. */
  refused = 0;
  /** Records set aside as dead letters. */
  deadLettered = 0;
  /** Records that the sink has taken. */
  written = 0;
  /** Chunks that the sink has taken. */
  chunks = 0;
  /** Attempts at a chunk after its first. */
  retries = 0;
  /** Records that may be at the sink twice: a write of unknown outcome was made again, and the sink is not idempotent. */
  possibleDuplicates = 0;
  /** Bytes read from the source, as they are stored: before decompression. */
  bytes = 0;
  /** Bytes of all sources together, as they are stored; `undefined` while one of them is not known. */
  totalBytes: number | undefined;

  readonly #accounts = new Map<number, Account>();

  /** Notes that records up to the end of a range have been read. */
  see({ source, end }: SourceRange): void {
    const account = this.#account(end.source, source);
    account.seen = Math.max(account.seen, end.records);
  }

  /** Notes that one record (number from 1) has been read. */
  seeRecord(source: string, sourceIndex: number, record: number): void {
    const account = this.#account(sourceIndex, source);
    if (record > account.seen) account.seen = record;
  }

  /**
   * Takes back what was noted of a range that turned out not to be wanted: what in it is neither filtered nor set aside
   * counts as not read.
   * @param made records that a transform made of it
   */
  unsee(range: SourceRange, made: number): void {
    const { source, start, end } = range;
    const { settled } = this.#account(start.source, source);
    const whole = wholeRecords(range);
    const unread = whole.to - whole.from - settled.countBetween(whole.from, whole.to);
    this.read -= unread;
    this.added -= made - unread;
    this.settle({ source, start, end });
  }

  /** Notes that all records of a range are written, filtered or set aside. */
  settle(range: SourceRange): void {
    const { source, start, end } = range;
    const account = this.#account(end.source, source);
    const { from, to } = wholeRecords(range);
    account.settled.add(from, to);
    if (start.made !== undefined) {
      const last = end.records === start.records ? (end.made ?? 0) : Number.POSITIVE_INFINITY;
      settlePart(account, start.records, start.made, last);
    }
    if (end.made !== undefined && end.records >= from) settlePart(account, end.records, 0, end.made);
  }

  /** Notes it of those records of a range of which nothing was made that lies outside of it. */
  settleWhole(range: SourceRange): void {
    const { from, to } = wholeRecords(range);
    this.#account(range.end.source, range.source).settled.add(from, to);
  }

  /** Notes that one record (number from 1) is filtered or set aside. */
  settleRecord(source: string, sourceIndex: number, record: number): void {
    this.#account(sourceIndex, source).settled.add(record - 1, record);
  }

  /** The records that were read and have not been settled, source by source, in order. */
  unaccounted(): readonly UnaccountedRange[] {
    return [...this.#accounts.values()].flatMap(({ name, seen, settled }) =>
      settled.gaps(seen).map(([from, to]) => ({ source: name, from: from + 1, to })),
    );
  }

  #account(index: number, name: string): Account {
    let account = this.#accounts.get(index);
    if (account === undefined) {
      account = { name, seen: 0, settled: new IntervalSet(), parts: new Map() };
      this.#accounts.set(index, account);
    }
    return account;
  }
}

/** The records of a range, counted from 0, without one of which a part lies before or behind it. */
export function wholeRecords({ start, end }: SourceRange): { readonly from: number; readonly to: number } {
  const from = start.records + (start.made === undefined ? 0 : 1);
  return { from, to: Math.max(from, end.records) };
}

/** A record is settled when all that was made of it is. */
function settlePart({ settled, parts }: Account, record: number, from: number, to: number): void {
  const part = parts.get(record) ?? new IntervalSet();
  part.add(from, to);
  if (part.gaps(Number.POSITIVE_INFINITY).length > 0) {
    parts.set(record, part);
    return;
  }
  parts.delete(record);
  settled.add(record, record + 1);
}

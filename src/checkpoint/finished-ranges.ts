import type { Checkpoint, RecordRange } from '../core/checkpoint.ts';
import type { Chunk, SourceRange } from '../core/chunk.ts';
import { IntervalSet } from '../core/interval-set.ts';
import type { Cursor } from '../core/position.ts';
import { wholeRecords } from '../core/tally.ts';

/** What of a chunk counts here. */
export type FinishedChunk = Pick<Chunk, 'index' | 'ranges'>;

/**
 * Which records are safe while chunks finish in any order: a cursor that nothing before is missing, and the ranges
 * beyond it. Begins with what an earlier run has left; chunks then count from 0 and leave those ranges out.
 * A record of which only a part is written counts as not finished.
 */
export class FinishedRanges {
  #cursor: Cursor | undefined;
  readonly #records = new Map<number, IntervalSet>();
  /** Index of the first chunk that is not finished. */
  #next = 0;
  /** Index → end of the chunks that overtook it. */
  readonly #ahead = new Map<number, Cursor>();
  /** Whether they tell all that was noted: no part of what a transform has made of one record. */
  tellAll = true;

  constructor({ cursor, finished = [] }: Pick<Checkpoint, 'cursor' | 'finished'> = {}) {
    this.#cursor = cursor;
    for (const { source, from, to, fromMade } of finished)
      this.#of(source).add(fromMade === undefined ? from : from + 1, to);
  }

  /** Notes that the records of a part of a chunk are safe, though not the chunk. */
  addPart(range: SourceRange): void {
    this.tellAll &&= range.start.made === undefined && range.end.made === undefined;
    this.#addWhole(range);
  }

  /** Notes that every record of a chunk is safe. */
  add({ index, ranges }: FinishedChunk): void {
    for (const range of ranges) this.#addWhole(range);
    this.#ahead.set(index, ranges.at(-1)!.end);
    for (let end = this.#ahead.get(this.#next); end !== undefined; end = this.#ahead.get(this.#next)) {
      this.#cursor = end;
      this.#ahead.delete(this.#next++);
    }
  }

  #addWhole(range: SourceRange): void {
    const { from, to } = wholeRecords(range);
    this.#of(range.start.source).add(from, to);
  }

  /** Nothing is safe yet. */
  get isEmpty(): boolean {
    return this.#cursor === undefined && this.#records.size === 0;
  }

  /** Everything before it is safe. `undefined` before the first chunk is. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  /** What is safe beyond the cursor, in order. What an earlier run has left may begin right at it. */
  get finished(): readonly RecordRange[] {
    return [...this.#records]
      .toSorted(([a], [b]) => a - b)
      .flatMap(([source, records]) =>
        records.runs(this.#firstOpen(source)).map(([from, to]) => ({ source, from, to })),
      );
  }

  /** Those of the records `from` up to, not including, `to` of a source (from 0) that are still to be written. */
  missing(source: number, from: number, to: number): readonly RecordRange[] {
    const first = Math.max(from, this.#firstOpen(source));
    const gaps = this.#records.get(source)?.gaps(to) ?? [[0, to] as const];
    return gaps
      .map(([start, end]) => ({ source, from: Math.max(start, first), to: end }))
      .filter((gap) => gap.from < gap.to);
  }

  /** The first record of a source that the cursor is not behind. */
  #firstOpen(source: number): number {
    if (this.#cursor === undefined || source > this.#cursor.source) return 0;
    return source < this.#cursor.source ? Number.POSITIVE_INFINITY : this.#cursor.records;
  }

  #of(source: number): IntervalSet {
    let records = this.#records.get(source);
    if (records === undefined) this.#records.set(source, (records = new IntervalSet()));
    return records;
  }
}

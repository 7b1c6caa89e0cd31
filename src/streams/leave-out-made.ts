import { Transform, type TransformCallback } from 'node:stream';
import type { RecordRange } from '../core/checkpoint.ts';
import { IntervalSet } from '../core/interval-set.ts';
import type { Cursor } from '../core/position.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { Tally } from '../core/tally.ts';

/** Which of the records that a transform made of one record are done, where that is not all of them. */
export type PartlyDone = ReadonlyMap<string, IntervalSet>;

/** What earlier runs have done of records of which they have done a part. */
export function partlyDone(from: Cursor | undefined, finished: readonly RecordRange[]): PartlyDone {
  const parts = new Map<string, IntervalSet>();
  const add = (source: number, record: number, first: number, behind: number) => {
    const key = `${source} ${record}`;
    const part = parts.get(key) ?? new IntervalSet();
    part.add(first, behind);
    parts.set(key, part);
  };
  if (from?.made !== undefined) add(from.source, from.records, 0, from.made);
  for (const { source, from: first, to, fromMade, toMade } of finished) {
    if (fromMade !== undefined)
      add(source, first, fromMade, first === to ? (toMade ?? 0) : Number.POSITIVE_INFINITY);
    if (toMade !== undefined && (fromMade === undefined || first !== to)) add(source, to, 0, toMade);
  }
  return parts;
}

/**
 * Leaves out what earlier runs have written of the records that a transform made of one: it must make the same ones
 * again. They count as neither made nor unaccounted.
 */
export class LeaveOutMade<T> extends Transform {
  readonly #parts: PartlyDone;
  readonly #tally: Tally;

  constructor(parts: PartlyDone, tally: Tally) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#parts = parts;
    this.#tally = tally;
  }

  override _transform(block: RecordBlock<T>, _encoding: string, callback: TransformCallback): void {
    let from = 0;
    let made = block.start.made ?? 0;
    for (let index = 0; index < block.count; index++) {
      const { record } = block.position(index);
      if (index > 0) made = block.position(index - 1).record === record ? made + 1 : 0;
      if (!this.#isDone(block, record - 1, made)) continue;
      if (index > from) this.push(block.slice(from, index));
      this.#tally.added--;
      this.#tally.settle(block.slice(index, index + 1));
      from = index + 1;
    }
    if (from === 0) this.push(block);
    else if (from < block.count) this.push(block.slice(from, block.count));
    callback();
  }

  #isDone({ start }: RecordBlock<T>, record: number, made: number): boolean {
    return (this.#parts.get(`${start.source} ${record}`)?.countBetween(made, made + 1) ?? 0) > 0;
  }
}

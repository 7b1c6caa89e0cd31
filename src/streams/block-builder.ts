import type { SourceRange } from '../core/chunk.ts';
import { ObjectBlock } from '../core/object-block.ts';
import { PickedPositions, PositionList, type Positions } from '../core/position-list.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { Tally } from '../core/tally.ts';

/** What a function made of one record, where that is not exactly one record. */
export class Made<Out> {
  readonly records: readonly Out[];
  /** The function wants no further record. */
  readonly isLast: boolean;

  constructor(records: readonly Out[], isLast = false) {
    this.records = records;
    this.isLast = isLast;
  }
}

/** A record at which a function threw. */
export class Failed {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** Most often the one record that a record became. */
export type Result<Out> = Out | Made<Out> | Failed;

/** Collects what a function made of the records of a block, one after another, and makes blocks of it. */
export class BlockBuilder<In, Out> {
  readonly block: RecordBlock<In>;
  /** Index in the block → what a function threw at that record; `undefined` for none. */
  failures: Map<number, unknown> | undefined;
  /** Records of the block that were dealt with. */
  taken = 0;
  /** The last of these wants no further record. */
  isLast = false;
  readonly #records: Out[] = [];
  /** Index in the block of the record that each was made of; `undefined` while each record became one. */
  #origins: number[] | undefined;
  #filtered: number[] | undefined;
  #added = 0;

  constructor(block: RecordBlock<In>) {
    this.block = block;
  }

  /** Records that were made. */
  get size(): number {
    return this.#records.length;
  }

  add(result: Result<Out>): void {
    if (result instanceof Made) this.#addMade(result);
    else if (result instanceof Failed) this.#addFailed(result);
    else {
      this.#records.push(result);
      this.#origins?.push(this.taken);
    }
    this.taken++;
  }

  /** Counts what was filtered and added. */
  countInto(tally: Tally): void {
    tally.added += this.#added;
    if (this.#filtered === undefined) return;
    tally.filtered += this.#filtered.length;
    for (const [from, to] of runsOf(this.#filtered)) tally.settleWhole(rangeOf(this.block, from, to));
  }

  /** One block of what was made, in which each record keeps the position of the one it was made of. */
  made(): RecordBlock<Out> {
    const { source, start, end } = this.takenBlock;
    const records = this.#records;
    return new ObjectBlock({ source, start, end, records, positions: this.#positions() });
  }

  /** The records as they were, without those that failed: in slices, so that their bytes are not given up. */
  *kept(): Generator<RecordBlock<In>, void> {
    const taken = this.takenBlock;
    let next = 0;
    for (const [from, to] of runsOf([...(this.failures?.keys() ?? [])])) {
      if (from > next) yield taken.slice(next, from);
      const { source, start, end } = taken.slice(from, to);
      yield new ObjectBlock<In>({ source, start, end, records: [] });
      next = to;
    }
    if (next < taken.count || next === 0) yield next === 0 ? taken : taken.slice(next, taken.count);
  }

  #addMade({ records, isLast }: Made<Out>): void {
    if (records.length === 0) (this.#filtered ??= []).push(this.taken);
    else this.#added += records.length - 1;
    this.isLast = isLast;
    const origins = this.#noteOrigins();
    for (const record of records) {
      this.#records.push(record);
      origins.push(this.taken);
    }
  }

  #addFailed({ error }: Failed): void {
    this.failures ??= new Map();
    this.failures.set(this.taken, error);
    this.#noteOrigins();
  }

  /** From the first record on that did not become one. */
  #noteOrigins(): number[] {
    this.#origins ??= Array.from(this.#records, (_, index) => index);
    return this.#origins;
  }

  /** The records of the block that are still to be dealt with, if any. */
  get rest(): RecordBlock<In> | undefined {
    const { block, taken, isLast } = this;
    return isLast || taken === block.count ? undefined : block.slice(taken, block.count);
  }

  /** The records of the block that were dealt with. */
  get takenBlock(): RecordBlock<In> {
    return this.taken === this.block.count ? this.block : this.block.slice(0, this.taken);
  }

  #positions(): Positions | undefined {
    const { block } = this;
    if (this.#origins === undefined) return isCounted(block) ? undefined : positionsOf(block);
    return new PickedPositions(positionsOf(block), Uint32Array.from(this.#origins));
  }
}

/** Its positions follow from where it begins. */
function isCounted(block: RecordBlock): boolean {
  return block instanceof ObjectBlock && block.positions === undefined;
}

function positionsOf(block: RecordBlock): Positions {
  if (block.positions !== undefined) return block.positions;
  if (isCounted(block)) return new PositionList({ before: block.start.records });
  return Array.from({ length: block.count }, (_, index) => block.position(index)) as Positions;
}

/** Ascending numbers as the runs in which they follow each other, each up to, not including, its second number. */
function* runsOf(numbers: readonly number[]): Generator<[from: number, to: number], void> {
  for (let i = 0; i < numbers.length; ) {
    const from = numbers[i]!;
    let to = from + 1;
    while (numbers[++i] === to) to++;
    yield [from, to];
  }
}

/** Where some records of a block lie: at least their numbers. */
export function rangeOf(block: RecordBlock, from: number, to: number): SourceRange {
  if (block.encoded === undefined && !isCounted(block)) return block.slice(from, to);
  const { source, start } = block;
  return {
    source,
    start: { source: start.source, records: start.records + from },
    end: { source: start.source, records: start.records + to },
  };
}

import type { Position } from './position.ts';

/** Positions of consecutive or picked records of a block, in their order. An array of positions is one. */
export interface Positions {
  at(index: number): Position | undefined;
  slice(from: number, to: number): Positions;
}

export interface PositionListOptions {
  /** Records of the source before the first of the list. */
  readonly before: number;
  /** Where each record begins, counted from `offset`; absent when the source has no bytes. */
  readonly starts?: Uint32Array | undefined;
  /** Offset in the source from which `starts` count. @default 0 */
  readonly offset?: number | undefined;
  /** Line (from 1) on which each record begins; absent for formats that do not count lines. */
  readonly lines?: Uint32Array | undefined;
}

/** Positions of consecutive records, kept as numbers: an object is only made for the one that is asked for. */
export class PositionList implements Positions {
  readonly #options: PositionListOptions;

  constructor(options: PositionListOptions) {
    this.#options = options;
  }

  at(index: number): Position {
    const { before, starts, offset = 0, lines } = this.#options;
    const line = lines?.[index];
    const start = starts?.[index];
    return {
      record: before + index + 1,
      ...(start !== undefined && { byte: offset + start }),
      ...(line !== undefined && { line }),
    };
  }

  slice(from: number, to: number): PositionList {
    const { before, starts, offset, lines } = this.#options;
    return new PositionList({
      before: before + from,
      starts: starts?.subarray(from, to),
      offset,
      lines: lines?.subarray(from, to),
    });
  }
}

/** The positions of records that were picked from a list, or were made of those. */
export class PickedPositions implements Positions {
  readonly #all: Positions;
  readonly #picked: Uint32Array;

  /** @param picked index in `all` of each position of this list */
  constructor(all: Positions, picked: Uint32Array) {
    this.#all = all;
    this.#picked = picked;
  }

  at(index: number): Position | undefined {
    const picked = this.#picked[index];
    return picked === undefined ? undefined : this.#all.at(picked);
  }

  slice(from: number, to: number): PickedPositions {
    return new PickedPositions(this.#all, this.#picked.subarray(from, to));
  }
}

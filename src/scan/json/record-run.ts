import type { FrameList } from '../frame-list.ts';
import { S } from './table.ts';

/** What holds the records: an array, an object of which each value is a record, or the input itself. */
export type Container = 'array' | 'object' | 'values' | 'document';

/**
 * Finds the records of one container. This is the hot loop of a framer, and the part in which the engines differ.
 * Records need balanced brackets and strings only; all between them (commas, keys, colons) is checked in full.
 */
export interface RecordRun {
  /** Whether the end of the container has been found; for a `document`: of its one value. */
  readonly closed: boolean;
  /** Where the unfinished record began, as an offset in the piece (negative: in an earlier one); `undefined` between records. */
  readonly pending: number | undefined;
  /** Begins behind the opening bracket, if the container has one, or in the middle: at the first byte of a record, or behind one. */
  begin(container: Container, at?: 'record' | 'behind a record'): void;
  /**
   * Adds the records that end in the piece.
   * @param base offset of the piece in the input
   * @returns the offset after the end of the container, or the length of the piece
   * @throws ScanError
   */
  run(piece: Uint8Array, from: number, base: number, frames: FrameList): number;
  /** Tells the run that the next piece begins, `length` bytes after this one. */
  advance(length: number): void;
  /** The input has ended: ends a number or literal that only this ends. @returns whether nothing is missing */
  end(frames: FrameList): boolean;
}

/** The state of the grammar in the middle of a container. */
export function stateAt(container: Container, at: 'record' | 'behind a record'): number {
  return at === 'record' || container === 'values' ? S.value : S.next;
}

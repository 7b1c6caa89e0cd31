import type { FrameList } from '../frame-list.ts';

/** Where a framer is in the CSV, between two pieces. */
export interface CsvPlace {
  /** One of the states of `C`. */
  state: number;
  /** Offset in the piece of the first byte of the record; negative when it is in an earlier piece. */
  start: number;
  /** Offset in the input of the quote that opened the field. */
  opened: number;
  /** Offset in the input of the first quote of the record that could not end its field. */
  misplaced: number | undefined;
}

/** The hot loop of a framer, and the part in which the engines differ. */
export interface CsvRun {
  /**
   * Adds the records that end in the piece, and moves the place on.
   * @param base offset of the piece in the input
   */
  run(place: CsvPlace, piece: Uint8Array, from: number, base: number, frames: FrameList): void;
}

import type { CsvPlace, CsvRun } from '../csv/csv-run.ts';
import type { FrameList } from '../frame-list.ts';
import type { CsvFramerOptions } from '../framer.ts';
import { type Scanner, scanner } from './scanner.ts';

const NO_BYTE = -1;
const NOT_MISPLACED = -0x8000_0000;
const COUNT = 8;

/** Has the scanner find the records, a window at a time. */
export class WasmCsvRun implements CsvRun {
  readonly #scanner: Scanner = scanner();
  /** What follows the place in the scanner's state: delimiter, quote, escape, and whether quotes are doubled. */
  readonly #options: readonly number[];

  constructor({ delimiter, quote, escape }: CsvFramerOptions) {
    const isDoubled = quote !== undefined && escape === quote;
    const other = isDoubled ? NO_BYTE : (escape ?? NO_BYTE);
    this.#options = [delimiter, quote ?? NO_BYTE, other, isDoubled ? 1 : 0];
  }

  run(place: CsvPlace, piece: Uint8Array, from: number, base: number, frames: FrameList): void {
    const { window, state, starts, ends } = this.#scanner;
    for (let at = from; at < piece.length; at += window.length) {
      const part = piece.subarray(at, at + window.length);
      const before = base + at;
      window.set(part);
      state[0] = place.state;
      state[1] = place.start - at;
      state[2] = place.opened - before;
      state[3] = place.misplaced === undefined ? NOT_MISPLACED : place.misplaced - before;
      state.set(this.#options, 4);
      this.#scanner.frameCsv(part.length, at);

      const count = state[COUNT]!;
      const behind = at + part.length;
      frames.addAll(starts.subarray(0, count), ends.subarray(0, count));
      place.state = state[0];
      place.start = behind + state[1];
      place.opened = base + behind + state[2];
      place.misplaced = state[3] === NOT_MISPLACED ? undefined : base + behind + state[3];
    }
  }
}

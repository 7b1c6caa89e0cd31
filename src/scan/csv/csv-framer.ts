import { ScanError } from '../engine.ts';
import { FrameList } from '../frame-list.ts';
import type { Framer, Frames } from '../framer.ts';
import type { CsvPlace, CsvRun } from './csv-run.ts';
import { C } from './state.ts';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Frames the records of CSV: hands the pieces to a `CsvRun`, and knows how the input begins and ends. */
export class CsvFramer implements Framer {
  readonly #run: CsvRun;
  readonly #frames = new FrameList();
  readonly #place: CsvPlace = { state: C.recordStart, start: 0, opened: 0, misplaced: undefined };
  /** Offset of the piece in the input. */
  #base = 0;
  #isMarkPossible = true;

  constructor(run: CsvRun) {
    this.#run = run;
  }

  push(piece: Uint8Array): Frames {
    this.#frames.clear();
    const from = this.#isMarkPossible ? this.#skipMark(piece) : 0;
    if (from < piece.length) this.#run.run(this.#place, piece, from, this.#base, this.#frames);
    this.#frames.rest = this.#place.state === C.recordStart ? piece.length : this.#place.start;
    this.#base += piece.length;
    this.#place.start -= piece.length;
    return this.#frames;
  }

  end(): Frames {
    const { state, start, opened, misplaced } = this.#place;
    this.#frames.clear();
    // behind a misplaced quote the rest is one malformed record: whoever decodes it finds that
    if ((state === C.quoted || state === C.escaped) && misplaced === undefined)
      throw new ScanError('incomplete', opened, 'The quote is not closed');
    if (state !== C.recordStart) this.#frames.add(start, 0);
    return this.#frames;
  }

  seek(offset: number): void {
    this.#base = offset;
    this.#isMarkPossible = false;
  }

  /** A byte order mark is content until its last byte has been seen. */
  #skipMark(piece: Uint8Array): number {
    let at = 0;
    while (at < piece.length && piece[at] === BYTE_ORDER_MARK[this.#base + at]) {
      if (this.#base + at === 0) this.#place.state = C.unquoted;
      at += 1;
      if (this.#base + at < BYTE_ORDER_MARK.length) continue;
      this.#place.state = C.recordStart;
      break;
    }
    this.#isMarkPossible = at === piece.length && this.#base + at < BYTE_ORDER_MARK.length;
    return at;
  }
}

import type { CsvPlace, CsvRun } from '../csv/csv-run.ts';
import { C } from '../csv/state.ts';
import type { FrameList } from '../frame-list.ts';
import type { CsvFramerOptions } from '../framer.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NONE = -1;

/** The plain loop over the bytes. */
export class TypeScriptCsvRun implements CsvRun {
  readonly #delimiter: number;
  readonly #quote: number;
  /** The escape byte when it is not the quote. */
  readonly #escape: number;
  readonly #isDoubled: boolean;

  constructor({ delimiter, quote, escape }: CsvFramerOptions) {
    this.#delimiter = delimiter;
    this.#quote = quote ?? NONE;
    this.#escape = escape === undefined || escape === quote ? NONE : escape;
    this.#isDoubled = escape === quote;
  }

  run(place: CsvPlace, piece: Uint8Array, from: number, base: number, frames: FrameList): void {
    let at = from;
    while (at < piece.length) at = this.#step(place, piece, at, base, frames);
  }

  /** Looks at one byte, and in a field at all that do not end it. */
  #step(place: CsvPlace, piece: Uint8Array, at: number, base: number, frames: FrameList): number {
    const byte = piece[at]!;
    switch (place.state) {
      case C.recordStart:
        if (byte === LINE_FEED || byte === CARRIAGE_RETURN) return at + 1;
        place.start = at;
        place.misplaced = undefined;
        return this.#beginField(place, byte, at, base, frames);
      case C.fieldStart:
        return this.#beginField(place, byte, at, base, frames);
      case C.unquoted:
        return this.#goOnUnquoted(place, piece, at, frames);
      case C.quoted:
        return this.#goOnQuoted(place, piece, at);
      case C.escaped:
        place.state = C.quoted;
        return at + 1;
      default:
        return this.#closeQuoted(place, byte, at, base, frames);
    }
  }

  #beginField(place: CsvPlace, byte: number, at: number, base: number, frames: FrameList): number {
    if (byte !== this.#quote) return this.#endField(place, byte, at, frames);
    place.state = C.quoted;
    place.opened = base + at;
    return at + 1;
  }

  /** The byte ends the field, or makes it one without quotes. */
  #endField(place: CsvPlace, byte: number, at: number, frames: FrameList): number {
    if (byte === this.#delimiter) place.state = C.fieldStart;
    else if (byte === LINE_FEED || byte === CARRIAGE_RETURN) this.#endRecord(place, at, frames);
    else place.state = C.unquoted;
    return at + 1;
  }

  #goOnUnquoted(place: CsvPlace, piece: Uint8Array, from: number, frames: FrameList): number {
    const delimiter = this.#delimiter;
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!;
      if (byte === delimiter || byte === LINE_FEED || byte === CARRIAGE_RETURN)
        return this.#endField(place, byte, at, frames);
    }
    return piece.length;
  }

  #goOnQuoted(place: CsvPlace, piece: Uint8Array, from: number): number {
    const quote = this.#quote;
    const escape = this.#escape;
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!;
      if (byte !== quote && byte !== escape) continue;
      place.state = byte === escape ? C.escaped : C.quoteSeen;
      return at + 1;
    }
    return piece.length;
  }

  /** The byte behind a quote says whether that was the end of the field. */
  #closeQuoted(place: CsvPlace, byte: number, at: number, base: number, frames: FrameList): number {
    if (byte === this.#quote && this.#isDoubled) {
      place.state = C.quoted;
      return at + 1;
    }
    const isEnd = byte === this.#delimiter || byte === LINE_FEED || byte === CARRIAGE_RETURN;
    // csv-parse takes a NUL for the end of what it has read
    if (isEnd || byte === 0) return this.#endField(place, byte, at, frames);
    place.misplaced ??= base + at - 1;
    place.state = C.quoted;
    return at;
  }

  #endRecord(place: CsvPlace, end: number, frames: FrameList): void {
    frames.add(place.start, end);
    place.state = C.recordStart;
  }
}

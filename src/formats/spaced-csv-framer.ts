import { FrameList } from '../scan/frame-list.ts';
import { type CsvFramerOptions, type Framer, type Frames, ScanError } from '../scan/index.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0b, 0x0c]);

export interface SpacedCsvFramerOptions extends CsvFramerOptions {
  /** Byte that begins a comment where a record could begin; the comment ends with its line. */
  readonly comment: number | undefined;
  /** White space may stand between delimiters and quotes; a line of nothing else is blank. */
  readonly trim: boolean;
}

type Place = 'record' | 'comment' | 'field' | 'unquoted' | 'quoted' | 'escaped' | 'quote' | 'behind';

/** Frames CSV with comments, or with white space around quoted fields, as csv-parse reads it. Slower than the plain framer. */
export class SpacedCsvFramer implements Framer {
  readonly #options: SpacedCsvFramerOptions;
  readonly #frames = new FrameList();
  /** Where the next byte is: at the beginning of a record or field, in one, behind a quote, or behind a closed field. */
  #place: Place = 'record';
  /** Offset in the piece at which the unfinished record begins. */
  #start: number | undefined;
  /** Offset in the input of the quote that opened the field. */
  #opened = 0;
  /** A quote of the unfinished record neither ends its field nor is content. */
  #isMisplaced = false;
  /** Offset of the piece in the input. */
  #offset = 0;
  #marked = 0;

  constructor(options: SpacedCsvFramerOptions) {
    this.#options = options;
  }

  push(piece: Uint8Array): Frames {
    this.#frames.clear();
    for (let at = 0; at < piece.length; at++) {
      if (this.#marked < BYTE_ORDER_MARK.length && this.#isMark(piece[at]!, at)) continue;
      this.#place = this.#next(piece[at]!, at);
    }
    this.#frames.rest = this.#start ?? piece.length;
    if (this.#start !== undefined) this.#start -= piece.length;
    this.#offset += piece.length;
    return this.#frames;
  }

  end(): Frames {
    this.#frames.clear();
    if ((this.#place === 'quoted' || this.#place === 'escaped') && !this.#isMisplaced)
      throw new ScanError('incomplete', this.#opened, 'The quote is not closed');
    if (this.#start !== undefined) this.#endRecord(0);
    return this.#frames;
  }

  seek(offset: number): void {
    this.#offset = offset;
    this.#marked = BYTE_ORDER_MARK.length;
  }

  /** A byte order mark is content until its last byte has been seen. */
  #isMark(byte: number, at: number): boolean {
    if (byte !== BYTE_ORDER_MARK[this.#marked]) {
      this.#marked = BYTE_ORDER_MARK.length;
      return false;
    }
    this.#marked++;
    const isComplete = this.#marked === BYTE_ORDER_MARK.length;
    this.#start = isComplete ? undefined : (this.#start ?? at);
    this.#place = isComplete ? 'record' : 'unquoted';
    return true;
  }

  #next(byte: number, at: number): Place {
    const { quote, escape, comment } = this.#options;
    switch (this.#place) {
      case 'record':
        if (isBreak(byte) || this.#isSpace(byte)) return 'record';
        if (byte === comment) return 'comment';
        this.#start = at;
        this.#isMisplaced = false;
        return this.#beginField(byte, at);
      case 'comment':
        return isBreak(byte) ? 'record' : 'comment';
      case 'field':
        return this.#beginField(byte, at);
      case 'quoted':
        if (byte === escape && escape !== quote) return 'escaped';
        return byte === quote ? 'quote' : 'quoted';
      case 'escaped':
        return 'quoted';
      case 'quote':
        return this.#closeQuoted(byte, at);
      case 'behind':
        return this.#isSpace(byte) ? 'behind' : this.#goOn(byte, at);
      default:
        return this.#goOn(byte, at);
    }
  }

  #beginField(byte: number, at: number): Place {
    if (byte === this.#options.quote) {
      this.#opened = this.#offset + at;
      return 'quoted';
    }
    return this.#isSpace(byte) ? 'field' : this.#goOn(byte, at);
  }

  #goOn(byte: number, at: number): Place {
    if (byte === this.#options.delimiter) return 'field';
    return isBreak(byte) ? this.#endRecord(at) : 'unquoted';
  }

  /** A quote that neither ends the field nor is doubled is content, and makes the record a malformed one. */
  #closeQuoted(byte: number, at: number): Place {
    const { delimiter, quote, escape, comment } = this.#options;
    if (byte === quote && escape === quote) return 'quoted';
    // csv-parse takes a NUL for the end of what it has read
    if (byte === delimiter || isBreak(byte) || byte === comment || byte === 0) return this.#goOn(byte, at);
    if (this.#isSpace(byte)) return 'behind';
    this.#isMisplaced = true;
    if (byte === escape && escape !== quote) return 'escaped';
    return byte === quote ? 'quote' : 'quoted';
  }

  #endRecord(end: number): Place {
    this.#frames.add(this.#start!, end);
    this.#start = undefined;
    return 'record';
  }

  #isSpace(byte: number): boolean {
    return this.#options.trim && byte !== this.#options.delimiter && SPACE.has(byte);
  }
}

function isBreak(byte: number): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN;
}

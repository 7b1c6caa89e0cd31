/** Carries its state from piece to piece and looks at each byte once. */
export interface Framer {
  /**
   * The records that end in this piece.
   * @throws ScanError when what lies around the records is malformed. Records of the piece that end before the flaw are
   * given out first; then the next call throws. So the same records come before the error, however the input is cut.
   */
  push(piece: Uint8Array): Frames;
  /**
   * The record that only the end of the input ends, if any, with offsets as in an empty piece behind the last one.
   * @throws ScanError when the input is incomplete
   */
  end(): Frames;
  /**
   * Looks for the way to the records in the beginning of the input, piece by piece, and gives out none. Only before `seek`.
   * @returns whether it needs more; absent where nothing leads to the records
   * @throws ScanError when what lies before the records is malformed
   */
  learn?(piece: Uint8Array): boolean;
  /**
   * Goes on in the middle of the input, at the first byte of a record or right behind one. The next piece begins there.
   * @param offset offset of that place from the beginning of the input
   * @param before the byte before it
   */
  seek(offset: number, before: number): void;
}

/**
 * Records of one piece. The arrays belong to the framer and are valid until its next call; only their first `count`
 * numbers mean anything. A byte order mark at the beginning of the input belongs to no record, nor do the blank lines of
 * CSV: a line of no bytes at all is no record.
 */
export interface Frames {
  readonly count: number;
  /** Offset in the piece of the first byte of each record; negative when it began that many bytes before the piece. */
  readonly starts: Int32Array;
  /** Offset in the piece of the byte after the last one of each record. */
  readonly ends: Int32Array;
  /** Where a record (or the search for the next one) goes on: all bytes of the piece before it are dealt with. Negative as above. */
  readonly rest: number;
}

export interface JsonFramerOptions {
  /**
   * What a record is. `elements`: each element of the array, or each value of the object, at `path`.
   * `document`: the one value that is the input. `values`: each of any number of values, one after another, with
   * white space, record separators (0x1e) or nothing between them.
   */
  readonly records: 'elements' | 'document' | 'values';
  /** Keys that lead from the root to the container of the records; empty for the root itself. Only with `elements`. */
  readonly path: readonly string[];
  /** Greatest depth of nesting inside a record, and outside of the records. */
  readonly maxDepth: number;
}

/**
 * LF, CRLF and CR end a record, wherever they are not in a quoted field. A quote opens a quoted field only as the first
 * byte of the field. In a quoted field, a quote is the end only when a delimiter, a line break or the end of the input
 * follows; any other quote is content, and makes the record a malformed one, which whoever decodes it finds. So the
 * records around a malformed one are those that csv-parse finds when it skips records with errors.
 */
export interface CsvFramerOptions {
  /** Byte that separates fields. */
  readonly delimiter: number;
  /** Byte that opens and closes a quoted field; undefined when fields are never quoted. */
  readonly quote: number | undefined;
  /**
   * Byte that makes the next one content of a quoted field; most often the quote itself, which does so for quotes only.
   * With another escape byte, a doubled quote is malformed.
   */
  readonly escape: number | undefined;
}

import { GrowingBytes } from '../core/growing-bytes.ts';
import type { RecordBytes, WrittenRows } from '../core/record-block.ts';
import type { JsonCheck, JsonProjector, RowLayout, RowsPiece } from '../scan/index.ts';

/**
 * Makes rows of records of JSON. It is told to whoever checks the records that come later, and has them made in the same
 * pass.
 */
export class RowMaker {
  readonly #projector: JsonProjector;
  readonly #layout: RowLayout;

  constructor(projector: JsonProjector, layout: RowLayout) {
    this.#projector = projector;
    this.#layout = layout;
  }

  /** The rows of records, in order, and those records that need a decoder. */
  rowsOf(encoded: RecordBytes): Iterable<RowsPiece> {
    const { rows, search } = encoded;
    if (search !== undefined) search.by = this;
    return piecesOf(rows?.by === this ? rows : this.check(encoded, ANY_JSON, new GrowingBytes()).rows);
  }

  /** @returns the indexes of what is doubtful, and the rows @param room where they are put */
  check(
    { bytes, starts, ends }: RecordBytes,
    check: JsonCheck,
    room: GrowingBytes,
  ): { readonly doubtful: readonly number[]; readonly rows: WrittenRows } {
    const { doubtful, rows } = this.#projector.checkToRows(bytes, starts, ends, check, this.#layout, room);
    return { doubtful, rows: { by: this, ...rows } };
  }
}

/** Of records that were checked before. */
const ANY_JSON: JsonCheck = { maxDepth: 1_000, mostDigits: 0x7fff_ffff };

/** The rows as they lie there, and the records that have none. */
function* piecesOf({ bytes, begin, ends }: WrittenRows): Generator<RowsPiece, void> {
  const beginOf = (index: number) => (index === 0 ? begin : ends[index - 1]!);
  const hasRow = (index: number) => ends[index]! > beginOf(index);
  for (let first = 0, until = 0; first < ends.length; first = until) {
    while (until < ends.length && hasRow(until)) until++;
    if (until > first) yield { first, until, bytes: bytes.subarray(beginOf(first), ends[until - 1]) };
    else yield { first, until: ++until };
  }
}

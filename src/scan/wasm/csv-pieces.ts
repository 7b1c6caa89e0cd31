import type { CsvDivision, RowsPiece } from '../engine.ts';
import { scanner } from './scanner.ts';
import { noteRecords, type Windowed, windowsOf } from './windows.ts';

const NO_BYTE = -1;

/** Behind so many records that need care the rest of a window needs care, too: decoding a few at a time is slow. */
const MOST_CARES = 8;

/** How records are divided, as the scanner reads it, and the field of each column. */
export interface ColumnDivision {
  readonly delimiter: number;
  readonly quote: number;
  readonly fields: Int32Array;
}

type Range = Pick<RowsPiece, 'first' | 'until'>;

/** What was made of records up to an index in the window. */
export interface Taken<P> {
  readonly until: number;
  readonly piece: Omit<P, keyof Range>;
}

export function columnDivision({
  delimiter,
  quote = NO_BYTE,
  fields,
}: CsvDivision & { readonly fields: readonly number[] }): ColumnDivision {
  return { delimiter, quote, fields: Int32Array.from(fields) };
}

/**
 * Has records divided, a window of them at a time.
 * @param take takes records of the window from an index on, as many as it can; none when that one needs care
 */
export function* csvPieces<P extends Range>(
  division: ColumnDivision,
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  take: (from: number, count: number, offset: number) => Taken<P>,
): Generator<P, void> {
  for (const window of windowsOf(bytes, starts, ends)) {
    const { first, until } = window;
    if (divide(window, starts, ends, division))
      yield* piecesOf(window, (from) => take(from, until - first, window.offset));
    else yield { first, until } as P;
  }
}

/** @returns whether the records are in the window, and all that has to be known of them */
function divide(
  window: Windowed,
  starts: Uint32Array,
  ends: Uint32Array,
  { delimiter, quote, fields }: ColumnDivision,
): boolean {
  const { longWindow, columnArea, indexCsv } = scanner();
  const { length } = window.part;
  if (length > longWindow.length || indexCsv(length, delimiter, quote) === 0) return false;
  columnArea.set(fields);
  noteRecords(window, starts, ends);
  return true;
}

/** Others use the scanner between two pieces, so a window is dealt with before any of its pieces is given out. */
function piecesOf<P extends Range>(
  { first, until }: Windowed,
  take: (from: number) => Taken<P>,
): readonly P[] {
  const pieces: P[] = [];
  const count = until - first;
  let cares = 0;
  for (let next = 0; next < count; ) {
    const { until: behind, piece } = take(next);
    if (behind > next) pieces.push({ ...piece, first: first + next, until: first + behind } as P);
    else {
      cares += 1;
      const rest = cares > MOST_CARES ? until : first + next + 1;
      pieces.push({ first: first + next, until: rest } as P);
    }
    next = pieces.at(-1)!.until - first;
  }
  return pieces;
}

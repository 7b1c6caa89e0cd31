import type {
  CsvProjector,
  CsvProjectorOptions,
  FieldsPiece,
  RowLayout,
  RowRoom,
  RowsPiece,
} from '../engine.ts';
import { scanner } from './scanner.ts';
import { noteRecords, type Windowed, windowsOf } from './windows.ts';

const LAYOUTS: Readonly<Record<RowLayout['text'], number>> = { copy: 0, csv: 1 };
const NUMBERS_PER_FIELD = 3;
const NO_BYTE = -1;

/** Behind so many records that need care the rest of a window needs care, too: decoding a few at a time is slow. */
const MOST_CARES = 8;

type Range = Pick<RowsPiece, 'first' | 'until'>;

/** What was made of records up to an index in the window. */
interface Taken<P> {
  readonly until: number;
  readonly piece: Omit<P, keyof Range>;
}

/** Has the scanner divide the records, a window of them at a time. */
export class WasmCsvProjector implements CsvProjector {
  readonly #fields: Int32Array;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #isCast: boolean;

  /** @returns `undefined` when there are more columns than the scanner has room for */
  static create(options: CsvProjectorOptions): WasmCsvProjector | undefined {
    return options.fields.length <= scanner().columnArea.length ? new WasmCsvProjector(options) : undefined;
  }

  private constructor({ fields, delimiter, quote = NO_BYTE, isCast }: CsvProjectorOptions) {
    this.#fields = Int32Array.from(fields);
    this.#delimiter = delimiter;
    this.#quote = quote;
    this.#isCast = isCast;
  }

  rows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    { text, delimiter }: RowLayout,
    room: RowRoom,
  ): Generator<RowsPiece, void> {
    const { state, rowArea, projectCsv } = scanner();
    return this.#eachPiece(bytes, starts, ends, (from, count, offset): Taken<RowsPiece> => {
      const until = projectCsv(
        from,
        count,
        offset,
        LAYOUTS[text],
        delimiter,
        this.#delimiter,
        this.#quote,
        this.#fields.length,
        this.#isCast,
      );
      const begin = room.length;
      room.add(rowArea.subarray(0, state[0]));
      return { until, piece: { bytes: room.bytes.subarray(begin, room.length) } };
    });
  }

  fields(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Generator<FieldsPiece, void> {
    const { placeArea, locateCsv } = scanner();
    const columns = this.#fields.length;
    return this.#eachPiece(bytes, starts, ends, (from, count, offset): Taken<FieldsPiece> => {
      const until = locateCsv(from, count, offset, this.#quote, columns);
      const fields = placeArea.slice(0, (until - from) * columns * NUMBERS_PER_FIELD);
      return { until, piece: { fields } };
    });
  }

  /** @param take takes records of the window from an index on, as many as it can; none when that one needs care */
  *#eachPiece<P extends Range>(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    take: (from: number, count: number, offset: number) => Taken<P>,
  ): Generator<P, void> {
    for (const window of windowsOf(bytes, starts, ends)) {
      const { first, until } = window;
      if (this.#divide(window, starts, ends))
        yield* piecesOf(window, (from) => take(from, until - first, window.offset));
      else yield { first, until } as P;
    }
  }

  /** @returns whether the records are in the window, and all that has to be known of them */
  #divide(window: Windowed, starts: Uint32Array, ends: Uint32Array): boolean {
    const { longWindow, columnArea, indexCsv } = scanner();
    const { length } = window.part;
    if (length > longWindow.length || indexCsv(length, this.#delimiter, this.#quote) === 0) return false;
    columnArea.set(this.#fields);
    noteRecords(window, starts, ends);
    return true;
  }
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

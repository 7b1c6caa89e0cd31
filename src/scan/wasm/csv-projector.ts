import type {
  CsvProjector,
  CsvProjectorOptions,
  FieldsPiece,
  RowLayout,
  RowRoom,
  RowsPiece,
} from '../engine.ts';
import { type ColumnDivision, columnDivision, csvPieces, type Taken } from './csv-pieces.ts';
import { scanner } from './scanner.ts';

const LAYOUTS: Readonly<Record<RowLayout['text'], number>> = { copy: 0, csv: 1 };
const NUMBERS_PER_FIELD = 3;

/** Has the scanner divide the records, a window of them at a time. */
export class WasmCsvProjector implements CsvProjector {
  readonly #division: ColumnDivision;
  readonly #isCast: boolean;

  /** @returns `undefined` when there are more columns than the scanner has room for */
  static create(options: CsvProjectorOptions): WasmCsvProjector | undefined {
    return options.fields.length <= scanner().columnArea.length ? new WasmCsvProjector(options) : undefined;
  }

  private constructor(options: CsvProjectorOptions) {
    this.#division = columnDivision(options);
    this.#isCast = options.isCast;
  }

  rows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    { text, delimiter }: RowLayout,
    room: RowRoom,
  ): Generator<RowsPiece, void> {
    const { state, rowArea, projectCsv } = scanner();
    const { delimiter: by, quote, fields } = this.#division;
    const columns = fields.length;
    return csvPieces(this.#division, bytes, starts, ends, (from, count, offset): Taken<RowsPiece> => {
      const layout = LAYOUTS[text];
      const until = projectCsv(from, count, offset, layout, delimiter, by, quote, columns, this.#isCast);
      const begin = room.length;
      room.add(rowArea.subarray(0, state[0]));
      return { until, piece: { bytes: room.bytes.subarray(begin, room.length) } };
    });
  }

  fields(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Generator<FieldsPiece, void> {
    const { placeArea, locateCsv } = scanner();
    const { quote, fields } = this.#division;
    const columns = fields.length;
    return csvPieces(this.#division, bytes, starts, ends, (from, count, offset): Taken<FieldsPiece> => {
      const until = locateCsv(from, count, offset, quote, columns);
      const places = placeArea.slice(0, (until - from) * columns * NUMBERS_PER_FIELD);
      return { until, piece: { fields: places } };
    });
  }
}

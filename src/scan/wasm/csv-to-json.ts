import type { CsvToJson, CsvToJsonOptions, RowRoom, RowsPiece } from '../engine.ts';
import { type ColumnDivision, columnDivision, csvPieces, type Taken } from './csv-pieces.ts';
import { scanner } from './scanner.ts';

/** Has the scanner write the objects, a window of records at a time. */
export class WasmCsvToJson implements CsvToJson {
  readonly #division: ColumnDivision;
  readonly #keys: Uint8Array;
  readonly #isCast: boolean;

  /** @returns `undefined` when the scanner has no room for the keys */
  static create(options: CsvToJsonOptions): WasmCsvToJson | undefined {
    const { columnArea, keyArea } = scanner();
    const keys = Buffer.concat(options.keys.map(lengthAndText));
    const hasRoom = keys.length <= keyArea.length && options.keys.length <= columnArea.length;
    return hasRoom ? new WasmCsvToJson(options, keys) : undefined;
  }

  private constructor(options: CsvToJsonOptions, keys: Uint8Array) {
    this.#division = columnDivision(options);
    this.#keys = keys;
    this.#isCast = options.isCast;
  }

  objects(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    behind: number,
    room: RowRoom,
  ): Generator<RowsPiece, void> {
    const { keyArea, state, rowArea, csvToJson } = scanner();
    const { quote, fields } = this.#division;
    const keys = this.#keys;
    return csvPieces(this.#division, bytes, starts, ends, (from, count, offset): Taken<RowsPiece> => {
      keyArea.set(keys);
      const [columns, keyBytes] = [fields.length, keys.length];
      const until = csvToJson(from, count, offset, quote, columns, keyBytes, this.#isCast, behind);
      const begin = room.length;
      room.add(rowArea.subarray(0, state[0]));
      return { until, piece: { bytes: room.bytes.subarray(begin, room.length) } };
    });
  }
}

/** As the scanner reads it. */
function lengthAndText(key: string): Uint8Array {
  const text = Buffer.from(`,${JSON.stringify(key)}:`);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text]);
}

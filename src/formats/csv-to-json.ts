import type { GrowingBytes } from '../core/growing-bytes.ts';
import { encodeJson } from '../core/json.ts';
import { type CsvShape, type RecordBytes, sliceOfBytes } from '../core/record-block.ts';
import { type CsvToJson, scanEngine } from '../scan/index.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Writes records of CSV as JSON: the objects that they become, with their keys in the order of the columns. In an object
 * those that are whole numbers come first.
 */
export class CsvJsonWriter {
  readonly #columns: readonly string[];
  readonly #decode: (encoded: RecordBytes) => readonly Row[];
  readonly #scan: CsvToJson | undefined;

  /**
   * @param shape how the bytes become objects; `undefined` when only a decoder can tell
   * @param decode decodes records, as those that do not follow RFC 4180 to the letter, or hold a number that is written otherwise
   */
  constructor(
    columns: readonly string[],
    shape: CsvShape | undefined,
    decode: (encoded: RecordBytes) => readonly Row[],
  ) {
    this.#columns = columns;
    this.#decode = decode;
    this.#scan = shape && scanEngine().csvToJson({ ...shape, keys: columns, fields: [...columns.keys()] });
  }

  /** Puts the records with a byte behind each. */
  put(encoded: RecordBytes, behind: number, room: GrowingBytes): void {
    const { bytes, starts, ends } = encoded;
    const begin = room.length;
    const pieces = [...(this.#scan?.objects(bytes, starts, ends, behind, room) ?? [wholeOf(encoded)])];
    if (pieces.every((piece) => piece.bytes !== undefined)) return;
    const all = pieces.map(
      ({ first, until, bytes }) => bytes ?? this.#decoded(sliceOfBytes(encoded, first, until), behind),
    );
    const together = Buffer.concat(all);
    room.clear(begin);
    room.add(together);
  }

  #decoded(encoded: RecordBytes, behind: number): Uint8Array {
    const separator = String.fromCharCode(behind);
    const texts = this.#decode(encoded).map((record) => this.#textOf(record) + separator);
    return Buffer.from(texts.join(''));
  }

  #textOf(record: Row): string {
    const keys = this.#columns.filter((column) => Object.hasOwn(record, column));
    const members = keys.map((key) => `${JSON.stringify(key)}:${encodeJson(record[key])}`);
    return `{${members.join(',')}}`;
  }
}

function wholeOf({ starts }: RecordBytes): { first: number; until: number; bytes?: Uint8Array } {
  return { first: 0, until: starts.length };
}

import type { GrowingBytes } from '../core/growing-bytes.ts';
import { encodeJson } from '../core/json.ts';
import { type CsvShape, type RecordBytes, sliceOfBytes } from '../core/record-block.ts';
import { type CsvToJson, scanEngine } from '../scan/index.ts';

/** Writes records of CSV as JSON, to the byte as of the objects that they become. */
export class CsvJsonWriter {
  readonly #decode: (encoded: RecordBytes) => readonly unknown[];
  readonly #scan: CsvToJson | undefined;

  /** @param decode decodes records that do not follow RFC 4180 to the letter, or hold a number that is written otherwise */
  constructor(shape: CsvShape, decode: (encoded: RecordBytes) => readonly unknown[]) {
    const { delimiter, quote, columns, isCast } = shape;
    const keys = keysInOrder(columns);
    const fields = keys.map((key) => columns.indexOf(key));
    this.#decode = decode;
    this.#scan = scanEngine().csvToJson({ delimiter, quote, keys, fields, isCast });
  }

  /** Puts the records with a byte behind each. @returns false when they have to be decoded */
  put(encoded: RecordBytes, behind: number, room: GrowingBytes): boolean {
    const { bytes, starts, ends } = encoded;
    if (this.#scan === undefined) return false;
    const begin = room.length;
    const pieces = [...this.#scan.objects(bytes, starts, ends, behind, room)];
    if (pieces.every((piece) => piece.bytes !== undefined)) return true;
    const all = pieces.map(
      ({ first, until, bytes }) => bytes ?? this.#decoded(sliceOfBytes(encoded, first, until), behind),
    );
    const together = Buffer.concat(all);
    room.clear(begin);
    room.add(together);
    return true;
  }

  #decoded(encoded: RecordBytes, behind: number): Uint8Array {
    const separator = String.fromCharCode(behind);
    const texts = this.#decode(encoded).map((record) => encodeJson(record) + separator);
    return Buffer.from(texts.join(''));
  }
}

/** As objects have them: keys that are indexes come first. */
function keysInOrder(columns: readonly string[]): readonly string[] {
  return Object.keys(Object.fromEntries(columns.map((column) => [column, ''])));
}

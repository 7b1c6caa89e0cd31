import type { GrowingBytes } from '../core/growing-bytes.ts';
import { encodeJson } from '../core/json.ts';
import { type CsvShape, type RecordBytes, sliceOfBytes } from '../core/record-block.ts';
import { type CsvToJson, scanEngine } from '../scan/index.ts';

/** Makes JSON of records of CSV, to the byte as of the objects that they become. */
export class CsvJsonMaker {
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

  /** @returns the records with a byte behind each; `undefined` when they have to be decoded */
  make(encoded: RecordBytes, behind: number, room: GrowingBytes): Uint8Array | undefined {
    const { bytes, starts, ends } = encoded;
    if (this.#scan === undefined) return undefined;
    const begin = room.length;
    const pieces = [...this.#scan.objects(bytes, starts, ends, behind, room)];
    if (pieces.every((piece) => piece.bytes !== undefined)) return room.bytes.subarray(begin, room.length);
    return Buffer.concat(
      pieces.map(
        ({ first, until, bytes }) => bytes ?? this.#decoded(sliceOfBytes(encoded, first, until), behind),
      ),
    );
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

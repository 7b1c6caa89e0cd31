import type { CsvShape, RecordBytes } from '../core/record-block.ts';
import { type CsvProjector, type JsonProjector, type ProjectorOptions, scanEngine } from '../scan/index.ts';

/** Picks columns out of the bytes of blocks: finds the projector for each. */
export class BlockProjector {
  readonly #options: ProjectorOptions;
  readonly #json: JsonProjector | undefined;
  /** The projector of the last CSV; blocks of one file have one shape. */
  #csv: { readonly shape: CsvShape; readonly projector: CsvProjector | undefined } | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#json = scanEngine().jsonProjector(options);
  }

  /** @returns `undefined` where the records have to be decoded */
  of(encoded: RecordBytes | undefined): JsonProjector | CsvProjector | undefined {
    if (encoded?.format === 'json') return this.#json;
    if (encoded?.csv === undefined) return undefined;
    if (this.#csv?.shape !== encoded.csv)
      this.#csv = { shape: encoded.csv, projector: csvProjector(encoded.csv, this.#options) };
    return this.#csv.projector;
  }
}

/** Nothing lies inside a field of CSV: there is nothing at a path of two keys. */
function csvProjector(shape: CsvShape, { paths, isStrict }: ProjectorOptions): CsvProjector | undefined {
  const { delimiter, quote, columns, isCast } = shape;
  const known = new Set(paths.map(([key]) => key));
  if (isStrict && !columns.every((column) => known.has(column))) return undefined;
  const indexes = new Map(columns.map((column, index) => [column, index]));
  const fields = paths.map(([key, inner]) => (inner === undefined ? (indexes.get(key!) ?? -1) : -1));
  return scanEngine().csvProjector({ delimiter, quote, fields, isCast });
}

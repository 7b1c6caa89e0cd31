import type { Chunk } from '../core/chunk.ts';
import { encodeJson } from '../core/json.ts';
import type { CsvShape, RecordBlock } from '../core/record-block.ts';
import { FIELD_KIND, type FieldsPiece } from '../scan/index.ts';
import { BlockProjector } from './block-projector.ts';
import { type Columns, columnsFrom } from './columns.ts';
import { automatic } from './csv-cast.ts';
import { locatedFor } from './located-for.ts';
import { exactNumber } from './numbers.ts';
import { isObjectRecord, kindOf, type ObjectRecord, valueAt } from './object-record.ts';
import { FlawError } from './record-flaw.ts';
import { asBuffer } from './record-text.ts';

/**
 * The values of columns for each record of a block or chunk, as prepared statements take them: straight from the bytes
 * where they are JSON or CSV. Nested values are JSON text, integers beyond 2^53 a bigint, what is missing is null.
 * @throws TypeError when these are no columns, or a record is no object
 */
export function* projectedValues(
  block: RecordBlock | Chunk,
  columns: Columns,
): Generator<readonly ProjectedValue[], void> {
  const paths = columnsFrom(columns).map(({ path }) => path);
  const reader = new ValueReader(paths, false);
  for (const each of 'blocks' in block ? block.blocks : [block]) {
    let index = 0;
    for (const values of reader.valuesOf(each)) {
      yield values ?? paths.map((path) => projected(valueAt(objectAt(each, index), path)));
      index += 1;
    }
  }
}

function objectAt(block: RecordBlock, index: number): ObjectRecord {
  const record = block.records[index];
  if (isObjectRecord(record)) return record;
  throw new TypeError(`${block.describe(index)}: a row must be made of an object, this is ${kindOf(record)}`);
}

function projected(value: unknown): ProjectedValue {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? encodeJson(value) : (value as ProjectedValue);
}

/** A value for a prepared statement: nested values are JSON text, integers beyond 2^53 a bigint. */
export type ProjectedValue = string | number | bigint | boolean | null;

/** The values at some paths, record by record, from bytes that are JSON or CSV. */
export class ValueReader {
  readonly #width: number;
  readonly #isExact: boolean;
  readonly #projector: BlockProjector | undefined;

  /** @param isExact whether a record with other keys than these is left to a decoder; else what is missing is null */
  constructor(paths: readonly (readonly string[])[], isExact: boolean) {
    this.#width = paths.length;
    this.#isExact = isExact;
    if (paths.length > 0) this.#projector = new BlockProjector({ paths, isStrict: isExact });
  }

  /** @returns values in the order of the paths; `undefined` for each record that only a decoder can read */
  *valuesOf(block: RecordBlock): Generator<readonly ProjectedValue[] | undefined, void> {
    const { encoded } = block;
    const projector = this.#projector?.of(encoded);
    if (encoded === undefined || projector === undefined) {
      for (let i = 0; i < block.count; i++) yield undefined;
      return;
    }
    const bytes = asBuffer(encoded.bytes);
    const { starts, ends } = encoded;
    const read = encoded.csv === undefined ? jsonValue : csvValue(encoded.csv);
    for (const piece of projector.fields(bytes, starts, ends, locatedFor(projector, encoded)))
      yield* this.#valuesIn(bytes, piece, read);
  }

  *#valuesIn(
    bytes: Buffer,
    { first, until, fields }: FieldsPiece,
    read: ReadValue,
  ): Generator<readonly ProjectedValue[] | undefined, void> {
    for (let record = first; record < until; record++)
      yield fields && this.#valuesAt(bytes, fields, (record - first) * this.#width * 3, read);
  }

  #valuesAt(
    bytes: Buffer,
    fields: Int32Array,
    from: number,
    read: ReadValue,
  ): readonly ProjectedValue[] | undefined {
    const values: ProjectedValue[] = [];
    for (let column = 0; column < this.#width; column++) {
      const at = from + column * 3;
      const kind = fields[at + 2]!;
      if (kind === FIELD_KIND.missing && this.#isExact) return undefined;
      const value = read(bytes, fields[at]!, fields[at + 1]!, kind);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }
}

/** @returns `undefined` for a number that no value can hold */
type ReadValue = (bytes: Buffer, start: number, end: number, kind: number) => ProjectedValue | undefined;

/** Of two quotes in a field one is content; a quote elsewhere would have left the record to a decoder. */
function csvValue({ quote: byte, isCast }: CsvShape): ReadValue {
  const quote = byte === undefined ? undefined : String.fromCharCode(byte);
  return (bytes, start, end, kind) => {
    if (kind === FIELD_KIND.missing) return null;
    const text = bytes.toString('utf8', start, end);
    const isDoubled = quote !== undefined && text.includes(quote);
    const content = isDoubled ? text.replaceAll(quote + quote, () => quote) : text;
    return isCast ? (automatic(content) as ProjectedValue) : content;
  };
}

function jsonValue(bytes: Buffer, start: number, end: number, kind: number): ProjectedValue | undefined {
  switch (kind) {
    case FIELD_KIND.missing:
    case FIELD_KIND.null:
      return null;
    case FIELD_KIND.true:
      return true;
    case FIELD_KIND.false:
      return false;
    case FIELD_KIND.number:
      return numberOf(bytes.toString('latin1', start, end));
    default: {
      const text = bytes.toString('utf8', start, end);
      return kind === FIELD_KIND.string && text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
    }
  }
}

function numberOf(literal: string): number | bigint | undefined {
  try {
    return exactNumber(literal, 'bigint') as number | bigint;
  } catch (error) {
    if (error instanceof FlawError) return undefined;
    throw error;
  }
}

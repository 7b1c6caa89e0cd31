import {
  type CsvProjector,
  type CsvProjectorOptions,
  FIELD_KIND,
  type FieldsPiece,
  type RowLayout,
  type RowsPiece,
} from '../engine.ts';
import { ByteList } from './byte-list.ts';
import { CsvFields } from './csv-fields.ts';
import { type CsvField, mayBeOtherNumber, putCopyField, putCsvField } from './csv-text.ts';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const MISSING: CsvField = { start: 0, end: 0, isQuoted: false, isMissing: true };
/** Rows are given out when they have so many bytes. */
const PIECE_BYTES = 65_536;

/** Divides one record after another. */
export class TypeScriptCsvProjector implements CsvProjector {
  readonly #options: CsvProjectorOptions;
  readonly #found: CsvFields;

  constructor(options: CsvProjectorOptions) {
    this.#options = options;
    this.#found = new CsvFields(options);
  }

  *rows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    layout: RowLayout,
  ): Generator<RowsPiece, void> {
    const out = new ByteList();
    let first = 0;
    for (let record = 0; record < starts.length; record++) {
      const before = out.length;
      const isPut = this.#putRow(bytes, starts[record]!, ends[record]!, layout, out);
      if (isPut && out.length < PIECE_BYTES) continue;
      if (!isPut) out.length = before;
      const until = isPut ? record + 1 : record;
      if (until > first) yield { first, until, bytes: out.take() };
      if (!isPut) yield { first: record, until: record + 1 };
      first = record + 1;
    }
    if (starts.length > first) yield { first, until: starts.length, bytes: out.take() };
  }

  *fields(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Generator<FieldsPiece, void> {
    for (let record = 0; record < starts.length; record++) {
      const fields = this.#columnsOf(bytes, starts[record]!, ends[record]!)?.flatMap(
        ({ start, end, isMissing }) => [start, end, isMissing ? FIELD_KIND.missing : FIELD_KIND.string],
      );
      yield { first: record, until: record + 1, ...(fields && { fields: Int32Array.from(fields) }) };
    }
  }

  /** @returns false when only a decoder can write the row */
  #putRow(bytes: Uint8Array, start: number, end: number, layout: RowLayout, out: ByteList): boolean {
    const fields = this.#columnsOf(bytes, start, end);
    if (fields === undefined) return false;
    const before = out.length;
    out.reserve(fields.length + 3);
    for (const [column, field] of fields.entries()) {
      if (column > 0) out.put(layout.delimiter);
      if (this.#options.isCast && mayBeOtherNumber(bytes, field)) return false;
      if (layout.text === 'csv') putCsvField(bytes, field, this.#options, layout.delimiter, out);
      else if (!putCopyField(bytes, field, this.#options, out)) return false;
      out.reserve(3);
    }
    // one empty field alone would be a blank line
    if (layout.text === 'csv' && fields.length === 1 && out.length === before) {
      out.put(QUOTE);
      out.put(QUOTE);
    }
    out.put(LINE_FEED);
    return true;
  }

  /** @returns `undefined` when the record does not follow RFC 4180 */
  #columnsOf(bytes: Uint8Array, start: number, end: number): readonly CsvField[] | undefined {
    const found = this.#found;
    if (!found.find(bytes, start, end)) return undefined;
    return this.#options.fields.map((field) => {
      if (field < 0 || field >= found.count) return MISSING;
      const [from, until] = [found.starts[field]!, found.ends[field]!];
      const isQuoted = from < until && bytes[from] === this.#options.quote;
      const by = isQuoted ? 1 : 0;
      return { start: from + by, end: until - by, isQuoted, isMissing: false };
    });
  }
}

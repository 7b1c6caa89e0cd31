import { besidePiece } from '../core/piece-pool.ts';
import type { RecordBlock, RecordBytes } from '../core/record-block.ts';
import type { CsvProjector, JsonProjector, RowLayout, RowsPiece } from '../scan/index.ts';
import { BlockProjector } from './block-projector.ts';
import type { Column } from './columns.ts';
import { RowMaker } from './row-maker.ts';

const DELIMITERS: ReadonlySet<string> = new Set([',', ';', '\t', '|']);

/** How rows are written, and what writes those that only a decoder can. */
export interface RowWriting {
  readonly columns: readonly Column[];
  readonly text: RowLayout['text'];
  readonly delimiter: string;
  /** Whether a record with a key that begins no column goes to `decoded`, too. */
  readonly isStrict: boolean;
  /** Rows made of decoded records. */
  readonly decoded: (block: RecordBlock) => Uint8Array;
}

/** Rows of text, one a record: from the bytes where they are JSON or CSV, else from the decoded records. */
export class RowWriter {
  readonly #writing: RowWriting;
  readonly #layout: RowLayout;
  readonly #projector: BlockProjector | undefined;
  #maker: RowMaker | undefined;

  constructor(writing: RowWriting) {
    const { columns, text, delimiter, isStrict } = writing;
    this.#writing = writing;
    this.#layout = { text, delimiter: delimiter.charCodeAt(0) };
    const paths = columns.map(({ path }) => path);
    if (DELIMITERS.has(delimiter)) this.#projector = new BlockProjector({ paths, isStrict });
  }

  *rows(block: RecordBlock): Generator<Uint8Array, void> {
    const { decoded } = this.#writing;
    const { encoded } = block;
    if (block.count === 0) return;
    const projector = this.#projector?.of(encoded);
    if (encoded === undefined || projector === undefined) {
      yield decoded(block);
      return;
    }
    const pieces =
      'rows' in projector ? this.#csvRows(projector, encoded) : this.#makerOf(projector).rowsOf(encoded);
    for (const { first, until, bytes } of pieces) yield bytes ?? decoded(block.slice(first, until));
  }

  #csvRows(projector: CsvProjector, { bytes, starts, ends }: RecordBytes): Iterable<RowsPiece> {
    return projector.rows(bytes, starts, ends, this.#layout, besidePiece(bytes));
  }

  #makerOf(projector: JsonProjector): RowMaker {
    return (this.#maker ??= new RowMaker(projector, this.#layout));
  }
}

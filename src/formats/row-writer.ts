import type { RecordBlock } from '../core/record-block.ts';
import type { RowLayout } from '../scan/index.ts';
import { BlockProjector } from './block-projector.ts';
import type { Column } from './columns.ts';
import { locatedFor } from './located-for.ts';

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
  readonly #projector: BlockProjector | undefined;

  constructor(writing: RowWriting) {
    const { columns, delimiter, isStrict } = writing;
    this.#writing = writing;
    const paths = columns.map(({ path }) => path);
    if (DELIMITERS.has(delimiter)) this.#projector = new BlockProjector({ paths, isStrict });
  }

  *rows(block: RecordBlock): Generator<Uint8Array, void> {
    const { text, delimiter, decoded } = this.#writing;
    const { encoded } = block;
    if (block.count === 0) return;
    const projector = this.#projector?.of(encoded);
    if (encoded === undefined || projector === undefined) {
      yield decoded(block);
      return;
    }
    const layout = { text, delimiter: delimiter.charCodeAt(0) };
    const { bytes, starts, ends } = encoded;
    const located = locatedFor(projector, encoded);
    const pieces = projector.rows(bytes, starts, ends, layout, located);
    for (const { first, until, bytes } of pieces) yield bytes ?? decoded(block.slice(first, until));
  }
}

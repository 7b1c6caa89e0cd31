import type { Encoder } from '../core/format.ts';
import type { RecordBlock } from '../core/record-block.ts';
import { type Columns, columnsFrom } from './columns.ts';
import { copyLines } from './copy-lines.ts';
import { RowWriter } from './row-writer.ts';

export type { Columns } from './columns.ts';

/** Options of `copyEncoder`. */
export interface CopyEncoderOptions {
  /** Columns to write, in the order of the `COPY` statement. */
  readonly columns: Columns;
}

/**
 * Records as rows of PostgreSQL's text format of `COPY … FROM STDIN` ("COPY", File Formats): nested values as JSON text,
 * `\N` for null and missing. Of records that are JSON bytes numbers and nested values are as they are there, and nothing
 * is decoded; nor are records of CSV. A record that holds a NUL or half of a surrogate pair in a column is refused: PostgreSQL cannot hold them.
 * @throws TypeError when the columns are none
 */
export function copyEncoder({ columns: given }: CopyEncoderOptions): Encoder {
  const columns = columnsFrom(given);
  const decoded = (block: RecordBlock) => copyLines(block, columns);
  const writer = new RowWriter({ columns, text: 'copy', delimiter: '\t', isStrict: false, decoded });
  const nothing = new Uint8Array(0);
  return {
    name: 'copy',
    contentType: 'text/plain; charset=utf-8',
    header: () => nothing,
    *encode(chunk) {
      for (const block of chunk.blocks) yield* writer.rows(block);
    },
    separator: nothing,
    footer: nothing,
  };
}

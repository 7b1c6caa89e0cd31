import { ByteBlock } from '../core/byte-block.ts';
import { type Chunk, createChunk } from '../core/chunk.ts';
import { encodeJson } from '../core/json.ts';
import { ObjectBlock } from '../core/object-block.ts';
import type { Cursor } from '../core/position.ts';
import type { RecordBytes } from '../core/record-block.ts';

/** Options of `chunkOf`. */
export interface ChunkOfOptions {
  /** Number of the chunk in its run, from 0. @default 0 */
  readonly index?: number;
  /** Name of the source. @default 'test.ndjson' */
  readonly source?: string;
  /** Records of the source before the chunk. @default 0 */
  readonly before?: number;
  /**
   * What the records are made from: `objects`, as by a transform, or the `bytes` of lines of JSON, as read from a file.
   * @default 'objects'
   */
  readonly from?: 'objects' | 'bytes';
}

/** A chunk of the given records, at least one, as a sink gets it. */
export function chunkOf<T>(records: readonly T[], options: ChunkOfOptions = {}): Chunk<T> {
  const { index = 0, source = 'test.ndjson', before = 0, from = 'objects' } = options;
  if (records.length === 0) throw new RangeError('records must have at least 1 record, got none');
  const start: Cursor = { source: 0, records: before };
  const end: Cursor = { source: 0, records: before + records.length };
  if (from === 'objects')
    return createChunk({ index, blocks: [new ObjectBlock({ source, start, end, records })] });

  const encoded = linesOf(records);
  const block = new ByteBlock<T>({
    source,
    start: { ...start, bytes: 0, lines: before },
    end: { ...end, bytes: encoded.bytes.length, lines: before + records.length },
    encoded,
    offset: 0,
    lines: Uint32Array.from(records, (_, i) => before + i + 1),
    records,
    decode: ({ bytes, starts, ends }) =>
      Array.from(starts, (at, i) => JSON.parse(Buffer.from(bytes.subarray(at, ends[i])).toString()) as T),
  });
  const chunk = createChunk({ index, blocks: [block] });
  void chunk.records; // the caller holds them, and they count as seen: a copy is given others
  return chunk;
}

function linesOf(records: readonly unknown[]): RecordBytes {
  const lines = records.map((record) => Buffer.from(`${encodeJson(record)}\n`));
  const starts = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  let at = 0;
  lines.forEach((line, i) => {
    starts[i] = at;
    at += line.length;
    ends[i] = at - 1;
  });
  return { format: 'json', bytes: Buffer.concat(lines), starts, ends };
}

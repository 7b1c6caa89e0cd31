import { ByteBlock } from '../../src/core/byte-block.ts';
import type { Chunk } from '../../src/core/chunk.ts';
import { Chunker } from '../../src/core/chunker.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';

export const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

/** Sizes, over and over, until they make up `count`. */
export function* sizesOf(count: number, sizes: readonly number[]): Generator<number> {
  for (let left = count, i = 0; left > 0; i++) {
    const size = Math.min(sizes[i % sizes.length]!, left);
    yield size;
    left -= size;
  }
}

/** Records as blocks of objects of the given sizes, over and over. */
export function* objectBlocks<T>(
  records: readonly T[],
  sizes: readonly number[],
  before = 0,
): Generator<RecordBlock<T>> {
  let from = 0;
  for (const size of sizesOf(records.length, sizes)) {
    const start = { source: 0, records: before + from };
    const end = { source: 0, records: before + from + size };
    yield new ObjectBlock({ source: 'test', start, end, records: records.slice(from, from + size) });
    from += size;
  }
}

/** Records as blocks of lines of JSON of the given sizes, over and over: as a decoder makes them of a file. */
export function* lineBlocks<T>(
  records: readonly T[],
  sizes: readonly number[] = [records.length],
  onDecode: () => void = () => {},
): Generator<ByteBlock<T>> {
  let from = 0;
  let offset = 0;
  for (const size of sizesOf(records.length, sizes)) {
    const block = lineBlock(records.slice(from, from + size), from, offset, onDecode);
    yield block;
    from += size;
    offset += block.encoded.bytes.length;
  }
}

function lineBlock<T>(
  records: readonly T[],
  before: number,
  offset: number,
  onDecode: () => void,
): ByteBlock<T> {
  const lines = records.map((record) => Buffer.from(`${JSON.stringify(record)}\n`));
  const starts = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  let at = 0;
  for (const [i, line] of lines.entries()) {
    starts[i] = at;
    at += line.length;
    ends[i] = at - 1;
  }
  return new ByteBlock<T>({
    source: 'in.ndjson',
    start: { source: 0, records: before, bytes: offset, lines: before },
    end: { source: 0, records: before + records.length, bytes: offset + at, lines: before + records.length },
    encoded: { format: 'json', bytes: Buffer.concat(lines), starts, ends },
    offset,
    lines: Uint32Array.from(lines, (_, i) => before + i + 1),
    decode: ({ bytes, starts: from, ends: to }) => {
      onDecode();
      return Array.from(
        from,
        (first, i) => JSON.parse(Buffer.from(bytes.subarray(first, to[i])).toString()) as T,
      );
    },
  });
}

/** All chunks that the engine cuts, without a stream around it. */
export function cutAll<T>(
  items: Iterable<RecordBlock<T> | T>,
  records: number,
  bytes = Number.POSITIVE_INFINITY,
): Chunk<T>[] {
  const chunker = new Chunker<T>({ records, bytes, source: 'test' });
  const chunks: Chunk<T>[] = [];
  for (const item of items) for (const chunk of chunker.add(item)) chunks.push(chunk);
  const last = chunker.cut();
  return last === undefined ? chunks : [...chunks, last];
}

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

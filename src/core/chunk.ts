import { createHash } from 'node:crypto';
import type { Cursor, Position } from './position.ts';
import { BLOCK, type RecordBlock } from './record-block.ts';

/** A run of records of one source, with all that was filtered among them. */
export interface SourceRange {
  /** Name of the source. */
  readonly source: string;
  readonly start: Cursor;
  readonly end: Cursor;
}

/** The records that are written in one operation. */
export interface Chunk<T = unknown> extends RecordBlock<T> {
  /** Number of the chunk in its run, from 0. */
  readonly index: number;
  /**
   * The same bytes of the same source, cut at the same places, have the same id: at every attempt, and after every
   * restart. 64 hexadecimal digits, computed on first access from where the records lie and what they hold.
   */
  readonly id: string;
  /** The blocks of which it is made, for sinks that write them one after another without joining them. */
  readonly blocks: readonly RecordBlock<T>[];
  /** What of the sources is settled when the chunk is: its own records and those filtered among them. */
  readonly ranges: readonly SourceRange[];
  copy(): Chunk<T>;
}

export interface ChunkOptions<T> {
  readonly index: number;
  /** At least one block, none of them empty. */
  readonly blocks: readonly RecordBlock<T>[];
  /** @default the ranges of the blocks */
  readonly ranges?: readonly SourceRange[] | undefined;
  /** @default made of where the records lie and what they hold */
  readonly id?: string | undefined;
}

/** Makes a chunk of blocks: for tests, and for streams that chunk in a way of their own. */
export function createChunk<T>({ index, blocks, ranges, id }: ChunkOptions<T>): Chunk<T> {
  return new ChunkOfBlocks(
    index,
    blocks,
    ranges ?? blocks.map(({ source, start, end }) => ({ source, start, end })),
    id === undefined ? undefined : () => id,
  );
}

class ChunkOfBlocks<T> implements Chunk<T> {
  readonly [BLOCK] = true;
  readonly index: number;
  readonly blocks: readonly RecordBlock<T>[];
  readonly ranges: readonly SourceRange[];
  readonly count: number;
  #records: readonly T[] | undefined;
  #id: string | undefined;
  readonly #idOf: () => string;

  constructor(
    index: number,
    blocks: readonly RecordBlock<T>[],
    ranges: readonly SourceRange[],
    idOf: (() => string) | undefined,
  ) {
    this.#idOf = idOf ?? (() => hash(this));
    this.index = index;
    this.blocks = blocks;
    this.ranges = ranges;
    this.count = blocks.reduce((sum, block) => sum + block.count, 0);
  }

  get source(): string {
    return this.ranges[0]!.source;
  }

  get start(): Cursor {
    return this.ranges[0]!.start;
  }

  get end(): Cursor {
    return this.ranges.at(-1)!.end;
  }

  get records(): readonly T[] {
    this.#records ??=
      this.blocks.length === 1 ? this.blocks[0]!.records : this.blocks.flatMap((block) => block.records);
    return this.#records;
  }

  get encoded() {
    return this.blocks.length === 1 ? this.blocks[0]!.encoded : undefined;
  }

  get id(): string {
    this.#id ??= this.#idOf();
    return this.#id;
  }

  position(index: number): Position {
    return this.#at(index, (block, i) => block.position(i));
  }

  describe(index: number): string {
    return this.#at(index, (block, i) => block.describe(i));
  }

  byteLength(index: number): number {
    return this.#at(index, (block, i) => block.byteLength(i));
  }

  slice(from: number, to: number): RecordBlock<T> {
    const parts: RecordBlock<T>[] = [];
    let before = 0;
    for (const block of this.blocks) {
      const first = Math.max(from - before, 0);
      const last = Math.min(to - before, block.count);
      if (first < last) parts.push(first === 0 && last === block.count ? block : block.slice(first, last));
      before += block.count;
    }
    return parts.length === 1 ? parts[0]! : createChunk({ index: this.index, blocks: parts });
  }

  cut(at: number): [RecordBlock<T>, RecordBlock<T>] {
    return [this.slice(0, at), this.slice(at, this.count)];
  }

  /** The id stays that of the original, whatever becomes of the copied records. */
  copy(): Chunk<T> {
    return new ChunkOfBlocks(
      this.index,
      this.blocks.map((block) => block.copy()),
      this.ranges,
      () => this.id,
    );
  }

  forget(): void {
    this.#records = undefined;
    for (const block of this.blocks) block.forget();
  }

  ndjson(): Uint8Array {
    return this.blocks.length === 1
      ? this.blocks[0]!.ndjson()
      : Buffer.concat(this.blocks.map((block) => block.ndjson()));
  }

  jsonArray(): Uint8Array {
    if (this.blocks.length === 1) return this.blocks[0]!.jsonArray();
    const pieces = this.blocks.map((block) => block.jsonArray());
    const opened = pieces.flatMap((piece, i) => [i === 0 ? OPEN : COMMA, piece.subarray(1, -1)]);
    return Buffer.concat([...opened, CLOSE]);
  }

  [Symbol.iterator](): Iterator<T> {
    return this.records[Symbol.iterator]();
  }

  #at<R>(index: number, ask: (block: RecordBlock<T>, index: number) => R): R {
    let before = 0;
    for (const block of this.blocks) {
      if (index < before + block.count) return ask(block, index - before);
      before += block.count;
    }
    throw new RangeError(`index must be an integer from 0 to ${this.count - 1}, got ${index}`);
  }
}

const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']');

/** Where the records lie guards against equal records elsewhere, what they hold against a source that was replaced. */
function hash(chunk: Chunk): string {
  const digest = createHash('sha256');
  let sourceIndex: number | undefined;
  for (const block of chunk.blocks) {
    if (block.start.source !== sourceIndex) digest.update(`${JSON.stringify(placeOfFirst(block))}\n`);
    sourceIndex = block.start.source;
    feedContent(digest, block);
  }
  return digest.digest('hex');
}

/**
 * The number of the first record, and how many were made before it of the same record of the source. No cursor: where a
 * block begins, and what was filtered before, depends on how the source was cut into pieces.
 */
function placeOfFirst(block: RecordBlock): readonly (string | number)[] {
  const { record } = block.position(0);
  const { records, made = 0 } = block.start;
  return [block.source, record, record === records + 1 ? made : 0];
}

/** Bytes as they are in the source, so that an id does not depend on how the source was cut into pieces. */
function feedContent(digest: ReturnType<typeof createHash>, block: RecordBlock): void {
  if (block.encoded === undefined) {
    digest.update(block.ndjson());
    return;
  }
  const { bytes, starts, ends } = block.encoded;
  for (let i = 0; i < starts.length; i++) digest.update(bytes.subarray(starts[i], ends[i])).update('\n');
}

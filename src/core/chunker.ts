import { type Chunk, createChunk, type SourceRange } from './chunk.ts';
import { ObjectBlock } from './object-block.ts';
import type { Cursor } from './position.ts';
import { isRecordBlock, type RecordBlock } from './record-block.ts';

export interface ChunkerOptions {
  /** Most records of a chunk; a function is asked before each of them. */
  readonly records: number | (() => number);
  /** Most bytes of a chunk. A record that is larger than that becomes a chunk of its own. */
  readonly bytes: number;
  /** Name of the source of plain records. */
  readonly source: string;
}

interface Bounds {
  readonly records: number;
  readonly bytes: number;
}

/**
 * Cuts blocks and plain records into chunks: by count, by bytes, or when told to (`cut`).
 * What it is given in small pieces it collects; what it is given in large ones it cuts, and copies nothing.
 */
export class Chunker<T> {
  readonly #source: string;
  readonly #wanted: () => number;
  /** The most that `lower` allows. */
  #most = Number.POSITIVE_INFINITY;
  /** Of the chunk that is being filled. */
  #bounds: Bounds;
  #index = 0;
  #blocks: RecordBlock<T>[] = [];
  #ranges: SourceRange[] = [];
  #plain: T[] = [];
  #plainRead = 0;
  #count = 0;
  #bytes = 0;

  constructor({ records, bytes, source }: ChunkerOptions) {
    this.#source = source;
    this.#wanted = typeof records === 'function' ? records : () => records;
    this.#bounds = { records: this.#wanted(), bytes };
  }

  /** Records that wait for their chunk to become full. */
  get waiting(): number {
    return this.#count;
  }

  /** Lowers the bounds, between two chunks: where records wait already, theirs stay. */
  lower({ records, bytes }: Bounds): void {
    if (this.#count > 0) return;
    this.#most = Math.min(this.#most, records);
    this.#begin(Math.min(this.#bounds.bytes, bytes));
  }

  /** The quick way for a plain record that fills no chunk: takes it and returns true, or does nothing. */
  collect(record: T): boolean {
    const { records, bytes } = this.#bounds;
    if (bytes !== Number.POSITIVE_INFINITY || this.#count + 1 >= records) return false;
    this.#plain.push(record);
    this.#count++;
    return true;
  }

  /** Takes a block or a plain record and gives out the chunks that it fills. Iterate to the end before the next call. */
  *add(item: RecordBlock<T> | T): Generator<Chunk<T>, void> {
    if (isRecordBlock(item)) yield* this.#addBlock(item as RecordBlock<T>);
    else if (this.#bounds.bytes === Number.POSITIVE_INFINITY) yield* this.#addPlain(item);
    else yield* this.#addBlock(this.#blockOf([item]));
  }

  /** Ends the chunk that is being filled, if there is one: at the end of the input, or when it has waited long enough. */
  cut(): Chunk<T> | undefined {
    this.#closePlain();
    if (this.#count === 0) return undefined;
    const chunk = createChunk({ index: this.#index++, blocks: this.#blocks, ranges: this.#ranges });
    this.#blocks = [];
    this.#ranges = [];
    this.#count = 0;
    this.#bytes = 0;
    this.#begin(this.#bounds.bytes);
    return chunk;
  }

  /** What a transform filtered behind the last chunk: settled, though in no chunk. */
  remainder(): readonly SourceRange[] {
    return this.#count === 0 ? this.#ranges : [];
  }

  #begin(bytes: number): void {
    this.#bounds = { records: Math.min(this.#wanted(), this.#most), bytes };
  }

  *#addPlain(record: T): Generator<Chunk<T>, void> {
    this.#plain.push(record);
    if (++this.#count >= this.#bounds.records) yield this.cut()!;
  }

  *#addBlock(block: RecordBlock<T>): Generator<Chunk<T>, void> {
    this.#closePlain();
    let rest = block;
    for (let to = this.#fitting(rest); to < rest.count; to = this.#fitting(rest)) {
      if (to > 0) {
        const [head, tail] = rest.cut(to);
        this.#take(head);
        rest = tail;
      }
      const chunk = this.cut();
      if (chunk !== undefined) yield chunk;
    }
    this.#take(rest);
    if (this.#isFull()) yield this.cut()!;
  }

  /** How many of the first records of `block` the chunk being filled has room for. */
  #fitting(block: RecordBlock<T>): number {
    const { records, bytes } = this.#bounds;
    const most = Math.min(block.count, records - this.#count);
    if (bytes === Number.POSITIVE_INFINITY) return most;
    let size = this.#bytes;
    for (let i = 0; i < most; i++) {
      size += block.byteLength(i) + 1;
      if (size > bytes && this.#count + i > 0) return i;
    }
    return most;
  }

  #take(block: RecordBlock<T>): void {
    if (block.count > 0) this.#blocks.push(block);
    this.#count += block.count;
    this.#extendRanges(block);
    if (this.#bounds.bytes === Number.POSITIVE_INFINITY) return;
    for (let i = 0; i < block.count; i++) this.#bytes += block.byteLength(i) + 1;
  }

  #isFull(): boolean {
    return this.#count >= this.#bounds.records || (this.#count > 0 && this.#bytes >= this.#bounds.bytes);
  }

  /** Ranges that follow each other become one, so that a chunk of many small or emptied blocks stays small. */
  #extendRanges({ source, start, end }: RecordBlock<T>): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && isSamePlace(last.end, start))
      this.#ranges[this.#ranges.length - 1] = { ...last, end };
    else this.#ranges.push({ source, start, end });
  }

  #closePlain(): void {
    if (this.#plain.length === 0) return;
    const block = this.#blockOf(this.#plain);
    this.#plain = [];
    this.#blocks.push(block);
    this.#extendRanges(block);
  }

  #blockOf(records: readonly T[]): RecordBlock<T> {
    const start: Cursor = { source: 0, records: this.#plainRead };
    this.#plainRead += records.length;
    return new ObjectBlock({
      source: this.#source,
      start,
      end: { source: 0, records: this.#plainRead },
      records,
    });
  }
}

function isSamePlace(a: Cursor, b: Cursor): boolean {
  return a.source === b.source && a.records === b.records && (a.made ?? 0) === (b.made ?? 0);
}

import { copyRecord } from './copy-record.ts';
import { encodeJson } from './json.ts';
import { type Cursor, cursorBefore, describePosition, type Position } from './position.ts';
import type { Positions } from './position-list.ts';
import { BLOCK, type RecordBlock } from './record-block.ts';

export interface ObjectBlockOptions<T> {
  readonly source: string;
  readonly start: Cursor;
  readonly end: Cursor;
  readonly records: readonly T[];
  /** Position of each record. Left out when they follow each other from `start` and have no bytes. */
  readonly positions?: Positions | readonly Position[] | undefined;
}

/** A block made from plain objects: a database cursor, a paged API, the output of a transform. It encodes on demand. */
export class ObjectBlock<T> implements RecordBlock<T> {
  readonly [BLOCK] = true;
  readonly source: string;
  readonly start: Cursor;
  readonly end: Cursor;
  readonly records: readonly T[];
  readonly positions: Positions | undefined;
  #texts: readonly string[] | undefined;

  constructor({ source, start, end, records, positions }: ObjectBlockOptions<T>) {
    this.source = source;
    this.start = start;
    this.end = end;
    this.records = records;
    this.positions = positions as Positions | undefined;
  }

  get count(): number {
    return this.records.length;
  }

  position(index: number): Position {
    return this.positions?.at(index) ?? { record: this.start.records + index + 1 };
  }

  describe(index: number): string {
    return describePosition(this.source, this.position(index));
  }

  byteLength(index: number): number {
    return Buffer.byteLength(this.#json()[index] ?? '');
  }

  slice(from: number, to: number): RecordBlock<T> {
    const part = new ObjectBlock({
      source: this.source,
      start: this.#cursorAt(from),
      end: this.#cursorAt(to),
      records: this.records.slice(from, to),
      positions: this.positions?.slice(from, to),
    });
    part.#texts = this.#texts?.slice(from, to);
    return part;
  }

  cut(at: number): [RecordBlock<T>, RecordBlock<T>] {
    return [this.slice(0, at), this.slice(at, this.count)];
  }

  copy(): RecordBlock<T> {
    const { source, start, end } = this;
    const records = this.records.map(copyRecord);
    return new ObjectBlock({ source, start, end, records, positions: this.positions });
  }

  forget(): void {
    this.#texts = undefined;
  }

  ndjson(): Uint8Array {
    return Buffer.from(this.count === 0 ? '' : `${this.#json().join('\n')}\n`);
  }

  jsonArray(): Uint8Array {
    return Buffer.from(`[${this.#json().join(',')}]`);
  }

  [Symbol.iterator](): Iterator<T> {
    return this.records[Symbol.iterator]();
  }

  #json(): readonly string[] {
    this.#texts ??= this.records.map((record, index) => this.#encode(record, index));
    return this.#texts;
  }

  #encode(record: T, index: number): string {
    try {
      return encodeJson(record);
    } catch (cause) {
      throw new TypeError(`${this.describe(index)}: ${(cause as Error).message}`, { cause });
    }
  }

  /** Records that one source record became stay apart when a slice ends between them: the cursor counts those made. */
  #cursorAt(index: number): Cursor {
    if (index === 0) return this.start;
    if (index >= this.count) return this.end;
    const position = this.position(index);
    const made = this.#madeBefore(index, position.record);
    return { ...cursorBefore(this.start.source, position), ...(made > 0 && { made }) };
  }

  #madeBefore(index: number, record: number): number {
    let first = index;
    while (first > 0 && this.position(first - 1).record === record) first--;
    const earlier = first === 0 && record === this.start.records + 1 ? (this.start.made ?? 0) : 0;
    return index - first + earlier;
  }
}

import { copyRecord } from './copy-record.ts';
import { encodeJson } from './json.ts';
import { JsonLines, type Keep } from './json-lines.ts';
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
  readonly positions: Positions | undefined;
  /** Absent when they are kept as JSON. */
  #records: readonly T[] | undefined;
  #decoded: readonly T[] | undefined;
  #json: JsonLines | undefined;

  constructor({ source, start, end, records, positions }: ObjectBlockOptions<T>) {
    this.source = source;
    this.start = start;
    this.end = end;
    this.#records = records;
    this.positions = positions as Positions | undefined;
  }

  get count(): number {
    return this.#records?.length ?? this.#json?.count ?? 0;
  }

  get memory(): ArrayBufferLike | undefined {
    return this.#records === undefined ? this.#json?.memory : undefined;
  }

  get records(): readonly T[] {
    this.#decoded ??= this.#records ?? this.#lines().decode<T>();
    return this.#decoded;
  }

  /**
   * Keeps the records as their JSON and not as objects, which take several times the memory. Who looks at `records` then
   * finds what their JSON says. Where one has no JSON, all stay objects.
   * @param keep copies the JSON to where it stays. @default into memory of its own
   */
  keepAsJson(keep?: Keep): void {
    try {
      this.#lines(keep);
      this.#records = undefined;
      this.#decoded = undefined;
    } catch {
      // whoever asks for its JSON is told
    }
  }

  position(index: number): Position {
    return this.positions?.at(index) ?? { record: this.start.records + index + 1 };
  }

  describe(index: number): string {
    return describePosition(this.source, this.position(index));
  }

  byteLength(index: number): number {
    return this.#lines().byteLength(index);
  }

  slice(from: number, to: number): RecordBlock<T> {
    const part = new ObjectBlock({
      source: this.source,
      start: this.#cursorAt(from),
      end: this.#cursorAt(to),
      records: this.#records?.slice(from, to) ?? [],
      positions: this.positions?.slice(from, to),
    });
    part.#records = this.#records && part.#records;
    part.#json = this.#json?.slice(from, to);
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
    if (this.#records !== undefined) this.#json = undefined;
    this.#decoded = undefined;
  }

  ndjson(): Uint8Array {
    return this.#lines().bytes;
  }

  jsonArray(): Uint8Array {
    return this.#lines().array();
  }

  [Symbol.iterator](): Iterator<T> {
    return this.records[Symbol.iterator]();
  }

  #lines(keep?: Keep): JsonLines {
    this.#json ??= JsonLines.of(
      this.count,
      (index) => this.#encode(this.#records?.[index] as T, index),
      keep,
    );
    return this.#json;
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

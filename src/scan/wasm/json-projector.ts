import type {
  CheckedFields,
  CheckedRows,
  FieldsPiece,
  JsonCheck,
  JsonProjector,
  ProjectorOptions,
  RowLayout,
  RowRoom,
} from '../engine.ts';
import { allOf, isReadable, isSound } from './check-json.ts';
import { type KeyTree, keyTree } from './key-tree.ts';
import { scanner } from './scanner.ts';
import { walk } from './walk-json.ts';
import { type Windowed, windowsOf } from './windows.ts';

const LAYOUTS: Readonly<Record<RowLayout['text'], number>> = { copy: 0, csv: 1 };
const NUMBERS_PER_FIELD = 3;

/** Has the scanner find the fields, a window of records at a time. */
export class WasmJsonProjector implements JsonProjector {
  readonly width: number;
  readonly #tree: KeyTree;
  readonly #isStrict: boolean;

  /** @returns `undefined` when there are more columns than the scanner has room for, or none */
  static create({ paths, isStrict }: ProjectorOptions): WasmJsonProjector | undefined {
    const tree = paths.length > 0 ? keyTree(paths) : undefined;
    return tree && new WasmJsonProjector(tree, isStrict);
  }

  private constructor(tree: KeyTree, isStrict: boolean) {
    this.width = tree.fieldCount * NUMBERS_PER_FIELD;
    this.#tree = tree;
    this.#isStrict = isStrict;
  }

  check(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, check: JsonCheck): CheckedFields {
    const { located, unclear } = this.#walk(bytes, starts, ends, check);
    const doubtful = unclear.filter(
      (record) => !isSound(bytes.subarray(starts[record], ends[record]), check),
    );
    return { doubtful, located };
  }

  checkToRows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    check: JsonCheck,
    layout: RowLayout,
    room: RowRoom,
  ): CheckedRows {
    const begin = room.length;
    const rowEnds = new Uint32Array(starts.length);
    const unclear: number[] = [];
    for (const window of this.#windows(bytes, starts, ends)) {
      unclear.push(...this.#find(window, starts, ends, check));
      this.#putAll(window, layout, room, rowEnds);
    }
    const doubtful = unclear.filter(
      (record) => !isSound(bytes.subarray(starts[record], ends[record]), check),
    );
    return { doubtful, rows: { bytes: room.bytes, begin, ends: rowEnds } };
  }

  *fields(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    located = this.#walk(bytes, starts, ends, ANY_JSON).located,
  ): Generator<FieldsPiece, void> {
    const isTold = (record: number) => located[record * this.width + KIND] !== UNTOLD;
    for (let first = 0, until = 0; first < starts.length; first = until) {
      while (until < starts.length && isTold(until)) until++;
      if (until > first) yield { first, until, fields: this.#fieldsOf(first, until, located) };
      else yield { first, until: ++until };
    }
  }

  /**
   * Where the fields are, field by field: offset of its first byte, its length, its kind; and the records of which a
   * decoder has to tell them, as they are doubtful together with the others or by themselves.
   */
  #walk(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    check: JsonCheck,
  ): { readonly located: Int32Array; readonly unclear: readonly number[] } {
    const { fieldArea } = scanner();
    const located = new Int32Array(starts.length * this.width);
    const unclear: number[] = [];
    for (const window of this.#windows(bytes, starts, ends)) {
      unclear.push(...this.#find(window, starts, ends, check));
      const { first, until } = window;
      located.set(fieldArea.subarray(0, (until - first) * this.width), first * this.width);
    }
    return { located, unclear };
  }

  /** Finds the fields of the records of a window. @returns those records of which a decoder has to tell them */
  #find(window: Windowed, starts: Uint32Array, ends: Uint32Array, check: JsonCheck): readonly number[] {
    const { fieldArea, maxDepth } = scanner();
    const isWalked = check.maxDepth <= maxDepth && isReadable(window);
    const looked = { check, tree: this.#tree, isStrict: this.#isStrict };
    const unclear = isWalked ? walk(window, starts, ends, looked) : allOf(window);
    for (const record of unclear) fieldArea[(record - window.first) * this.width + KIND] = UNTOLD;
    return unclear;
  }

  *#windows(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Generator<Windowed, void> {
    yield* windowsOf(bytes, starts, ends, Math.floor(scanner().fieldArea.length / this.width));
  }

  /** Adds the rows of a window whose fields are known. @param rowEnds is told where each ends */
  #putAll({ first, until, offset }: Windowed, layout: RowLayout, room: RowRoom, rowEnds: Uint32Array): void {
    const { rowArea, ends, state } = scanner();
    for (let next = first; next < until; ) {
      const count = this.#put(next - first, until - next, offset, layout);
      for (let i = 0; i < count; i++) rowEnds[next++] = room.length + ends[i]!;
      if (count > 0) room.add(rowArea.subarray(0, state[0]));
      else rowEnds[next++] = room.length;
    }
  }

  /** Writes rows into the scanner's `rowArea`. @returns how many there was room for, before one that only a decoder can */
  #put(first: number, count: number, offset: number, layout: RowLayout): number {
    const { columnArea, putRows } = scanner();
    const { fieldCount, columns } = this.#tree;
    columnArea.set(columns);
    const { text, delimiter } = layout;
    return putRows(first, count, offset, LAYOUTS[text], delimiter, fieldCount, columns.length);
  }

  /** As they are given out: column by column, with the offset behind the last byte. */
  #fieldsOf(first: number, until: number, located: Int32Array): Int32Array {
    const { columns } = this.#tree;
    const fields = new Int32Array((until - first) * columns.length * NUMBERS_PER_FIELD);
    let to = 0;
    for (let from = first * this.width; from < until * this.width; from += this.width)
      for (const column of columns) {
        const at = from + column * NUMBERS_PER_FIELD;
        fields[to++] = located[at]!;
        fields[to++] = located[at]! + located[at + 1]!;
        fields[to++] = located[at + KIND]!;
      }
    return fields;
  }
}

/** In a record, the kind of its first field. */
const KIND = 2;
/** In its place: only a decoder can tell the fields. */
const UNTOLD = -1;

/** Of records that were checked before. */
const ANY_JSON: JsonCheck = { maxDepth: 1_000, mostDigits: 0x7fff_ffff };

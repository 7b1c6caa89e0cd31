import type { CheckedFields, RowLayout, RowsPiece } from '../engine.ts';
import { FIELD_KIND, type JsonCheck, type JsonProjector, type ProjectorOptions } from '../engine.ts';
import { allOf, isReadable, isSound } from './check-json.ts';
import { type KeyTree, keyTree } from './key-tree.ts';
import { scanner } from './scanner.ts';
import { walk } from './walk-json.ts';
import { type Windowed, windowsOf } from './windows.ts';

const LAYOUTS: Readonly<Record<RowLayout['text'], number>> = { copy: 0, csv: 1 };
const NUMBERS_PER_FIELD = 3;

/** Has the scanner find the fields, a window of records at a time. */
export class WasmJsonProjector implements JsonProjector {
  readonly columns: Int32Array;
  readonly width: number;
  readonly #tree: KeyTree;
  readonly #isStrict: boolean;

  /** @returns `undefined` when there are more columns than the scanner has room for, or none */
  static create({ paths, isStrict }: ProjectorOptions): WasmJsonProjector | undefined {
    const tree = paths.length > 0 ? keyTree(paths) : undefined;
    return tree && new WasmJsonProjector(tree, isStrict);
  }

  private constructor(tree: KeyTree, isStrict: boolean) {
    this.columns = tree.columns;
    this.width = tree.fieldCount * NUMBERS_PER_FIELD;
    this.#tree = tree;
    this.#isStrict = isStrict;
  }

  check(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array, check: JsonCheck): CheckedFields {
    const fields = new Int32Array(starts.length * this.width);
    const unclear = this.#walk(bytes, starts, ends, check, fields);
    const doubtful = unclear.filter(
      (record) => !isSound(bytes.subarray(starts[record], ends[record]), check),
    );
    return { doubtful, fields };
  }

  locate(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Int32Array {
    const fields = new Int32Array(starts.length * this.width);
    this.#walk(bytes, starts, ends, ANY_JSON, fields);
    return fields;
  }

  rows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    fields: Int32Array,
    layout: RowLayout,
  ): readonly RowsPiece[] {
    return [...this.#windows(bytes, starts, ends)].flatMap((window) => this.#rowsOf(window, fields, layout));
  }

  /** @returns the records that are doubtful, together with the others or by themselves; a decoder has to tell their fields */
  #walk(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    check: JsonCheck,
    fields: Int32Array,
  ): readonly number[] {
    const { fieldArea, maxDepth } = scanner();
    const unclear: number[] = [];
    const looked = { check, tree: this.#tree, isStrict: this.#isStrict };
    for (const window of this.#windows(bytes, starts, ends)) {
      const isWalked = check.maxDepth <= maxDepth && isReadable(window);
      const found = isWalked ? walk(window, starts, ends, looked) : allOf(window);
      const { first, until } = window;
      if (isWalked) fields.set(fieldArea.subarray(0, (until - first) * this.width), first * this.width);
      for (const record of found) {
        fields[record * this.width + KIND] = FIELD_KIND.untold;
        unclear.push(record);
      }
    }
    return unclear;
  }

  *#windows(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Generator<Windowed, void> {
    yield* windowsOf(bytes, starts, ends, Math.floor(scanner().fieldArea.length / this.width));
  }

  #rowsOf({ first, until, part, offset }: Windowed, fields: Int32Array, layout: RowLayout): RowsPiece[] {
    const { longWindow, fieldArea, columnArea, rowArea, putRows, state } = scanner();
    if (part.length > longWindow.length) return [{ first, until }];
    fieldArea.set(fields.subarray(first * this.width, until * this.width));
    columnArea.set(this.columns);
    const { fieldCount } = this.#tree;
    const how = [LAYOUTS[layout.text], layout.delimiter, fieldCount, this.columns.length] as const;
    const pieces: RowsPiece[] = [];
    for (let next = first; next < until; ) {
      const count = putRows(next - first, until - next, offset, ...how);
      if (count > 0) pieces.push({ first: next, until: next + count, bytes: rowArea.slice(0, state[0]) });
      else pieces.push({ first: next, until: next + 1 });
      next += Math.max(count, 1);
    }
    return pieces;
  }
}

/** In a record, the kind of its first field. */
const KIND = 2;

/** Of records that were checked before. */
const ANY_JSON: JsonCheck = { maxDepth: 1_000, mostDigits: 0x7fff_ffff };

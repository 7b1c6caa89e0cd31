import type { FieldsPiece, JsonProjector, ProjectorOptions, RowLayout, RowsPiece } from '../engine.ts';
import { hasRoomFor, type KeyTree, keyTree } from './key-tree.ts';
import { scanner } from './scanner.ts';
import { noteRecords, type Windowed, windowsOf } from './windows.ts';

const LAYOUTS: Readonly<Record<RowLayout['text'], number>> = { copy: 0, csv: 1 };
const NUMBERS_PER_FIELD = 3;

/** The window is read anew behind each record that needs care; behind so many of them the rest of it needs care, too. */
const MOST_CARES = 8;

/** Has the scanner find the fields, a window of records at a time. */
export class WasmJsonProjector implements JsonProjector {
  readonly #tree: KeyTree;
  readonly #isStrict: boolean;

  /** @returns `undefined` when there are more columns than the scanner has room for */
  static create({ paths, isStrict }: ProjectorOptions): WasmJsonProjector | undefined {
    const tree = keyTree(paths, scanner().keysAt);
    return hasRoomFor(tree, scanner()) ? new WasmJsonProjector(tree, isStrict) : undefined;
  }

  private constructor(tree: KeyTree, isStrict: boolean) {
    this.#tree = tree;
    this.#isStrict = isStrict;
  }

  *rows(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    layout: RowLayout,
  ): Generator<RowsPiece, void> {
    yield* this.#eachRun(bytes, starts, ends, (next, until, offset) => {
      const count = this.#projectRun({ first: next, until, offset }, starts, ends, layout);
      const { state, rowArea } = scanner();
      return { first: next, until: next + count, ...(count > 0 && { bytes: rowArea.slice(0, state[0]) }) };
    });
  }

  *fields(bytes: Uint8Array, starts: Uint32Array, ends: Uint32Array): Generator<FieldsPiece, void> {
    yield* this.#eachRun(bytes, starts, ends, (next, until, offset) => {
      const { fields, stop } = this.#locateRun(starts, next, until, offset);
      return { first: next, until: stop, ...(stop > next && { fields }) };
    });
  }

  /** @param take takes records of the window from an index on, as many as it can; none when the first one needs care */
  *#eachRun<P extends Pick<RowsPiece, 'first' | 'until'>>(
    bytes: Uint8Array,
    starts: Uint32Array,
    ends: Uint32Array,
    take: (next: number, until: number, offset: number) => P,
  ): Generator<P | Pick<RowsPiece, 'first' | 'until'>, void> {
    const { longWindow } = scanner();
    for (const { first, until, part, offset } of windowsOf(bytes, starts, ends)) {
      let next = first;
      const isHere = part.length <= longWindow.length;
      for (let cares = 0; isHere && next < until && cares <= MOST_CARES; ) {
        if (!this.#prepare(part)) break;
        const piece = take(next, until, offset);
        if (piece.until > next) {
          yield piece;
          next = piece.until;
        } else {
          yield { first: next, until: ++next };
          cares += 1;
        }
      }
      if (next < until) yield { first: next, until };
    }
  }

  /**
   * Others use the scanner between two calls, so all that it reads is written anew.
   * @returns whether the window has tokens
   */
  #prepare(part: Uint8Array): boolean {
    const { longWindow, nodeArea, keyArea, columnArea, indexJson, beginRecords } = scanner();
    const { nodes, keys, columns } = this.#tree;
    longWindow.set(part);
    nodeArea.set(nodes);
    keyArea.set(keys);
    columnArea.set(columns);
    const tokens = indexJson(part.length);
    if (tokens >= 0) beginRecords(tokens);
    return tokens >= 0;
  }

  /** @returns the fields, and the index of the first record without */
  #locateRun(
    starts: Uint32Array,
    from: number,
    until: number,
    offset: number,
  ): { readonly fields: Int32Array; readonly stop: number } {
    const { fieldArea, locateFields } = scanner();
    const { rootCount, fieldCount, columns } = this.#tree;
    const fields = new Int32Array((until - from) * columns.length * NUMBERS_PER_FIELD);
    let to = 0;
    let index = from;
    for (; index < until; index++) {
      if (locateFields(starts[index]! - offset, fieldCount, rootCount, this.#isStrict) === 0) break;
      for (const field of columns) {
        const at = field * NUMBERS_PER_FIELD;
        const start = fieldArea[at]! + offset;
        fields[to++] = start;
        fields[to++] = start + fieldArea[at + 1]!;
        fields[to++] = fieldArea[at + 2]!;
      }
    }
    return { fields: fields.subarray(0, to), stop: index };
  }

  /** @returns how many records have rows now */
  #projectRun(
    { first, until, offset }: Pick<Windowed, 'first' | 'until' | 'offset'>,
    starts: Uint32Array,
    ends: Uint32Array,
    { text, delimiter }: RowLayout,
  ): number {
    const { rootCount, fieldCount, columns } = this.#tree;
    noteRecords({ first, until }, starts, ends);
    return scanner().projectRows(
      until - first,
      offset,
      LAYOUTS[text],
      delimiter,
      fieldCount,
      rootCount,
      columns.length,
      this.#isStrict,
    );
  }
}

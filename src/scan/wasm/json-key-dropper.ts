import type {
  EncodedRecords,
  InnerShape,
  JsonKeyDropper,
  KeylessRecords,
  ObjectShape,
} from '../json/key-dropper.ts';
import { nodeOf, ROOT, restOf } from './key-tree.ts';
import { scanner } from './scanner.ts';
import { lastThatFits, noteRecords } from './windows.ts';

/** Of so many bytes with keys, one without keys is expected. */
const BYTES_WITH_KEYS = 1.5;

/** A short value may get a mark as long as it is. */
const MOST_GROWTH = 2;

/** Has the scanner leave the keys out, some records at a time. */
export class WasmJsonKeyDropper implements JsonKeyDropper {
  readonly #nodes: Int32Array;
  readonly #keys: Uint8Array;

  /** @returns `undefined` when the scanner has no room for so many keys */
  static create(shape: ObjectShape): WasmJsonKeyDropper | undefined {
    const { nodes, keys } = written(shape);
    const { nodeArea, keyArea } = scanner();
    const hasRoom = nodes.length <= nodeArea.length && keys.length + 16 <= keyArea.length;
    return hasRoom ? new WasmJsonKeyDropper(nodes, keys) : undefined;
  }

  private constructor(nodes: Int32Array, keys: Uint8Array) {
    this.#nodes = nodes;
    this.#keys = keys;
  }

  drop({ bytes, starts, ends }: EncodedRecords, from: number, to: number, most: number): KeylessRecords {
    const { longWindow, nodeArea, keyArea, rowArea, dropKeys, state } = scanner();
    const until = lastThatFits(starts, ends, from, to, most * BYTES_WITH_KEYS);
    const offset = starts[from]!;
    const part = bytes.subarray(offset, ends[until - 1]);
    if (part.length > longWindow.length / MOST_GROWTH) return { until: from, json: part };
    longWindow.set(part);
    noteRecords({ first: from, until }, starts, ends);
    nodeArea.set(this.#nodes);
    keyArea.set(this.#keys);
    const count = dropKeys(until - from, part.length, offset, most);
    return { until: from + count, json: rowArea.subarray(0, state[0]) };
  }
}

/** What the value of a key is, as the scanner numbers it. */
const ANYTHING = 0;
const OBJECT = 1;
const LIST_OF_OBJECTS = 2;

/** The nodes of all keys, those of one object side by side. */
function written(root: ObjectShape): { readonly nodes: Int32Array; readonly keys: Uint8Array } {
  const { nodesAt, keysAt, nodeSize } = scanner();
  const addressOf = (node: number) => nodesAt + node * nodeSize;
  const nodes: (readonly number[])[] = [nodeOf(undefined, { rest: 0 })];
  const rests: Uint8Array[] = [];
  let restBytes = 0;
  let free = ROOT + 1;
  const queue: ObjectShape[] = [root];
  /** Where the members are of an object that comes later. */
  const reserve = (shape: ObjectShape): number => {
    queue.push(shape);
    const first = free;
    free += shape.keys.length;
    return addressOf(first);
  };
  nodes.push(nodeOf(undefined, { rest: 0, first: addressOf(free) }));
  free += root.keys.length;
  for (const { keys, inside } of queue)
    for (const [i, key] of keys.entries()) {
      const inner = inside[i];
      const rest = restOf(key);
      const next = i + 1 < keys.length ? addressOf(nodes.length + 1) : 0;
      const first = inner === undefined ? 0 : reserve(inner.shape);
      nodes.push(nodeOf(key, { rest: keysAt + restBytes, next, first, flags: kindOf(inner) }));
      rests.push(rest);
      restBytes += rest.length;
    }
  return { nodes: Int32Array.from(nodes.flat()), keys: Buffer.concat(rests) };
}

function kindOf(inner: InnerShape | undefined): number {
  if (inner === undefined) return ANYTHING;
  return inner.isList ? LIST_OF_OBJECTS : OBJECT;
}

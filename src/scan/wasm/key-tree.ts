import { scanner } from './scanner.ts';

/** Nodes that are always there: that of which nothing is known, and that of a record. */
const ANY = 0;
export const ROOT = 1;

/** The keys that are wanted, as the scanner reads them: the keys inside one key lie side by side. */
export interface KeyTree {
  /** Numbers of all nodes. */
  readonly nodes: Int32Array;
  readonly nodeCount: number;
  readonly keys: Uint8Array;
  /** Different paths. */
  readonly fieldCount: number;
  /** Index of the field of each path that was given. */
  readonly columns: Int32Array;
}

interface Key {
  readonly name: string;
  readonly inside: Map<string, Key>;
  field: number;
}

/** @returns `undefined` when the scanner has no room for so many */
export function keyTree(paths: readonly (readonly string[])[]): KeyTree | undefined {
  const root: Key = { name: '', inside: new Map(), field: -1 };
  let fieldCount = 0;
  const columns = paths.map((path) => {
    const key = keyAt(root, path);
    if (key.field < 0) key.field = fieldCount++;
    return key.field;
  });
  const tree = { ...written(root), fieldCount, columns: Int32Array.from(columns) };
  return hasRoomFor(tree) ? tree : undefined;
}

/** The tree in which nothing is wanted. */
export function emptyTree(): KeyTree {
  empty ??= keyTree([])!;
  return empty;
}

let empty: KeyTree | undefined;

function keyAt(root: Key, path: readonly string[]): Key {
  let key = root;
  for (const name of path) {
    const next = key.inside.get(name) ?? { name, inside: new Map(), field: -1 };
    key.inside.set(name, next);
    key = next;
  }
  return key;
}

/** Flags of a node. */
const HAS_FIELD = 1;
const HAS_WANTED = 2;

function written(root: Key): Pick<KeyTree, 'nodes' | 'nodeCount' | 'keys'> {
  const { nodesAt, keysAt, nodeSize } = scanner();
  const addressOf = (node: number) => nodesAt + node * nodeSize;
  const nodes: number[] = [...nodeOf(undefined, { rest: 0, element: addressOf(ANY) })];
  const keys: Uint8Array[] = [];
  let keyBytes = 0;
  const queue = [root];
  for (let i = 0; i < queue.length; i++) {
    const { name, inside, field } = queue[i]!;
    const flags = (field < 0 ? 0 : HAS_FIELD) | (inside.size > 0 ? HAS_WANTED : 0);
    const wanted = addressOf(ROOT + queue.length);
    const rest = restOf(name);
    nodes.push(
      ...nodeOf(i === 0 ? undefined : name, {
        rest: keysAt + keyBytes,
        flags,
        field,
        wanted,
        wantedCount: inside.size,
      }),
    );
    queue.push(...inside.values());
    keys.push(rest);
    keyBytes += rest.length;
  }
  return { nodes: Int32Array.from(nodes), nodeCount: ROOT + queue.length, keys: Buffer.concat(keys) };
}

/** So many bytes of a key's text are compared at once. */
const AT_ONCE = 16;

/** The bytes of a key's text that are compared behind those. */
export function restOf(name: string): Uint8Array {
  return Buffer.from(`${name}"`).subarray(AT_ONCE - 2);
}

/** A mask that no text passes: a key which is written with escapes is left to a decoder. */
const NOTHING = 0x10000;

interface NodeNumbers {
  readonly rest: number;
  readonly next?: number;
  readonly first?: number;
  readonly element?: number;
  readonly flags?: number;
  readonly field?: number;
  readonly wanted?: number;
  readonly wantedCount?: number;
}

/** The numbers of a node, in the order in which the scanner has them. */
export function nodeOf(
  name: string | undefined,
  { rest, next = 0, first = 0, element = 0, flags = 0, field = 0, wanted = 0, wantedCount = 0 }: NodeNumbers,
): readonly number[] {
  const text = Buffer.from(`,"${name ?? ''}":`);
  const isRaw = name !== undefined && JSON.stringify(name) === `"${name}"`;
  const atOnce = new Int32Array(AT_ONCE / 4);
  Buffer.from(atOnce.buffer).set(text.subarray(0, AT_ONCE));
  const mask = isRaw ? 2 ** Math.min(text.length, AT_ONCE) - 1 : NOTHING;
  return [
    ...atOnce,
    mask,
    isRaw ? text.length : 0,
    rest,
    next,
    first,
    element,
    flags,
    field,
    wanted,
    wantedCount,
    0,
    0,
  ];
}

/** There must be room to learn more, and for the fields of one record. */
function hasRoomFor({ nodes, keys, fieldCount, columns }: KeyTree): boolean {
  const { nodeArea, keyArea, fieldArea, columnArea } = scanner();
  return (
    nodes.length <= nodeArea.length / 2 &&
    keys.length + 16 <= keyArea.length &&
    fieldCount * 3 <= fieldArea.length / 16 &&
    columns.length <= columnArea.length
  );
}

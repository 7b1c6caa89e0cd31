import type { Scanner } from './scanner.ts';

const NODE_INTS = 6;

/** The keys that are wanted, as the scanner reads them: the keys inside one key lie side by side. */
export interface KeyTree {
  /** Numbers of all nodes: offset of the key's bytes, its length, its field or -1, first key inside, how many, 0. */
  readonly nodes: Int32Array;
  readonly keys: Uint8Array;
  /** Keys that are wanted at the root. */
  readonly rootCount: number;
  /** Different paths. */
  readonly fieldCount: number;
  /** Index of the field of each path that was given. */
  readonly columns: Int32Array;
}

interface Key {
  readonly bytes: Uint8Array;
  readonly inside: Map<string, Key>;
  field: number;
}

/** @param keysAt where in the memory the bytes of the keys will be */
export function keyTree(paths: readonly (readonly string[])[], keysAt: number): KeyTree {
  const root = new Map<string, Key>();
  let fieldCount = 0;
  const columns = paths.map((path) => {
    const key = keyAt(root, path);
    if (key.field < 0) key.field = fieldCount++;
    return key.field;
  });
  return { ...written(root, keysAt), rootCount: root.size, fieldCount, columns: Int32Array.from(columns) };
}

function keyAt(root: Map<string, Key>, path: readonly string[]): Key {
  let inside = root;
  let key: Key | undefined;
  for (const name of path) {
    key = inside.get(name) ?? { bytes: Buffer.from(name), inside: new Map(), field: -1 };
    inside.set(name, key);
    inside = key.inside;
  }
  return key!;
}

function written(root: Map<string, Key>, keysAt: number): Pick<KeyTree, 'nodes' | 'keys'> {
  const nodes: number[] = [];
  const keys: Uint8Array[] = [];
  let keyBytes = 0;
  const queue = [...root.values()];
  for (let i = 0; i < queue.length; i++) {
    const { bytes, inside, field } = queue[i]!;
    nodes.push(keysAt + keyBytes, bytes.length, field, queue.length, inside.size, 0);
    queue.push(...inside.values());
    keys.push(bytes);
    keyBytes += bytes.length;
  }
  return { nodes: Int32Array.from(nodes), keys: Buffer.concat(keys) };
}

/** Whether the scanner has room for the tree. */
export function hasRoomFor(
  { nodes, keys, fieldCount, columns }: KeyTree,
  { nodeArea, keyArea, fieldArea, columnArea }: Scanner,
): boolean {
  return (
    nodes.length <= nodeArea.length - NODE_INTS &&
    keys.length + 16 <= keyArea.length &&
    fieldCount * 3 <= fieldArea.length &&
    columns.length <= columnArea.length
  );
}

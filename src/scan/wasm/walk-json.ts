import type { JsonCheck } from '../engine.ts';
import type { KeyTree } from './key-tree.ts';
import { scanner } from './scanner.ts';
import { noteRecords, type Windowed } from './windows.ts';

/** What a walk looks at. */
export interface Walk {
  readonly check: JsonCheck;
  readonly tree: KeyTree;
  /** Whether a key of a record that begins no wanted path leaves its fields to a decoder. @default false */
  readonly isStrict?: boolean;
}

/**
 * Walks over the records of a window, which is filled. Then the scanner's `fieldArea` tells where their fields are, but
 * not of doubtful ones.
 * @returns the indexes of those that are doubtful: together with the others, be it not by themselves
 */
export function walk(
  window: Windowed,
  starts: Uint32Array,
  ends: Uint32Array,
  { check, tree, isStrict = false }: Walk,
): readonly number[] {
  const { first, until, part, offset } = window;
  const { nodeArea, keyArea, walkJson, starts: found } = scanner();
  const { nodes, nodeCount, keys, fieldCount } = tree;
  noteRecords(window, starts, ends);
  nodeArea.set(nodes);
  keyArea.set(keys);
  const { maxDepth, mostDigits } = check;
  const lengths = [until - first, part.length, offset] as const;
  const count = walkJson(...lengths, maxDepth, mostDigits, nodeCount, fieldCount, isStrict);
  return Array.from(found.subarray(0, count), (index) => first + index);
}

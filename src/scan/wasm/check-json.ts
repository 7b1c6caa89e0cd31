import { isUtf8 } from 'node:buffer';
import type { JsonCheck } from '../engine.ts';
import { doubtfulJson as doubtfulInLoop } from '../typescript/check-json.ts';
import { emptyTree } from './key-tree.ts';
import { scanner } from './scanner.ts';
import { walk } from './walk-json.ts';
import { type Windowed, windowsOf } from './windows.ts';

/** A window of records is checked at once; those of which something is unclear, one by one. */
export function doubtfulJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  check: JsonCheck,
): readonly number[] {
  const tree = emptyTree();
  if (check.maxDepth > scanner().maxDepth) return doubtfulInLoop(bytes, starts, ends, check);
  const doubtful: number[] = [];
  for (const window of windowsOf(bytes, starts, ends)) {
    const unclear = isReadable(window) ? walk(window, starts, ends, { check, tree }) : allOf(window);
    for (const record of unclear)
      if (!isSound(bytes.subarray(starts[record], ends[record]), check)) doubtful.push(record);
  }
  return doubtful;
}

/** Whether the records are in the window, and UTF-8. */
export function isReadable({ part }: Windowed): boolean {
  return part.length <= scanner().longWindow.length && isUtf8(part);
}

/** The indexes of all records of a window. */
export function allOf({ first, until }: Windowed): readonly number[] {
  return Array.from({ length: until - first }, (_, i) => first + i);
}

/** Whether a record by itself is well-formed and has no doubtful number. */
export function isSound(record: Uint8Array, check: JsonCheck): boolean {
  const { length } = record;
  const [starts, ends] = [Uint32Array.of(0), Uint32Array.of(length)];
  const [window] = windowsOf(record, starts, ends);
  if (length > scanner().longWindow.length) return doubtfulInLoop(record, starts, ends, check).length === 0;
  return isReadable(window!) && walk(window!, starts, ends, { check, tree: emptyTree() }).length === 0;
}

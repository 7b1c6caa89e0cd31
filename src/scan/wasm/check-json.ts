import { isUtf8 } from 'node:buffer';
import type { JsonCheck } from '../engine.ts';
import { doubtfulJson as doubtfulInLoop } from '../typescript/check-json.ts';
import { scanner } from './scanner.ts';
import { noteRecords, type Windowed, windowsOf } from './windows.ts';

/** A window of records is checked at once; one in which something is wrong, record by record. */
export function doubtfulJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  check: JsonCheck,
): readonly number[] {
  if (check.maxDepth > scanner().maxDepth) return doubtfulInLoop(bytes, starts, ends, check);
  const doubtful: number[] = [];
  for (const window of windowsOf(bytes, starts, ends))
    for (const record of unclearIn(window, starts, ends, check))
      if (!isSound(bytes.subarray(starts[record], ends[record]), check)) doubtful.push(record);
  return doubtful;
}

/** The records of a window that are doubtful, or that nothing can be said of together with others. */
function unclearIn(
  window: Windowed,
  starts: Uint32Array,
  ends: Uint32Array,
  { maxDepth, mostDigits }: JsonCheck,
): readonly number[] {
  const { first, until, part, offset } = window;
  const { longWindow, indexJson, checkJson, starts: found } = scanner();
  const isHere = part.length <= longWindow.length;
  const tokens = isHere && isUtf8(part) ? indexJson(part.length) : -1;
  if (tokens < 0) return Array.from({ length: until - first }, (_, i) => first + i);
  noteRecords(window, starts, ends);
  const count = checkJson(until - first, offset, tokens, maxDepth, mostDigits, false);
  return Array.from(found.subarray(0, count), (index) => first + index);
}

/** Whether a record by itself is well-formed and has no doubtful number. */
function isSound(record: Uint8Array, check: JsonCheck): boolean {
  const { longWindow, starts, ends, indexJson, checkJson } = scanner();
  const { length } = record;
  if (length > longWindow.length)
    return doubtfulInLoop(record, Uint32Array.of(0), Uint32Array.of(length), check).length === 0;
  if (!isUtf8(record)) return false;
  longWindow.set(record);
  const tokens = indexJson(length);
  starts[0] = 0;
  ends[0] = length;
  return tokens >= 0 && checkJson(1, 0, tokens, check.maxDepth, check.mostDigits, true) === 0;
}

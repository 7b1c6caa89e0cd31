import { isUtf8 } from 'node:buffer';
import type { Flaw } from '../engine.ts';
import { validateJson as validateWithReasons } from '../typescript/validate-json.ts';
import { scanner } from './scanner.ts';
import { type Windowed, windowsOf } from './windows.ts';

/**
 * Checks whole JSON records, one after another. The scanner only says whether a record is sound; what is wrong with one
 * that is not, and where, the TypeScript engine finds out.
 * @returns the first flaw
 */
export function validateJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  maxDepth: number,
): Flaw | undefined {
  for (const window of windowsOf(bytes, starts, ends)) {
    for (const record of unsoundIn(window, starts, ends, maxDepth)) {
      const [start, end] = [starts.subarray(record, record + 1), ends.subarray(record, record + 1)];
      const flaw = validateWithReasons(bytes, start, end, maxDepth);
      if (flaw !== undefined) return { ...flaw, record };
    }
  }
  return undefined;
}

/** The records of a window that are not sound, or that cannot be checked here. */
function* unsoundIn(
  { first, until, part, offset }: Windowed,
  starts: Uint32Array,
  ends: Uint32Array,
  maxDepth: number,
): Generator<number, void> {
  const { longWindow, isJson, maxDepth: greatest } = scanner();
  const isHere = maxDepth <= greatest && part.length <= longWindow.length;
  const isAllUtf8 = isHere && isUtf8(part);
  for (let record = first; record < until; record++) {
    const start = starts[record]! - offset;
    const end = ends[record]! - offset;
    const isSound =
      isHere && (isAllUtf8 || isUtf8(part.subarray(start, end))) && isJson(start, end, maxDepth) !== 0;
    if (!isSound) yield record;
  }
}

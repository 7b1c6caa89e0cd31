import { isPlainJson as isPlainLoop } from '../typescript/plain-json.ts';
import { scanner } from './scanner.ts';
import { windowsOf } from './windows.ts';

/** The indexes of the records that are not plain. */
export function unplainJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  mostBrackets: number,
): readonly number[] {
  const { isPlainJson, longWindow } = scanner();
  const found: number[] = [];
  for (const { first, until, part, offset } of windowsOf(bytes, starts, ends)) {
    if (part.length > longWindow.length) {
      if (!isPlainLoop(bytes, starts[first]!, ends[first]!, mostBrackets)) found.push(first);
    } else
      for (let record = first; record < until; record++)
        if (isPlainJson(starts[record]! - offset, ends[record]! - offset, mostBrackets) === 0)
          found.push(record);
  }
  return found;
}

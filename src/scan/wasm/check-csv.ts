import { isUtf8 } from 'node:buffer';
import type { CsvCheck } from '../engine.ts';
import { doubtfulCsv as doubtfulInLoop } from '../typescript/check-csv.ts';
import { scanner } from './scanner.ts';
import { noteRecords, type Windowed, windowsOf } from './windows.ts';

const NO_BYTE = -1;

/** A window of records is checked at once; one in which something is wrong, record by record. */
export function doubtfulCsv(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  check: CsvCheck,
): readonly number[] {
  const doubtful: number[] = [];
  for (const window of windowsOf(bytes, starts, ends))
    for (const record of doubtfulIn(window, bytes, starts, ends, check)) doubtful.push(record);
  return doubtful;
}

function doubtfulIn(
  window: Windowed,
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  check: CsvCheck,
): readonly number[] {
  const { first, until, part, offset } = window;
  const { longWindow, checkCsv, indexCsv, starts: found } = scanner();
  const { delimiter, quote = NO_BYTE, width } = check;
  const isHere = part.length <= longWindow.length && isUtf8(part);
  if (!isHere || indexCsv(part.length, delimiter, quote) === 0) {
    const range = (offsets: Uint32Array) => offsets.subarray(first, until);
    return doubtfulInLoop(bytes, range(starts), range(ends), check).map((index) => first + index);
  }
  if (width === undefined) return [];
  noteRecords(window, starts, ends);
  const count = checkCsv(until - first, offset, width);
  return Array.from(found.subarray(0, count), (index) => first + index);
}

import { equalTo, padBlock } from './blocks';
import { FEEDS } from './bytes';
import { ENDS, STARTS, WINDOW } from './layout';

/**
 * Writes to ENDS on which line each of the offsets at STARTS is, which ascend.
 * @param shift is taken off each offset
 * @param first line of the first byte
 * @returns the line of what comes behind the bytes
 */
export function countLines(length: i32, shift: i32, count: i32, first: i32): i32 {
  let line = first;
  let index: i32 = 0;
  padBlock(WINDOW + length);
  for (let base: i32 = 0; base < length; base += 64) {
    const feeds = equalTo(WINDOW + base, v128.load(FEEDS));
    for (; index < count; index++) {
      const place = load<i32>(STARTS + (<usize>index << 2)) - shift - base;
      if (place >= 64) break;
      store<i32>(ENDS + (<usize>index << 2), line + <i32>popcnt(feeds & ~(<u64>-1 << place)));
    }
    line += <i32>popcnt(feeds);
  }
  return line;
}

import { SECOND_EIGHT } from './bytes';
import { PLACES } from './layout';

/**
 * Puts bytes side by side but for those whose bit is set, and something behind them: sixteen are written. Which eight
 * stay where is looked up for each choice: no branch depends on it (Lemire, "How quickly can you remove spaces from a
 * string?", 2017).
 * @param leftOut the first sixteen bits count
 * @returns where the next one goes
 */
// @ts-ignore: decorator
@inline
export function putWithout(bytes: v128, leftOut: u64, to: usize): usize {
  const first = <usize>(leftOut & 0xff);
  const second = <usize>((leftOut >> 8) & 0xff);
  const middle = to + 8 - <usize>popcnt(first);
  const places = v128.load64_lane(PLACES + (second << 3), v128.load64_zero(PLACES + (first << 3)), 1);
  const kept = i8x16.swizzle(bytes, v128.or(places, v128.load(SECOND_EIGHT)));
  v128.store64_lane(to, kept, 0);
  v128.store64_lane(middle, kept, 1);
  return middle + 8 - <usize>popcnt(second);
}

for (let choice: usize = 0; choice < 256; choice++) {
  let to = PLACES + (choice << 3);
  for (let place: usize = 0; place < 8; place++) if (((choice >> place) & 1) == 0) store<u8>(to++, <u8>place);
}

import { equalButCase, joined } from './blocks';
import { EXPONENTS, NINES, OPENINGS, ZEROS } from './bytes';
import { WINDOW } from './layout';

/**
 * Whether the bytes `from` up to `to` of the window hold no sixteen digits in a row, no digit with an `e` behind it, and
 * at most `most` opening brackets – in strings, too: this is a first look.
 */
export function isPlainJson(from: i32, to: i32, most: i32): bool {
  const end = WINDOW + to;
  let left = most;
  // bit i: byte i ends a run of at least 1, 2, 4 and 8 digits
  let ones: u64 = 0;
  let twos: u64 = 0;
  let fours: u64 = 0;
  let eights: u64 = 0;

  for (let p = WINDOW + from; p < end; p += 64) {
    const n = end - p;
    const valid: u64 = n < 64 ? ((<u64>1) << n) - 1 : -1;
    left -= <i32>popcnt(equalButCase(p, v128.load(OPENINGS)) & valid);
    if (left < 0) return false;

    const digits = digitsOf(p) & valid;
    const exponents = equalButCase(p, v128.load(EXPONENTS)) & valid;
    if (exponents & ((digits << 1) | (ones >> 63))) return false;
    const nextTwos = digits & ((digits << 1) | (ones >> 63));
    const nextFours = nextTwos & ((nextTwos << 2) | (twos >> 62));
    const nextEights = nextFours & ((nextFours << 4) | (fours >> 60));
    if (nextEights & ((nextEights << 8) | (eights >> 56))) return false;
    ones = digits;
    twos = nextTwos;
    fours = nextFours;
    eights = nextEights;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function digitsOf(p: usize): u64 {
  return joined(
    areDigits(v128.load(p)),
    areDigits(v128.load(p, 16)),
    areDigits(v128.load(p, 32)),
    areDigits(v128.load(p, 48)),
  );
}

// @ts-ignore: decorator
@inline
function areDigits(bytes: v128): v128 {
  const digits = i8x16.sub(bytes, v128.load(ZEROS));
  return i8x16.eq(i8x16.min_u(digits, v128.load(NINES)), digits);
}

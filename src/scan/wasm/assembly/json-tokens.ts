import { escapedBy } from './blocks';

/** Whether a number that may not fit has been met. */
export let isDoubtful: bool = false;
/** Digits of which an integer may have so many without being looked up. */
let mostDigits: i32 = 0;

/** Begins with a record. @param most digits of an integer that fits for certain */
export function trustNumbers(most: i32): void {
  isDoubtful = false;
  mostDigits = most;
}

/** @param from first byte inside the quotes @returns where the string ends, behind its closing quote; 0 when it is none */
// @ts-ignore: decorator
@inline
export function behindString(from: usize): usize {
  let p = from;
  while (true) {
    const stops = stopsOf(v128.load(p)) | (stopsOf(v128.load(p, 16)) << 16);
    if (stops == 0) {
      p += 32;
      continue;
    }
    const first = p + <usize>ctz(stops);
    if (load<u8>(first) == 0x22) return first + 1;
    const next = behindEscapes(p);
    if (next == 0 || isClosed) return next;
    p = next;
  }
}

/** Quotes, backslashes and control characters. */
// @ts-ignore: decorator
@inline
function stopsOf(bytes: v128): i32 {
  const ends = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)));
  const controls = i8x16.eq(i8x16.min_u(bytes, i8x16.splat(0x1f)), bytes);
  return i8x16.bitmask(v128.or(controls, ends));
}

/** Whether the string ended among the escapes. */
let isClosed: bool = false;

/**
 * Takes sixteen bytes of a string, of which some belong to escapes. They are judged all at once, but for those of
 * sixteen bits.
 * @returns where it ends, or goes on; 0 when it is none
 */
function behindEscapes(p: usize): usize {
  const bytes = v128.load(p);
  const backslashes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x5c)));
  const escaped = <i32>escapedBy(<u64>backslashes, 0);
  const quotes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x22))) & ~escaped;
  const length = ctz(quotes | 0x10000);
  const inside = (1 << length) - 1;
  if ((i8x16.bitmask(i8x16.lt_u(bytes, i8x16.splat(0x20))) & inside) != 0) return 0;
  const others = escaped & inside & ~shortEscapes(bytes);
  isClosed = false;
  if (others != 0) {
    const letter = p + <usize>ctz(others);
    return load<u8>(letter) == 0x75 && areHex(letter + 1) ? letter + 5 : 0;
  }
  isClosed = length < 16;
  if (isClosed) return p + <usize>length + 1;
  // an escape that begins with the last byte is looked at as a whole
  return (backslashes & ~escaped) >> 15 != 0 ? p + 15 : p + 16;
}

/** The bytes that may follow a backslash, without `u`. */
// @ts-ignore: decorator
@inline
function shortEscapes(bytes: v128): i32 {
  // of `bfnt`, the slash and the backslash no two have the same low half
  const BY_LOW_HALF = i8x16(-1, -1, 0x62, -1, 0x74, -1, 0x66, -1, -1, -1, -1, -1, 0x5c, -1, 0x6e, 0x2f);
  const most = i8x16.eq(i8x16.swizzle(BY_LOW_HALF, v128.and(bytes, i8x16.splat(0x0f))), bytes);
  const others = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x72)));
  return i8x16.bitmask(v128.or(most, others));
}

/** Whether there are four hexadecimal digits. */
function areHex(from: usize): bool {
  for (let p = from; p < from + 4; p++) {
    const byte = load<u8>(p);
    if (byte - 0x30 > 9 && (byte | 0x20) - 0x61 > 5) return false;
  }
  return true;
}

/** @returns the first byte from `p` on that is no white space */
export function behindWhite(from: usize): usize {
  const BY_LOW_HALF = i8x16(0x20, -1, -1, -1, -1, -1, -1, -1, -1, 0x09, 0x0a, -1, -1, 0x0d, -1, -1);
  let p = from;
  while (true) {
    const bytes = v128.load(p);
    const white = i8x16.swizzle(BY_LOW_HALF, v128.and(bytes, i8x16.splat(0x0f)));
    const others = ~i8x16.bitmask(i8x16.eq(white, bytes)) & 0xffff;
    if (others != 0) return p + <usize>ctz(others);
    p += 16;
  }
}

/** @returns where `true`, `false` or `null` ends that begins at `p`; 0 when there is none */
// @ts-ignore: decorator
@inline
export function behindLiteral(p: usize, first: u8): usize {
  const isFalse: usize = first == 0x66 ? 1 : 0;
  const word = first == 0x66 ? 0x65736c61 : first == 0x74 ? 0x65757274 : 0x6c6c756e;
  return load<u32>(p + isFalse) == word ? p + 4 + isFalse : 0;
}

/**
 * A number that may not fit is doubtful. The short ones are read without a loop.
 * @returns where the number ends that begins at `p`; 0 when there is none
 */
// @ts-ignore: decorator
@inline
export function behindNumber(p: usize, first: u8): usize {
  const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v128.load(p), i8x16.splat(0x30)), i8x16.splat(10)));
  const from: i32 = first == 0x2d ? 1 : 0;
  const length = ctz(~(digits >> from));
  const isZeroLed = length > 1 && load<u8>(p + from) == 0x30;
  let end = from + length;
  if (length > 0 && end < 15 && !isZeroLed) {
    const byte = load<u8>(p + end);
    if (byte == 0x2e) {
      const fraction = ctz(~(digits >> (end + 1)));
      end = fraction == 0 ? 16 : end + 1 + fraction;
      if (end < 16 && (load<u8>(p + end) | 0x20) != 0x65) return p + end;
    } else if ((byte | 0x20) != 0x65) return p + end;
  }
  return behindLongNumber(p);
}

function behindLongNumber(from: usize): usize {
  const integer = load<u8>(from) == 0x2d ? from + 1 : from;
  let p = behindDigits(integer);
  const length = <i32>(p - integer);
  if (length == 0 || (length > 1 && load<u8>(integer) == 0x30)) return 0;
  let isInteger = true;
  let exponent: i32 = 0;
  if (load<u8>(p) == 0x2e) {
    isInteger = false;
    const fraction = p + 1;
    p = behindDigits(fraction);
    if (p == fraction) return 0;
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    isInteger = false;
    const sign = load<u8>(p, 1);
    const digits = p + (sign == 0x2b || sign == 0x2d ? 2 : 1);
    p = behindDigits(digits);
    if (p == digits) return 0;
    exponent = <i32>(p - digits);
  }
  if (length > (isInteger ? mostDigits : MOST_DIGITS_OF_FRACTIONS) || exponent > 2) isDoubtful = true;
  return p;
}

/** With two digits of exponent this does not overflow. */
const MOST_DIGITS_OF_FRACTIONS: i32 = 200;

function behindDigits(from: usize): usize {
  let p = from;
  while (load<u8>(p) - 0x30 < 10) p++;
  return p;
}

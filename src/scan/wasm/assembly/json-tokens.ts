import { COMMAS, ELEVENS, NINES, ONES, POINTS, ZEROS } from './bytes';

/** Whether a number that may not fit has been met. */
export let isDoubtful: bool = false;
/** Digits of which an integer may have so many without being looked up: fifteen or more. */
let mostDigits: i32 = 0;

/** Begins with a record. @param most digits of an integer that fits for certain */
export function trustNumbers(most: i32): void {
  isDoubtful = false;
  mostDigits = most;
}

/** Whatever is open at the end of the window ends there. */
export function endWindow(end: usize): void {
  memory.fill(end, 0, 64);
  store<u8>(end, 0x20);
}

export function isWhite(from: usize, end: usize): bool {
  return from <= end && behindWhite(from) >= end;
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
 * A number that may not fit is doubtful. The short ones are read at once: up to fourteen digits, of which one may be a
 * point between two others.
 * @returns where the number ends that begins at `p`; 0 when there is none
 */
// @ts-ignore: decorator
@inline
export function behindNumber(p: usize, first: u8): usize {
  // a point becomes 0, a slash 1, and digits 2 to 11
  const signs = i8x16.sub(v128.load(p), v128.load(POINTS));
  const from: i32 = first == 0x2d ? 1 : 0;
  const length = ctz(~(i8x16.bitmask(i8x16.eq(i8x16.min_u(signs, v128.load(ELEVENS)), signs)) >> from));
  const digits = i8x16.bitmask(i8x16.gt_s(signs, v128.load(ONES))) >> from;
  const end = p + <usize>(from + length);
  const others = ((1 << length) - 1) & ~digits;
  const isShort = <u32>(length - 1) < 14 && (load<u8>(end) | 0x20) != 0x65;
  const isZeroLed = (digits & 2) != 0 && load<u8>(p + from) == 0x30;
  const isPlain = others == 0 || isPoint(p + <usize>from, length, others);
  return isShort && !isZeroLed && isPlain ? end : behindLongNumber(p);
}

/** Whether what is no digit is a point between two of them. */
// @ts-ignore: decorator
@inline
function isPoint(p: usize, length: i32, others: i32): bool {
  const at = ctz(others);
  return others == 1 << at && at > 0 && at < length - 1 && load<u8>(p + <usize>at) == 0x2e;
}

/**
 * As `behindNumber`, in an array: passes over several numbers at once where short ones, without signs and exponents,
 * follow each other without white space. Those that end within sixteen bytes are judged together.
 * @returns where the last one ends; 0 when there is none
 */
// @ts-ignore: decorator
@inline
export function behindNumbers(p: usize, first: u8): usize {
  const bytes = v128.load(p);
  const values = i8x16.sub(bytes, v128.load(ZEROS));
  const digits = i8x16.bitmask(i8x16.eq(i8x16.min_u(values, v128.load(NINES)), values));
  const allPoints = i8x16.bitmask(i8x16.eq(bytes, v128.load(POINTS)));
  const allCommas = i8x16.bitmask(i8x16.eq(bytes, v128.load(COMMAS)));
  const known = ctz(~(digits | allPoints | allCommas));
  const commasKnown = allCommas & ((1 << known) - 1);
  if (commasKnown == 0) return behindNumber(p, first);
  const length = load<u8>(p + <usize>known) == 0x5d ? known : 31 - clz(commasKnown);
  const run = (1 << length) - 1;
  const commas = commasKnown & run;
  const points = allPoints & run;
  const zeros = i8x16.bitmask(i8x16.eq(bytes, v128.load(ZEROS)));
  const areZeroLed = zeros & ((commas << 1) | 1) & (digits >> 1) & run;
  const areBeside = (commas | points) & ~((digits << 1) & (digits >> 1));
  // a carry goes through the digits behind a point, to what ends them
  const areSecond = ((points << 1) + digits) & points;
  return (areZeroLed | areBeside | areSecond) == 0 ? p + <usize>length : behindNumber(p, first);
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

import { ENDS, INDEX, STACK, STARTS, WINDOW } from './layout';

/** Digits of which a number may have so many without being looked up. */
let mostDigits: i32 = 0;
let isDoubtful: bool = false;

/**
 * Checks the grammar of records whose tokens were noted. Their offsets are at STARTS and ENDS; the indexes of the doubtful
 * ones, which are no JSON or hold a number that may not fit, are written over the starts.
 * @param shift is taken off each offset
 * @param most digits of an integer that fits for certain
 * @param isAlone whether the record is all that the window has: of a string or scalar only that tells that it ends
 * @returns how many are doubtful
 */
export function checkJson(count: i32, shift: i32, tokens: i32, maxDepth: i32, most: i32, isAlone: bool): i32 {
  const last = INDEX + (<usize>tokens << 2);
  mostDigits = most;
  let doubts: i32 = 0;
  let e: usize = INDEX;
  for (let record: i32 = 0; record < count; record++) {
    const start = WINDOW + <usize>(load<i32>(STARTS + (<usize>record << 2)) - shift);
    const end = WINDOW + <usize>(load<i32>(ENDS + (<usize>record << 2)) - shift);
    while (e < last && at(e) < start) e += 4;
    isDoubtful = at(e) >= end || !isWhite(start, at(e)) || !(isAlone || isBracket(load<u8>(at(e))));
    if (!isDoubtful) {
      const next = valueAt(e, maxDepth);
      // its last token, and no other, is in the record
      if (next == 0 || at(next - 4) >= end || at(next) < end) isDoubtful = true;
      else e = next;
    }
    if (isDoubtful) {
      store<i32>(STARTS + (<usize>doubts << 2), record);
      doubts++;
    }
  }
  return doubts;
}

/** @returns the entry behind the value that begins at `entry`; 0 when there is none */
function valueAt(entry: usize, maxDepth: i32): usize {
  let e = entry;
  let depth: i32 = 0;
  let isInObject = false;
  while (true) {
    const p = at(e);
    const byte = load<u8>(p);
    e += 4;
    if (isBracket(byte)) {
      if (++depth > maxDepth) return 0;
      isInObject = byte == 0x7b;
      store<u8>(STACK + depth, isInObject ? 1 : 0);
      if (load<u8>(at(e)) != (byte + 2)) {
        if (!isInObject) continue;
        if (!isKey(e)) return 0;
        e += 8;
        continue;
      }
    } else if (byte != 0x22 && !isScalar(p)) return 0;

    // behind a value
    while (true) {
      if (depth == 0) return e;
      const separator = load<u8>(at(e));
      if (separator == 0x2c) {
        e += 4;
        if (!isInObject) break;
        if (!isKey(e)) return 0;
        e += 8;
        break;
      }
      if (separator != (isInObject ? 0x7d : 0x5d)) return 0;
      e += 4;
      isInObject = load<u8>(STACK + --depth) != 0;
    }
  }
}

// @ts-ignore: decorator
@inline
function at(entry: usize): usize {
  return WINDOW + <usize>load<u32>(entry);
}

// @ts-ignore: decorator
@inline
function isBracket(byte: u8): bool {
  return byte == 0x7b || byte == 0x5b;
}

// @ts-ignore: decorator
@inline
function isKey(e: usize): bool {
  return load<u8>(at(e)) == 0x22 && load<u8>(at(e + 4)) == 0x3a;
}

function isWhite(from: usize, to: usize): bool {
  for (let p = from; p < to; p++) {
    const byte = load<u8>(p);
    if (byte > 0x20 || ((WHITE >> <u64>byte) & 1) == 0) return false;
  }
  return true;
}

const WHITE: u64 = ((<u64>1) << 0x20) | (1 << 0x09) | (1 << 0x0a) | (1 << 0x0d);

/** Whether a number of a few digits or a literal begins here, or a longer number, which is doubtful when it may not fit. */
// @ts-ignore: decorator
@inline
function isScalar(p: usize): bool {
  const first = load<u8>(p);
  if (first <= 0x39) {
    const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v128.load(p), i8x16.splat(0x30)), i8x16.splat(10)));
    const from: i32 = first == 0x2d ? 1 : 0;
    const length = ctz(~(digits >> from));
    const zero = length > 1 && load<u8>(p + from) == 0x30;
    let end = from + length;
    if (length > 0 && end < 15 && !zero) {
      if (load<u8>(p + end) == 0x2e) {
        const fraction = ctz(~(digits >> (end + 1)));
        end = fraction == 0 ? 0 : end + 1 + fraction;
      }
      if (end > 0 && end < 16 && endsScalar(load<u8>(p + end))) return true;
    }
    return isLongNumber(p);
  }
  if (first == 0x74) return load<u32>(p) == 0x65757274 && endsScalar(load<u8>(p, 4));
  if (first == 0x66) return load<u32>(p, 1) == 0x65736c61 && endsScalar(load<u8>(p, 5));
  return load<u32>(p) == 0x6c6c756e && endsScalar(load<u8>(p, 4));
}

function isLongNumber(from: usize): bool {
  const integer = load<u8>(from) == 0x2d ? from + 1 : from;
  let p = behindDigits(integer);
  const length = <i32>(p - integer);
  if (length == 0 || (length > 1 && load<u8>(integer) == 0x30)) return false;
  let isInteger = true;
  let exponent: i32 = 0;
  if (load<u8>(p) == 0x2e) {
    isInteger = false;
    const fraction = p + 1;
    p = behindDigits(fraction);
    if (p == fraction) return false;
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    isInteger = false;
    const sign = load<u8>(p, 1);
    const digits = p + (sign == 0x2b || sign == 0x2d ? 2 : 1);
    p = behindDigits(digits);
    if (p == digits) return false;
    exponent = <i32>(p - digits);
  }
  if (length > (isInteger ? mostDigits : MOST_DIGITS_OF_FRACTIONS) || exponent > 2) isDoubtful = true;
  return endsScalar(load<u8>(p));
}

/** With two digits of exponent this does not overflow. */
const MOST_DIGITS_OF_FRACTIONS: i32 = 200;

function behindDigits(from: usize): usize {
  let p = from;
  while (load<u8>(p) - 0x30 < 10) p++;
  return p;
}

// @ts-ignore: decorator
@inline
function endsScalar(byte: u8): bool {
  return byte <= 0x2c ? ((ENDS_SCALAR >> <u64>byte) & 1) != 0 : (byte | 0x20) == 0x7d;
}

const ENDS_SCALAR: u64 = WHITE | ((<u64>1) << 0x2c);

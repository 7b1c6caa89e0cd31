import { within } from './blocks';
import { putCopyCharacter } from './json-to-copy';

/**
 * Writes a field of CSV as PostgreSQL's COPY takes it in its text format.
 * @param from where it begins, with its quotes; 0 when it is missing
 * @returns where it ends; 0 when only a decoder can write it: it holds a NUL, or a number
 */
export function putCopyField(from: usize, until: usize, to: usize, quote: i32, isCast: bool): usize {
  if (from == 0) {
    store<u16>(to, 0x4e5c);
    return to + 2;
  }
  if (from == until) return to;
  const isQuoted: usize = <i32>load<u8>(from) == quote ? 1 : 0;
  from += isQuoted;
  const end = isCast ? textEnd(from, until - isQuoted) : until - isQuoted;
  if (end == 0) return 0;
  const doubled = i8x16.splat(<i8>quote);
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    let special = i8x16.bitmask(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x5c)), i8x16.lt_u(bytes, i8x16.splat(0x20))),
    );
    if (isQuoted) special |= i8x16.bitmask(i8x16.eq(bytes, doubled));
    const left = end - from;
    const clean: usize = special == 0 ? 16 : <usize>ctz(special);
    if (clean >= left) return to + left;
    from += clean;
    to += clean;
    if (special == 0) continue;
    const byte = <i32>load<u8>(from);
    if (byte == 0) return 0;
    from += isQuoted && byte == quote ? 2 : 1;
    to = putCopyCharacter(byte, to);
  }
  return to;
}

/**
 * Writes a field of CSV as RFC 4180 has it: quoted where it holds a quote, the delimiter or a line break.
 * @param from where it begins, with its quotes; 0 when it is missing
 * @param isSame whether a field that is not quoted is to be written as it is
 * @returns where it ends; 0 when only a decoder can write it: it is a number
 */
export function putCsvField(
  from: usize,
  until: usize,
  to: usize,
  quote: i32,
  isCast: bool,
  delimiter: u8,
  isSame: bool,
): usize {
  if (from == until) return to;
  const isQuoted: usize = <i32>load<u8>(from) == quote ? 1 : 0;
  from += isQuoted;
  const end = isCast ? textEnd(from, until - isQuoted) : until - isQuoted;
  if (end == 0) return 0;
  const isWrapped = !(isSame && !isQuoted) && needsQuotes(from, end, delimiter);
  // a doubled quote of another kind needs none around it, but is one here
  if (!isWrapped && !(isQuoted && quote != 0x22)) return copyAll(from, end, to);
  if (isWrapped) store<u8>(to++, 0x22);
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    let special = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x22)));
    if (isQuoted) special |= i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(<i8>quote)));
    const left = end - from;
    const clean: usize = special == 0 ? 16 : <usize>ctz(special);
    if (clean >= left) {
      to += left;
      break;
    }
    from += clean;
    to += clean;
    if (special == 0) continue;
    const byte = load<u8>(from);
    from += isQuoted && <i32>byte == quote ? 2 : 1;
    if (byte == 0x22) store<u8>(to++, 0x22);
    store<u8>(to++, byte);
  }
  if (isWrapped) store<u8>(to++, 0x22);
  return to;
}

function needsQuotes(from: usize, end: usize, delimiter: u8): bool {
  for (; from < end; from += 16) {
    const bytes = v128.load(from);
    const breaks = v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d)));
    const marks = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(<i8>delimiter)));
    if (within(i8x16.bitmask(v128.or(breaks, marks)), <i32>(end - from))) return true;
  }
  return false;
}

function copyAll(from: usize, end: usize, to: usize): usize {
  const length = end - from;
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
  return to + length;
}

/** The text of a decimal number of so few digits is that of the number, but for zeros at its end. */
const MOST_DIGITS: usize = 15;
/** `0000`: behind the point of a number that may be so small that its text has an exponent. */
const ZEROS: u32 = 0x30303030;

/** Whether `textEnd` was asked of a number. */
export let isNumber: bool = false;

/**
 * Where the text of a value ends that was cast: of 1.50 it is 1.5.
 * @returns 0 when the text of a number may be another one
 */
export function textEnd(from: usize, end: usize): usize {
  isNumber = false;
  let at = from;
  const isNegative = at < end && load<u8>(at) == 0x2d;
  if (isNegative) at++;
  const isZero = at < end && load<u8>(at) == 0x30;
  const whole = at;
  at = behindDigits(at, end);
  // what has no digit or a needless zero is no number
  if (at == whole || (isZero && at > whole + 1)) return end;
  if (at == end) {
    isNumber = true;
    return isZero && isNegative ? 0 : end;
  }
  const point = at;
  if (load<u8>(point) != 0x2e) return (load<u8>(point) | 0x20) == 0x65 ? 0 : end;
  at = behindDigits(point + 1, end);
  if (at == point + 1) return end;
  if (at < end) return (load<u8>(at) | 0x20) == 0x65 ? 0 : end;
  if (end - whole - 1 > MOST_DIGITS) return 0;
  if (isZero && end - point > 4 && load<u32>(point + 1) == ZEROS) return 0;
  isNumber = true;
  while (load<u8>(end - 1) == 0x30) end--;
  if (end > point + 1) return end;
  return isZero && isNegative ? 0 : point;
}

function behindDigits(at: usize, end: usize): usize {
  while (at < end && <u32>load<u8>(at) - 0x30 < 10) at++;
  return at;
}

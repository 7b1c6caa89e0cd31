import { enterRecord, from, leaveRecord, locate, until } from './csv-fields';
import { isNumber, textEnd } from './csv-text';
import { copyPlain } from './json-text';
import { ENDS, KEYS, OUT, OUT_SIZE, STARTS, STATE } from './layout';

/** No text in UTF-8 has it. */
const NO_BYTE: i32 = 0xff;
/** A number of more digits may be none that there is. */
const MOST_DIGITS: usize = 300;

/**
 * Writes the records whose offsets are at STARTS and ENDS as JSON objects, and the number of their bytes to STATE. For each
 * column there are four bytes at KEYS with the length of `,"key":`, and then that.
 * @param index of the record to begin with
 * @param keyBytes of all keys
 * @param behind byte behind each object
 * @returns the index behind the last of them: less than `count` when only a decoder can write the next one, or there is no
 * room for it
 */
export function csvToJson(
  index: i32,
  count: i32,
  shift: i32,
  quote: i32,
  columns: i32,
  keyBytes: i32,
  isCast: bool,
  behind: u8,
): i32 {
  let to = OUT;
  for (; index < count; index++) {
    const fields = enterRecord(index, shift);
    const end = hasRoom(to, index, columns, keyBytes) ? putObject(fields, to, quote, columns, isCast) : 0;
    if (end == 0) {
      leaveRecord();
      break;
    }
    store<u8>(end, behind);
    to = end + 1;
  }
  store<i32>(STATE, <i32>(to - OUT));
  return index;
}

/** A byte becomes six at most, and each value has two quotes, and room for a block of copied bytes. */
function hasRoom(to: usize, index: i32, columns: i32, keyBytes: i32): bool {
  const at = <usize>index << 2;
  const length = <usize>(load<i32>(ENDS + at) - load<i32>(STARTS + at));
  return to - OUT + 6 * length + <usize>keyBytes + 64 * <usize>(columns + 1) <= OUT_SIZE;
}

/** @param fields how many the record has @returns where the object ends; 0 when only a decoder can write it */
function putObject(fields: i32, begin: usize, quote: i32, columns: i32, isCast: bool): usize {
  let to = begin;
  let key = KEYS;
  for (let column = 0; column < columns; column++) {
    const length = <usize>load<u32>(key);
    locate(column, fields);
    if (from != 0) {
      to = putValue(from, until, copyPlain(key + 4, length, to), quote, isCast);
      if (to == 0) return 0;
    }
    key += length + 4;
  }
  // in place of the first comma
  store<u8>(begin, 0x7b);
  if (to == begin) to++;
  store<u8>(to, 0x7d);
  return to + 1;
}

/** @param from where the field begins, with its quotes @returns where the value ends; 0 when only a decoder can write it */
// @ts-ignore: decorator
@inline
function putValue(from: usize, until: usize, to: usize, quote: i32, isCast: bool): usize {
  const isQuoted: usize = from < until && <i32>load<u8>(from) == quote ? 1 : 0;
  const start = from + isQuoted;
  const end = until - isQuoted;
  if (isCast) {
    const castEnd = textEnd(start, end);
    if (castEnd == 0 || (isNumber && end - start > MOST_DIGITS)) return 0;
    if (isNumber || isBoolean(start, end - start)) return copyPlain(start, castEnd - start, to);
  }
  store<u8>(to, 0x22);
  const closing = putText(start, end, to + 1, isQuoted ? quote : NO_BYTE);
  store<u8>(closing, 0x22);
  return closing + 1;
}

/** Whether it is `true` or `false`. */
function isBoolean(from: usize, length: usize): bool {
  if (length == 4) return load<u32>(from) == 0x65757274;
  return length == 5 && load<u32>(from) == 0x736c6166 && load<u8>(from, 4) == 0x65;
}

/** @param quote of which two are one @returns where the text ends */
function putText(from: usize, end: usize, to: usize, quote: i32): usize {
  const quotes = i8x16.splat(<i8>quote);
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const special = i8x16.bitmask(v128.or(needEscapes(bytes), i8x16.eq(bytes, quotes)));
    const left = end - from;
    const clean: usize = special == 0 ? 16 : <usize>ctz(special);
    if (clean >= left) return to + left;
    from += clean;
    to += clean;
    if (special == 0) continue;
    const byte = load<u8>(from);
    from += <i32>byte == quote ? 2 : 1;
    to = putCharacter(byte, to);
  }
  return to;
}

/** Quotes, backslashes and control characters. */
// @ts-ignore: decorator
@inline
function needEscapes(bytes: v128): v128 {
  const marks = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)));
  return v128.or(marks, i8x16.lt_u(bytes, i8x16.splat(0x20)));
}

/** As JSON.stringify writes it. */
function putCharacter(byte: u8, to: usize): usize {
  if (byte >= 0x20 && byte != 0x22 && byte != 0x5c) {
    store<u8>(to, byte);
    return to + 1;
  }
  store<u8>(to, 0x5c);
  const letter = letterOf(byte);
  if (letter != 0x75) {
    store<u8>(to, letter, 1);
    return to + 2;
  }
  store<u32>(to, 0x30303075, 1);
  const low = byte & 15;
  store<u8>(to, 0x30 + (byte >> 4), 4);
  store<u8>(to, low < 10 ? 0x30 + low : 0x57 + low, 5);
  return to + 6;
}

function letterOf(byte: u8): u8 {
  if (byte >= 0x20) return byte;
  if (byte == 0x0a) return 0x6e;
  if (byte == 0x0d) return 0x72;
  if (byte == 0x09) return 0x74;
  if (byte == 0x08) return 0x62;
  return byte == 0x0c ? 0x66 : 0x75;
}

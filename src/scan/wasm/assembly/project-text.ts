import { within } from './blocks';
import { MISSING, NESTED, NULL, STRING } from './walk-json';

/**
 * Writes a field as PostgreSQL's COPY takes it in its text format ("COPY", File Formats): `\N` for null, and a backslash
 * before what means something there.
 * @returns where it ends; 0 when the field cannot be written: it holds a NUL or half of a surrogate pair
 */
export function copyCopyText(from: usize, length: usize, kind: i32, to: usize): usize {
  if (kind == MISSING || kind == NULL) {
    store<u16>(to, 0x4e5c);
    return to + 2;
  }
  const end = from + length;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    let special = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x5c)));
    // a string holds no raw control character, nested values do
    if (kind == NESTED) special |= i8x16.bitmask(i8x16.lt_u(bytes, i8x16.splat(0x20)));
    const left = end - from;
    const clean: usize = special == 0 ? 16 : <usize>ctz(special);
    if (clean >= left) return to + left;
    from += clean;
    to += clean;
    if (special == 0) continue;
    if (kind != STRING) {
      to = putCopyCharacter(<i32>load<u8>(from), to);
      from++;
      continue;
    }
    const letter = load<u8>(from, 1);
    if (letter == 0x22 || letter == 0x2f) {
      store<u8>(to++, letter);
      from += 2;
    } else if (letter != 0x75) {
      // the same escapes mean the same there
      store<u16>(to, load<u16>(from));
      from += 2;
      to += 2;
    } else {
      const character = unescape(from);
      if (character <= 0) return 0;
      from += escapeLength;
      to = putCopyCharacter(character, to);
    }
  }
  return to;
}

export function putCopyCharacter(character: i32, to: usize): usize {
  let letter: u8 = 0;
  if (character == 0x5c) letter = 0x5c;
  else if (character == 0x0a) letter = 0x6e;
  else if (character == 0x09) letter = 0x74;
  else if (character == 0x0d) letter = 0x72;
  else if (character == 0x08) letter = 0x62;
  else if (character == 0x0c) letter = 0x66;
  else if (character == 0x0b) letter = 0x76;
  if (letter == 0) return putUtf8(character, to);
  store<u8>(to, 0x5c);
  store<u8>(to, letter, 1);
  return to + 2;
}

/**
 * Writes a field as RFC 4180 has it: quoted where it holds a quote, the delimiter or a line break; nothing for null.
 * @returns where it ends; 0 when the field cannot be written: it holds half of a surrogate pair
 */
export function copyCsv(from: usize, length: usize, kind: i32, to: usize, delimiter: u8): usize {
  if (kind == MISSING || kind == NULL) return to;
  const begin = to;
  const end = from + length;
  // room for the quote that may turn out to be needed
  to++;
  let isQuoted = false;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const delimiters = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(<i8>delimiter)));
    let special = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x22)));
    if (kind == STRING) special |= i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x5c)));
    if (kind == NESTED) {
      const breaks = v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d)));
      if (within(i8x16.bitmask(breaks), <i32>(end - from))) isQuoted = true;
    }
    const left = end - from;
    const clean: usize = special == 0 ? 16 : <usize>ctz(special);
    if (within(delimiters, <i32>min<usize>(clean, left))) isQuoted = true;
    if (clean >= left) {
      to += left;
      break;
    }
    from += clean;
    to += clean;
    if (special == 0) continue;
    let character: i32 = 0x22;
    if (kind == STRING) {
      character = unescape(from);
      if (character < 0) return 0;
      from += escapeLength;
    } else from++;
    if (character == 0x22 || character == 0x0a || character == 0x0d || character == <i32>delimiter) isQuoted = true;
    if (character == 0x22) store<u8>(to++, 0x22);
    to = putUtf8(character, to);
  }
  if (isQuoted) {
    store<u8>(begin, 0x22);
    store<u8>(to, 0x22);
    return to + 1;
  }
  memory.copy(begin, begin + 1, to - begin - 1);
  return to - 1;
}

let escapeLength: usize = 0;

/** What the letters behind a backslash stand for, from the quote to `t`. */
const MEANINGS: usize = memory.data<u8>([
  0x22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2f, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x5c, 0,
  0, 0, 0, 0, 0x8, 0, 0, 0, 0xc, 0, 0, 0, 0, 0, 0, 0, 0xa, 0, 0, 0,
  0xd, 0, 0x9,
]);

/** The character that an escape stands for, and in `escapeLength` its bytes; -1 when it is half of a surrogate pair. */
function unescape(at: usize): i32 {
  const letter = load<u8>(at, 1);
  escapeLength = 2;
  if (letter != 0x75) return <i32>load<u8>(MEANINGS + letter - 0x22);
  const unit = hex4(at + 2);
  escapeLength = 6;
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit > 0xdbff || load<u16>(at, 6) != 0x755c) return -1;
  const low = hex4(at + 8);
  if (low < 0xdc00 || low > 0xdfff) return -1;
  escapeLength = 12;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

function hex4(at: usize): i32 {
  let value = 0;
  for (let i: usize = 0; i < 4; i++) {
    const digit = <i32>load<u8>(at + i);
    value = (value << 4) | ((digit & 15) + (digit >> 6) * 9);
  }
  return value;
}

function putUtf8(character: i32, to: usize): usize {
  if (character < 0x80) {
    store<u8>(to, <u8>character);
    return to + 1;
  }
  if (character < 0x800) {
    store<u8>(to, <u8>(0xc0 | (character >> 6)));
    store<u8>(to, <u8>(0x80 | (character & 63)), 1);
    return to + 2;
  }
  if (character < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (character >> 12)));
    store<u8>(to, <u8>(0x80 | ((character >> 6) & 63)), 1);
    store<u8>(to, <u8>(0x80 | (character & 63)), 2);
    return to + 3;
  }
  store<u8>(to, <u8>(0xf0 | (character >> 18)));
  store<u8>(to, <u8>(0x80 | ((character >> 12) & 63)), 1);
  store<u8>(to, <u8>(0x80 | ((character >> 6) & 63)), 2);
  store<u8>(to, <u8>(0x80 | (character & 63)), 3);
  return to + 4;
}

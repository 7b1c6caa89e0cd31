import { equalTo, escapedBy } from './blocks';
import { BACKSLASHES } from './bytes';
import { MISSING, NESTED, NULL, STRING } from './walk-json';

/**
 * Writes a field as PostgreSQL's COPY takes it in its text format ("COPY", File Formats): `\N` for null, and a backslash
 * before what means something there.
 * @returns where it ends; 0 when the field cannot be written: it holds a NUL or half of a surrogate pair
 */
export function copyCopyText(from: usize, length: usize, kind: i32, to: usize): usize {
  if (kind == STRING) return copyCopyString(from, from + length, to);
  if (kind == NESTED) return copyCopyNested(from, from + length, to);
  if (kind != MISSING && kind != NULL) return copyPlain(from, length, to);
  store<u16>(to, 0x4e5c);
  return to + 2;
}

/** Most escapes mean the same there: they are copied with all else. */
function copyCopyString(start: usize, end: usize, begin: usize): usize {
  let from = start;
  let to = begin;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const left = end - from;
    const backslashes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x5c)));
    const others = differing(bytes);
    let clean: usize = 16;
    let next: i32 = 0;
    if ((((backslashes << 1) & others) | (backslashes >> 15)) != 0) {
      const escaped = <i32>escapedBy(<u64>backslashes, 0);
      next = escaped & others;
      // an escape that begins with the last byte is looked at as a whole
      clean = next != 0 ? <usize>ctz(next) - 1 : 16 - <usize>((backslashes & ~escaped) >> 15);
    }
    if (clean >= left) return to + left;
    from += clean;
    to += clean;
    if (next == 0) continue;
    const letter = load<u8>(from, 1);
    if (letter == 0x75) {
      const character = unescape(from);
      if (character <= 0) return 0;
      from += escapeLength;
      to = putCopyCharacter(character, to);
    } else {
      store<u8>(to++, letter);
      from += 2;
    }
  }
  return to;
}

/** The letters that mean something else behind a backslash, or nothing: a quote, a slash and `u`. */
// @ts-ignore: decorator
@inline
function differing(bytes: v128): i32 {
  const signs = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x2f)));
  return i8x16.bitmask(v128.or(signs, i8x16.eq(bytes, i8x16.splat(0x75))));
}

/** Its escapes are text, and it may hold raw line breaks and tabs. */
function copyCopyNested(start: usize, end: usize, begin: usize): usize {
  let from = start;
  let to = begin;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const controls = i8x16.lt_u(bytes, i8x16.splat(0x20));
    const special = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x5c)), controls));
    const left = end - from;
    const clean: usize = special == 0 ? 16 : <usize>ctz(special);
    if (clean >= left) return to + left;
    from += clean;
    to += clean;
    if (special != 0) to = putCopyCharacter(<i32>load<u8>(from++), to);
  }
  return to;
}

/** Copies what holds nothing that means anything. */
// @ts-ignore: decorator
@inline
function copyPlain(from: usize, length: usize, to: usize): usize {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  for (let i: usize = 32; i < length; i += 16) v128.store(to + i, v128.load(from + i));
  return to + length;
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
  isQuoted = false;
  let end: usize = 0;
  if (kind == STRING) end = copyCsvString(from, from + length, to, delimiter);
  else if (kind == NESTED) end = copyCsvNested(from, from + length, to, delimiter);
  else return copyPlain(from, length, to);
  return isQuoted && end != 0 ? putQuotes(to, end) : end;
}

/** Whether the field that was copied last needs quotes. */
let isQuoted: bool = false;

/** Looks for escapes in sixty-four bytes at a time: then none has to wait for the one before it. */
function copyCsvString(start: usize, end: usize, begin: usize, delimiter: u8): usize {
  let from = start;
  let to = begin;
  let quoting: u64 = 0;
  for (let block = start; block < end; block = max(block + 64, from)) {
    const inside: u64 = end - block < 64 ? ((<u64>1) << (end - block)) - 1 : -1;
    quoting |= equalTo(block, i8x16.splat(<i8>delimiter)) & inside;
    const backslashes = equalTo(block, v128.load(BACKSLASHES)) & inside;
    let escapes = backslashes & ~escapedBy(backslashes, 0);
    while (escapes != 0) {
      const at = block + <usize>ctz(escapes);
      escapes &= escapes - 1;
      to = copyPlain(from, at - from, to);
      const letter = load<u8>(at, 1);
      let character: i32 = 0;
      if (letter == 0x75) {
        character = unescape(at);
        if (character < 0) return 0;
        from = at + escapeLength;
        to = putUtf8(character, to);
        // the second half of a pair is none by itself
        escapes = from < block + 64 ? escapes & (<u64>-1 << (from - block)) : 0;
      } else {
        from = at + 2;
        character = <i32>load<u8>(MEANINGS + letter - 0x22);
        store<u8>(to++, <u8>character);
      }
      // nobody can foretell which one it is: no branch asks
      const isQuote = i32(character == 0x22);
      store<u8>(to, 0x22);
      to += <usize>isQuote;
      quoting |= isQuote | i32(character == 0x0a) | i32(character == 0x0d) | i32(character == <i32>delimiter);
    }
  }
  if (quoting != 0) isQuoted = true;
  return copyPlain(from, end - from, to);
}

function copyCsvNested(start: usize, end: usize, begin: usize, delimiter: u8): usize {
  let from = start;
  let to = begin;
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(to, bytes);
    const breaks = v128.or(i8x16.eq(bytes, i8x16.splat(0x0a)), i8x16.eq(bytes, i8x16.splat(0x0d)));
    const others = i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(<i8>delimiter)), breaks));
    const quotes = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(0x22)));
    const left = end - from;
    const clean = min<usize>(left, <usize>ctz(quotes | 0x10000));
    if ((others & ((1 << <i32>clean) - 1)) != 0) isQuoted = true;
    from += clean;
    to += clean;
    if (quotes == 0 || clean == left) continue;
    store<u16>(to, 0x2222);
    to += 2;
    from++;
    isQuoted = true;
  }
  return to;
}

/** @returns where the field ends with its quotes */
function putQuotes(begin: usize, end: usize): usize {
  let next = v128.load(begin);
  store<u8>(begin, 0x22);
  for (let p = begin; p < end; p += 16) {
    const bytes = next;
    next = v128.load(p, 16);
    v128.store(p, bytes, 1);
  }
  store<u8>(end, 0x22, 1);
  return end + 2;
}

/** What the letters behind a backslash stand for, from the quote to `t`. */
const MEANINGS: usize = memory.data<u8>([
  0x22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2f, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x5c, 0,
  0, 0, 0, 0, 0x8, 0, 0, 0, 0xc, 0, 0, 0, 0, 0, 0, 0, 0xa, 0, 0, 0,
  0xd, 0, 0x9,
]);

let escapeLength: usize = 0;

/** The character that an escape of sixteen bits stands for, and in `escapeLength` its bytes; -1 when it is half of a surrogate pair. */
function unescape(at: usize): i32 {
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

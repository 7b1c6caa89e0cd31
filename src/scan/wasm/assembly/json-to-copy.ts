import { equalTo, firstBits } from './blocks';
import { QUOTES, SLASHES } from './bytes';
import { escapedFrom, MOST_BITS } from './index-strings';
import { copyBlock, copyPlain, escapeLength, putUtf8, unescape, untilEscape } from './json-text';
import { putWithout } from './put-without';
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
    let size = min<usize>(end - from, MOST_BITS - 1);
    const escaped = escapedFrom(from) & firstBits(size + 1);
    if (escaped == 0) {
      copyBlock(from, to);
      from += size;
      to += size;
      continue;
    }
    size = untilEscape(from, size, escaped);
    if (size == 0) {
      const character = unescape(from);
      if (character <= 0) return 0;
      from += escapeLength;
      to = putCopyCharacter(character, to);
      continue;
    }
    const leftOut = ((escaped & areSame(from)) >> 1) & firstBits(size);
    let next = putWithout(v128.load(from), leftOut, to);
    next = putWithout(v128.load(from, 16), leftOut >> 16, next);
    next = putWithout(v128.load(from, 32), leftOut >> 32, next);
    putWithout(v128.load(from, 48), leftOut >> 48, next);
    from += size;
    to += size - <usize>popcnt(leftOut);
  }
  return to;
}

/** The letters that mean themselves behind a backslash, and need none: a quote and a slash. */
// @ts-ignore: decorator
@inline
function areSame(from: usize): u64 {
  return equalTo(from, v128.load(QUOTES)) | equalTo(from, v128.load(SLASHES));
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

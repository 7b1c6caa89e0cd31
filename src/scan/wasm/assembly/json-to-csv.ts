import { equalTo, firstBits } from './blocks';
import { BACKSLASHES, BIT_OF_EACH, BYTE_OF_EACH, DELIMITERS, LETTERS_N, LETTERS_R, LOW_HALVES, MEANINGS, QUOTES } from './bytes';
import { escapedFrom, MOST_BITS } from './index-strings';
import { copyBlock, copyPlain, escapeLength, putUtf8, unescape, untilEscape } from './json-text';
import { putWithout } from './put-without';
import { MISSING, NESTED, NULL, STRING } from './walk-json';

/**
 * Writes a field as RFC 4180 has it: quoted where it holds a quote, the delimiter or a line break; nothing for null.
 * @returns where it ends; 0 when the field cannot be written: it holds half of a surrogate pair
 */
export function copyCsv(from: usize, length: usize, kind: i32, to: usize, delimiter: u8): usize {
  if (kind == MISSING || kind == NULL) return to;
  if (kind == STRING && isShort(from, length)) return copyCsvShort(from, length, to);
  if (kind == STRING) return copyCsvString(from, from + length, to, delimiter);
  if (kind == NESTED) return copyCsvNested(from, from + length, to, delimiter);
  return copyPlain(from, length, to);
}

/** Whether it has at most thirty-two bytes, and no escapes. */
// @ts-ignore: decorator
@inline
function isShort(from: usize, length: usize): bool {
  return length <= 32 && (escapedFrom(from) & firstBits(length + 1)) == 0;
}

/** Only the delimiter asks for quotes. */
// @ts-ignore: decorator
@inline
function copyCsvShort(from: usize, length: usize, to: usize): usize {
  const delimiter = v128.load(DELIMITERS);
  const low = v128.load(from);
  const high = v128.load(from, 16);
  const found = i8x16.bitmask(i8x16.eq(low, delimiter)) | (i8x16.bitmask(i8x16.eq(high, delimiter)) << 16);
  const quotes = usize((<u64>(<u32>found) & ~(<u64>-1 << length)) != 0);
  store<u8>(to, 0x22);
  v128.store(to + quotes, low);
  v128.store(to + quotes, high, 16);
  store<u8>(to + quotes + length, 0x22);
  return to + length + 2 * quotes;
}

/** Quotes are put where the first bytes ask for them: where others do, all is moved. */
function copyCsvString(start: usize, end: usize, begin: usize, delimiter: u8): usize {
  let from = start;
  let to = begin;
  let quoting: u64 = 0;
  let opened: usize = 0;
  while (from < end) {
    let size = min<usize>(end - from, MOST_BITS - 1);
    const escaped = escapedFrom(from) & firstBits(size + 1);
    let quotes: u64 = 0;
    let letters: u64 = 0;
    if (escaped != 0) {
      size = untilEscape(from, size, escaped);
      if (size == 0) {
        const character = unescape(from);
        if (character < 0) return 0;
        from += escapeLength;
        to = putUtf8(character, to);
        if (character == 0x22) store<u8>(to++, 0x22);
        quoting |= u64(character == 0x22 || character == 0x0a || character == 0x0d || character == <i32>delimiter);
        continue;
      }
      letters = escaped & firstBits(size);
      quotes = letters & equalTo(from, v128.load(QUOTES));
      if (quoting == 0) quoting = quotes | (letters & areBreaks(from, delimiter));
    }
    if (quoting == 0) quoting = equalTo(from, v128.load(DELIMITERS)) & firstBits(size);
    if (from == start) {
      store<u8>(to, 0x22);
      opened = usize(quoting != 0);
      to += opened;
    }
    if (escaped == 0) copyBlock(from, to);
    else copyMeanings(from, letters & ~quotes, to);
    from += size;
    to += size - <usize>popcnt(letters & ~quotes);
  }
  store<u8>(to, 0x22);
  if (opened != 0) return to + 1;
  return quoting == 0 ? to : putQuotes(begin, to);
}

/** The letters that stand for a line break, or for the delimiter when it is a tab. */
// @ts-ignore: decorator
@inline
function areBreaks(from: usize, delimiter: u8): u64 {
  const breaks = equalTo(from, v128.load(LETTERS_N)) | equalTo(from, v128.load(LETTERS_R));
  return delimiter == 0x09 ? breaks | equalTo(from, i8x16.splat(0x74)) : breaks;
}

/** Of sixty-four bytes, what each escape stands for, with each quote doubled. @param letters that stand for others */
// @ts-ignore: decorator
@inline
function copyMeanings(from: usize, letters: u64, to: usize): void {
  const leftOut = letters >> 1;
  let next = putWithout(meanings(from, letters), leftOut, to);
  next = putWithout(meanings(from + 16, letters >> 16), leftOut >> 16, next);
  next = putWithout(meanings(from + 32, letters >> 32), leftOut >> 32, next);
  putWithout(meanings(from + 48, letters >> 48), leftOut >> 48, next);
}

/** Sixteen bytes with the letters replaced by what they mean, and with a quote for the backslash before a quote. */
// @ts-ignore: decorator
@inline
function meanings(from: usize, letters: u64): v128 {
  const bytes = v128.load(from);
  // a backslash before the quote that ends the string is a letter
  const beforeQuotes = v128.and(
    i8x16.eq(bytes, v128.load(BACKSLASHES)),
    i8x16.eq(v128.load(from, 1), v128.load(QUOTES)),
  );
  // the letters differ in the low half of this, and so do the slash and the backslash
  const places = v128.and(v128.xor(bytes, i16x8.shr_u(bytes, 2)), v128.load(LOW_HALVES));
  const meant = i8x16.swizzle(v128.load(MEANINGS), places);
  const quoted = v128.bitselect(v128.load(QUOTES), bytes, beforeQuotes);
  return v128.bitselect(meant, quoted, spread(letters));
}

/** A byte full of bits for each of sixteen bits. */
// @ts-ignore: decorator
@inline
function spread(mask: u64): v128 {
  const BIT = v128.load(BIT_OF_EACH);
  const each = i8x16.swizzle(i16x8.splat(<i16>mask), v128.load(BYTE_OF_EACH));
  return i8x16.eq(v128.and(each, BIT), BIT);
}

function copyCsvNested(start: usize, end: usize, begin: usize, delimiter: u8): usize {
  let from = start;
  let to = begin;
  let isQuoted = false;
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
  return isQuoted ? putQuotes(begin, to) : to;
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

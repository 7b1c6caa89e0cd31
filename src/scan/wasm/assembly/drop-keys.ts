import { CLOSINGS, COMMAS, OPENINGS, QUOTES, SPACES } from './bytes';
import { indexStrings, stopOf } from './index-strings';
import { copyPlain } from './json-text';
import { behindWhite, endWindow, isWhite } from './json-tokens';
import { ENDS, OUT, STARTS, STATE, WINDOW } from './layout';
import { behindExpected, behindFirst, FIRST, FLAGS, NEXT, ROOT } from './members';

// What the value of a key is, as the host numbers it.
const ANYTHING: i32 = 0;
const OBJECT: i32 = 1;

// Stand before what is an object, or one of a list, in nearly all records.
const END_OF_LIST: u8 = 0x30;
const MEMBERS: u8 = 0x31;
const NO_OBJECT: u8 = 0x32;
const NO_LIST: u8 = 0x33;

/** Where what is written goes. */
let out: usize = 0;
/** Where the bytes end. */
let last: usize = 0;

/**
 * Writes the values of records, without their keys, as one flat JSON array. They are copied as they are: whether they are
 * JSON is for who parses them. The offsets of the records are at STARTS and ENDS, the shape is at ROOT. Writes the number
 * of its bytes to STATE.
 * @param shift is taken off each offset
 * @param most bytes behind which no other record is written
 * @returns how many there are: less when the next one is not of the shape
 */
export function dropKeys(count: i32, length: i32, shift: i32, most: i32): i32 {
  last = WINDOW + length;
  endWindow(last);
  indexStrings(last);
  store<u8>(OUT, 0x5b);
  out = OUT + 1;
  let end = out;
  let index: i32 = 0;
  for (; index < count && end < OUT + most; index++) {
    const from = WINDOW + <usize>(load<i32>(STARTS + (<usize>index << 2)) - shift);
    const to = WINDOW + <usize>(load<i32>(ENDS + (<usize>index << 2)) - shift);
    const next = load<u8>(from) == 0x7b ? putMembers(from, load<u32>(ROOT, FIRST)) : 0;
    if (next == 0 || (next != to && !isWhite(next, to))) break;
    end = out;
  }
  // in place of the last comma
  store<u8>(end - 1, 0x5d);
  store<i32>(STATE, <i32>(end - OUT));
  return index;
}

/** @param first member @returns where the object ends; 0 when it is not of the shape */
function putMembers(from: usize, first: usize): usize {
  let member = first;
  let p = from + 1;
  if (load<u8>(p) <= 0x20) p = behindWhite(p);
  p = behindFirst(member, p);
  while (p != 0) {
    if (load<u8>(p) <= 0x20) p = behindWhite(p);
    const kind = load<i32>(member, FLAGS);
    p = kind == ANYTHING ? putValue(p) : kind == OBJECT ? putObject(p, member) : putList(p, member);
    if (p == 0) return 0;
    member = load<u32>(member, NEXT);
    if (member == 0) return behindClosing(p);
    const next = behindExpected(member, p);
    p = next != 0 ? next : behindSpaced(member, p);
  }
  return 0;
}

/** @returns where the value of a member begins, or white space, when there is some around its comma; 0 when it is another */
function behindSpaced(member: usize, from: usize): usize {
  const p = behindWhite(from);
  return load<u8>(p) == 0x2c ? behindFirst(member, behindWhite(p + 1)) : 0;
}

// @ts-ignore: decorator
@inline
function behindClosing(from: usize): usize {
  const p = load<u8>(from) <= 0x20 ? behindWhite(from) : from;
  return load<u8>(p) == 0x7d ? p + 1 : 0;
}

/** @param member whose value it is, or an element of it @returns where it ends; 0 when it is not of the shape */
function putObject(p: usize, member: usize): usize {
  const isObject = load<u8>(p) == 0x7b;
  put(isObject ? MEMBERS : NO_OBJECT);
  return isObject ? putMembers(p, load<u32>(member, FIRST)) : putValue(p);
}

function putList(from: usize, member: usize): usize {
  if (load<u8>(from) != 0x5b) {
    put(NO_LIST);
    return putValue(from);
  }
  let p = behindWhite(from + 1);
  let separator = load<u8>(p);
  while (separator != 0x5d) {
    p = putObject(p, member);
    if (p == 0) return 0;
    if (load<u8>(p) <= 0x20) p = behindWhite(p);
    separator = load<u8>(p);
    if (separator == 0x5d) break;
    if (separator != 0x2c) return 0;
    if (load<u8>(++p) <= 0x20) p = behindWhite(p);
  }
  put(END_OF_LIST);
  return p + 1;
}

/** @returns where it ends; 0 when there is none */
function putValue(p: usize): usize {
  const byte = load<u8>(p);
  let end: usize;
  if (byte == 0x22) {
    end = stopOf(p + 1);
    if (load<u8>(end) != 0x22) return 0;
    end++;
  } else if ((byte | 0x20) == 0x7b) {
    end = behindNested(p);
    if (end == 0) return 0;
  } else end = behindScalar(p);
  const size = end - p;
  copyPlain(p, size, out);
  store<u8>(out + size, 0x2c);
  out += size + 1;
  return end;
}

/** @returns where as many brackets are closed as were opened; 0 when that is nowhere */
function behindNested(from: usize): usize {
  let depth: i32 = 0;
  let p = from;
  while (p < last) {
    let next = p + 16;
    for (let marks = bracketsAndQuotes(p); marks != 0; marks &= marks - 1) {
      const at = p + <usize>ctz(marks);
      const byte = load<u8>(at);
      if (byte == 0x22) {
        next = stopOf(at + 1);
        if (load<u8>(next) != 0x22) return 0;
        next++;
        break;
      }
      depth += (byte | 0x20) == 0x7b ? 1 : -1;
      if (depth == 0) return at + 1;
    }
    p = next;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function bracketsAndQuotes(p: usize): i32 {
  const bytes = v128.load(p);
  const brackets = v128.or(bytes, v128.load(SPACES));
  const openings = i8x16.eq(brackets, v128.load(OPENINGS));
  const closings = i8x16.eq(brackets, v128.load(CLOSINGS));
  return i8x16.bitmask(v128.or(v128.or(openings, closings), i8x16.eq(bytes, v128.load(QUOTES))));
}

/** @returns where something ends, or nothing: before a comma, a closing bracket, or white space */
function behindScalar(from: usize): usize {
  let p = from;
  while (true) {
    const bytes = v128.load(p);
    const closings = i8x16.eq(v128.or(bytes, v128.load(SPACES)), v128.load(CLOSINGS));
    const commas = i8x16.eq(bytes, v128.load(COMMAS));
    const spaces = i8x16.eq(i8x16.min_u(bytes, v128.load(SPACES)), bytes);
    const ends = i8x16.bitmask(v128.or(v128.or(closings, commas), spaces));
    if (ends != 0) return p + <usize>ctz(ends);
    p += 16;
  }
}

/** Writes a number of one digit. */
// @ts-ignore: decorator
@inline
function put(digit: u8): void {
  store<u16>(out, <u16>digit | 0x2c00);
  out += 2;
}

import { among, equalTo, escapedBy, padBlock, prefixXor } from './blocks';
import { FIELDS, INDEX, NODES, NODES_SIZE, OUT, OUT_SIZE, WINDOW } from './layout';
import { copyCopyText, copyCsv } from './project-text';

// Layouts of rows as the host numbers them.
const COPY_TEXT: i32 = 0;

// What lies at a path, in a record.
export const MISSING: i32 = 0;
export const NULL: i32 = 1;
export const STRING: i32 = 2;
export const NESTED: i32 = 3;
export const NUMBER: i32 = 4;
export const TRUE: i32 = 5;
export const FALSE: i32 = 6;

/** A wanted key: its bytes, the field that is filled by its value or -1, and the keys that are wanted inside it. */
const NODE_SIZE: usize = 24;
const NODE_KEY: usize = 0;
const NODE_KEY_LENGTH: usize = 4;
const NODE_FIELD: usize = 8;
const NODE_CHILDREN: usize = 12;
const NODE_CHILD_COUNT: usize = 16;
const NODE_SEEN: usize = 20;

/** Where a field begins and how long it is, counted from the window, and what it is. */
const FIELD_SIZE: usize = 12;

const NEEDS_CARE: i32 = -1;

let entries: i32 = 0;
let entry: i32 = 0;
let record: i32 = 0;
let needsCare: bool = false;
/** Whether a key of a record that is not wanted needs care, too. */
let isStrict: bool = false;

/** Notes where the quotes of the window are, and the brackets, colons and commas outside of strings. */
export function indexJson(length: i32): void {
  padBlock(WINDOW + length);
  const STRUCTURE = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0x3a, 0x7b, 0x2c, 0x7d, -1, 0);
  let escapeCarry: u64 = 0;
  let stringCarry: u64 = 0;
  let to = INDEX;
  for (let base: i32 = 0; base < length; base += 64) {
    const p = WINDOW + base;
    const backslashes = equalTo(p, i8x16.splat(0x5c));
    const escaped = escapedBy(backslashes, escapeCarry);
    escapeCarry = (backslashes & ~escaped) >> 63;
    const quotes = equalTo(p, i8x16.splat(0x22)) & ~escaped;
    const inside = prefixXor(quotes) ^ stringCarry;
    stringCarry = <u64>(<i64>inside >> 63);
    let found = (among(p, STRUCTURE, i8x16.splat(0x20)) & ~inside) | quotes;
    while (found != 0) {
      store<u32>(to, base + <i32>ctz(found));
      to += 4;
      found &= found - 1;
    }
  }
  // whatever is read behind the last one is a closing bracket
  store<u8>(WINDOW + length, 0x7d);
  store<u32>(to, length);
  store<u32>(to, length, 4);
  store<u32>(to, length, 8);
  store<u32>(to, length, 12);
  entries = <i32>((to - INDEX) >> 2);
  entry = 0;
}

/**
 * Finds the fields of the record that begins at `start`; it must be well-formed, and records must come in order.
 * @returns false when only a decoder can tell: it is no object, or a key is written with escapes
 */
export function locateFields(start: i32, fieldCount: i32, rootCount: i32, strict: bool): bool {
  memory.fill(FIELDS, 0, <usize>fieldCount * FIELD_SIZE);
  while (entry < entries && positionOf(entry) < start) entry++;
  if (positionOf(entry) != start || byteAt(start) != 0x7b) return false;
  record++;
  needsCare = false;
  isStrict = strict;
  entry = readObject(entry, 0, rootCount);
  return !needsCare;
}

/**
 * Writes the row of the record that begins at `start` behind the rows that are there.
 * @returns the bytes of all rows; -1 when only a decoder can make the row, -2 when there is no room for it
 */
export function projectRow(
  start: i32,
  length: i32,
  at: i32,
  layout: i32,
  delimiter: i32,
  fieldCount: i32,
  rootCount: i32,
  columns: i32,
  strict: bool,
): i32 {
  if (!locateFields(start, fieldCount, rootCount, strict)) return NEEDS_CARE;
  // a byte becomes two at most, and each field has a delimiter, two quotes, and room for a block of copied bytes
  if (<usize>at + 2 * <usize>length * <usize>columns + 64 * <usize>columns > OUT_SIZE) return -2;
  let to = OUT + at;
  for (let column = 0; column < columns; column++) {
    if (column > 0) store<u8>(to++, <u8>delimiter);
    const field = FIELDS + <usize>load<u32>(COLUMNS + (<usize>column << 2)) * FIELD_SIZE;
    const from = WINDOW + load<u32>(field);
    const size = load<u32>(field, 4);
    const kind = load<i32>(field, 8);
    to = layout == COPY_TEXT ? copyCopyText(from, size, kind, to) : copyCsv(from, size, kind, to, <u8>delimiter);
    if (to == 0) return NEEDS_CARE;
  }
  // one empty field alone would be a blank line
  if (layout != COPY_TEXT && columns == 1 && to == OUT + at) {
    store<u16>(to, 0x2222);
    to += 2;
  }
  store<u8>(to++, 0x0a);
  return <i32>(to - OUT);
}

/** Index of the field of each column. */
export const COLUMNS: usize = NODES + <usize>NODES_SIZE;

/** @returns the entry behind the object's closing bracket */
function readObject(opening: i32, first: i32, count: i32): i32 {
  let e = opening + 1;
  let guess = first;
  const end = first + count;
  while (e < entries) {
    const position = positionOf(e);
    const byte = byteAt(position);
    if (byte == 0x7d) return e + 1;
    if (byte == 0x2c) {
      e++;
      continue;
    }
    const key = WINDOW + position + 1;
    const keyLength = positionOf(e + 1) - position - 1;
    let hit = -1;
    for (let tries = 0; tries < count; tries++) {
      const node = nodeAt(guess);
      const candidate = guess;
      guess = guess + 1 < end ? guess + 1 : first;
      if (load<i32>(node, NODE_KEY_LENGTH) == keyLength && isSame(<usize>load<u32>(node, NODE_KEY), key, keyLength)) {
        hit = candidate;
        break;
      }
    }
    if (hit < 0 && (hasEscape(key, keyLength) || (isStrict && first == 0))) needsCare = true;
    e = hit < 0 ? skipValue(e + 3) : readValue(e + 3, positionOf(e + 2) + 1, hit);
  }
  return e;
}

/** @param e the entry behind the colon @param behindColon where the value or white space before it begins */
function readValue(e: i32, behindColon: i32, index: i32): i32 {
  const node = nodeAt(index);
  const field = load<i32>(node, NODE_FIELD);
  const children = load<i32>(node, NODE_CHILD_COUNT);
  // of a key that comes twice the last one counts
  if (children > 0 && load<i32>(node, NODE_SEEN) == record) clear(index);
  store<i32>(node, record, NODE_SEEN);

  const position = positionOf(e);
  const byte = byteAt(position);
  let next: i32;
  if (byte == 0x22) {
    next = e + 2;
    if (field >= 0) setField(field, position + 1, positionOf(e + 1) - position - 1, STRING);
  } else if (byte == 0x7b || byte == 0x5b) {
    next = byte == 0x7b && children > 0 ? readObject(e, load<i32>(node, NODE_CHILDREN), children) : skipValue(e);
    if (field >= 0) setField(field, position, positionOf(next - 1) + 1 - position, NESTED);
  } else {
    next = e;
    if (field >= 0) setScalar(field, behindColon, position);
  }
  return next;
}

/** @returns the entry behind the value that begins at entry `e`; of a number or literal, `e` itself */
function skipValue(e: i32): i32 {
  const byte = byteAt(positionOf(e));
  if (byte == 0x22) return e + 2;
  if (byte != 0x7b && byte != 0x5b) return e;
  let depth = 0;
  for (; e < entries; e++) {
    const bracket = byteAt(positionOf(e)) | 0x20;
    if (bracket == 0x7b) depth++;
    else if (bracket == 0x7d && --depth == 0) return e + 1;
  }
  return e;
}

function setScalar(field: i32, from: i32, to: i32): void {
  let first = from;
  let last = to;
  while (byteAt(first) <= 0x20) first++;
  while (byteAt(last - 1) <= 0x20) last--;
  const byte = byteAt(first);
  const kind = byte == 0x6e ? NULL : byte == 0x74 ? TRUE : byte == 0x66 ? FALSE : NUMBER;
  setField(field, first, last - first, kind);
}

/** Empties the fields inside a key. */
function clear(index: i32): void {
  const node = nodeAt(index);
  const first = load<i32>(node, NODE_CHILDREN);
  const end = first + load<i32>(node, NODE_CHILD_COUNT);
  for (let child = first; child < end; child++) {
    const field = load<i32>(nodeAt(child), NODE_FIELD);
    if (field >= 0) setField(field, 0, 0, MISSING);
    clear(child);
  }
}

// @ts-ignore: decorator
@inline
function setField(field: i32, start: i32, length: i32, kind: i32): void {
  const to = FIELDS + <usize>field * FIELD_SIZE;
  store<i32>(to, start);
  store<i32>(to, length, 4);
  store<i32>(to, kind, 8);
}

// @ts-ignore: decorator
@inline
function positionOf(e: i32): i32 {
  return load<i32>(INDEX + (<usize>e << 2));
}

// @ts-ignore: decorator
@inline
function byteAt(position: i32): i32 {
  return <i32>load<u8>(WINDOW + <usize>position);
}

// @ts-ignore: decorator
@inline
function nodeAt(index: i32): usize {
  return NODES + <usize>index * NODE_SIZE;
}

// @ts-ignore: decorator
@inline
function isSame(a: usize, b: usize, length: i32): bool {
  for (let i = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

// @ts-ignore: decorator
@inline
function hasEscape(from: usize, length: i32): bool {
  for (let i = 0; i < length; i += 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(from + i), i8x16.splat(0x5c)));
    const left = length - i;
    if (left >= 16 ? found != 0 : (found & ((1 << left) - 1)) != 0) return true;
  }
  return false;
}

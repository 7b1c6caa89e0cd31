import { within } from './blocks';
import { ENDS, FIELDS, INDEX, NODES, NODES_SIZE, OUT, OUT_SIZE, STARTS, STATE, WINDOW } from './layout';
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

/** Where the tokens that are left begin, and where they end. */
let entry: usize = 0;
let last: usize = 0;
let record: i32 = 0;
let needsCare: bool = false;
/** Whether a key of a record that is not wanted needs care, too. */
let isStrict: bool = false;

/** Begins with the records of a window, of which the tokens were noted. */
export function beginRecords(tokens: i32): void {
  last = INDEX + (<usize>tokens << 2);
  entry = INDEX;
  // whatever is read behind the last token is a closing bracket
  store<u8>(WINDOW + <usize>load<u32>(last), 0x7d);
}

/**
 * Finds the fields of the record that begins at `start`; it must be well-formed, and records must come in order.
 * @returns false when only a decoder can tell: it is no object, or a key is written with escapes
 */
export function locateFields(start: i32, fieldCount: i32, rootCount: i32, strict: bool): bool {
  memory.fill(FIELDS, 0, <usize>fieldCount * FIELD_SIZE);
  while (entry < last && positionOf(entry) < start) entry += TOKEN;
  if (positionOf(entry) != start || byteAt(start) != 0x7b) return false;
  record++;
  needsCare = false;
  isStrict = strict;
  entry = readObject(entry, 0, rootCount);
  return !needsCare;
}

/** Bytes of an entry that says where a token is. */
const TOKEN: usize = 4;

/**
 * Writes rows of the records whose offsets are at STARTS and ENDS, and the number of their bytes to STATE.
 * @param shift is taken off each offset
 * @returns how many rows there are: less when only a decoder can make the next one, or when there is no room for it
 */
export function projectRows(
  count: i32,
  shift: i32,
  layout: i32,
  delimiter: i32,
  fieldCount: i32,
  rootCount: i32,
  columns: i32,
  strict: bool,
): i32 {
  let to = OUT;
  let index: i32 = 0;
  for (; index < count; index++) {
    const start = load<i32>(STARTS + (<usize>index << 2)) - shift;
    const length = load<i32>(ENDS + (<usize>index << 2)) - shift - start;
    // a byte becomes two at most, and each field has a delimiter, two quotes, and room for a block of copied bytes
    if (to - OUT + 2 * <usize>length * <usize>columns + 64 * <usize>columns > OUT_SIZE) break;
    if (!locateFields(start, fieldCount, rootCount, strict)) break;
    const next = putRow(to, layout, <u8>delimiter, columns);
    if (next == 0) break;
    to = next;
  }
  store<i32>(STATE, <i32>(to - OUT));
  return index;
}

/** @returns where the row ends; 0 when it cannot be written */
function putRow(from: usize, layout: i32, delimiter: u8, columns: i32): usize {
  let to = from;
  for (let column = 0; column < columns; column++) {
    if (column > 0) store<u8>(to++, delimiter);
    const field = FIELDS + <usize>load<u32>(COLUMNS + (<usize>column << 2)) * FIELD_SIZE;
    const value = WINDOW + <usize>load<u32>(field);
    const size = load<u32>(field, 4);
    const kind = load<i32>(field, 8);
    to = layout == COPY_TEXT ? copyCopyText(value, size, kind, to) : copyCsv(value, size, kind, to, delimiter);
    if (to == 0) return 0;
  }
  // one empty field alone would be a blank line
  if (layout != COPY_TEXT && columns == 1 && to == from) {
    store<u16>(to, 0x2222);
    to += 2;
  }
  store<u8>(to, 0x0a);
  return to + 1;
}

/** Index of the field of each column. */
export const COLUMNS: usize = NODES + <usize>NODES_SIZE;

/** @returns the entry behind the object's closing bracket */
function readObject(opening: usize, first: i32, count: i32): usize {
  let e = opening + TOKEN;
  let guess = first;
  const end = first + count;
  while (e < last) {
    const position = positionOf(e);
    const byte = byteAt(position);
    if (byte == 0x7d) return e + TOKEN;
    if (byte == 0x2c) {
      e += TOKEN;
      continue;
    }
    const colon = positionOf(e + TOKEN);
    const key = WINDOW + position + 1;
    const keyLength = closingQuoteBefore(colon) - position - 1;
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
    e = hit < 0 ? behindValue(e + 2 * TOKEN) : readValue(e + 2 * TOKEN, hit);
  }
  return e;
}

/** @returns the entry behind the value of a wanted key, which begins at entry `e` */
function readValue(e: usize, index: i32): usize {
  const node = nodeAt(index);
  const field = load<i32>(node, NODE_FIELD);
  const children = load<i32>(node, NODE_CHILD_COUNT);
  // of a key that comes twice the last one counts
  if (children > 0 && load<i32>(node, NODE_SEEN) == record) clear(index);
  store<i32>(node, record, NODE_SEEN);

  const position = positionOf(e);
  const byte = byteAt(position);
  const isWantedInside = byte == 0x7b && children > 0;
  const next = isWantedInside ? readObject(e, load<i32>(node, NODE_CHILDREN), children) : behindValue(e);
  if (field < 0) return next;
  if (byte == 0x22) {
    setField(field, position + 1, closingQuoteBefore(positionOf(next)) - position - 1, STRING);
  } else if (byte == 0x7b || byte == 0x5b) {
    setField(field, position, positionOf(next - TOKEN) + 1 - position, NESTED);
  } else {
    const kind = byte == 0x6e ? NULL : byte == 0x74 ? TRUE : byte == 0x66 ? FALSE : NUMBER;
    let end = positionOf(next);
    while (byteAt(end - 1) <= 0x20) end--;
    setField(field, position, end - position, kind);
  }
  return next;
}

/** @returns the entry behind the value that begins at entry `e` */
function behindValue(e: usize): usize {
  let depth = 0;
  do {
    const bracket = byteAt(positionOf(e)) | 0x20;
    e += TOKEN;
    if (bracket == 0x7b) depth++;
    else if (bracket == 0x7d) depth--;
  } while (depth > 0 && e < last);
  return e;
}

// @ts-ignore: decorator
@inline
function closingQuoteBefore(position: i32): i32 {
  let quote = position - 1;
  while (byteAt(quote) != 0x22) quote--;
  return quote;
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
function positionOf(e: usize): i32 {
  return load<i32>(e);
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
  for (let i = 0; i < length; i += 16)
    if (within(~i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))), length - i)) return false;
  return true;
}

// @ts-ignore: decorator
@inline
function hasEscape(from: usize, length: i32): bool {
  for (let i = 0; i < length; i += 16)
    if (within(i8x16.bitmask(i8x16.eq(v128.load(from + i), i8x16.splat(0x5c))), length - i)) return true;
  return false;
}

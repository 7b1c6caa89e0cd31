import {
  behindLiteral,
  behindNumber,
  behindNumbers,
  behindWhite,
  endWindow,
  isDoubtful,
  isWhite,
  trustNumbers,
} from './json-tokens';
import { indexStrings, stopOf } from './index-strings';
import { ENDS, FIELDS, STACK, STARTS, WINDOW } from './layout';
import {
  beginMembers,
  beginRecord,
  behindExpected,
  behindFirst,
  behindKey,
  careIsNeeded,
  elementOf,
  FIELD,
  FIRST,
  FLAGS,
  HAS_FIELD,
  HAS_WANTED,
  member,
  NEEDS_CARE,
  NEXT,
  NODE_SIZE,
  ROOT,
  SEEN,
  slotBehind,
  WANTED,
  WANTED_COUNT,
} from './members';

// What lies at a path, in a record.
export const MISSING: i32 = 0;
export const NULL: i32 = 1;
export const STRING: i32 = 2;
export const NESTED: i32 = 3;
export const NUMBER: i32 = 4;
export const TRUE: i32 = 5;
export const FALSE: i32 = 6;
/** In place of the kind of a record's first field: only a decoder can tell its fields. */
export const NEEDS_DECODER: i32 = -1;

/** Of each field of each record: where it begins in the bytes, how long it is, what it is. */
export const FIELD_SIZE: usize = 12;

/** What is open: its node, and where it begins. */
export const ENTRY: usize = 8;
const START: usize = 4;

/** The fields of the record. */
let fields: usize = 0;
let record: i32 = 0;
let needsDecoder: bool = false;
/** What is added to an address to have an offset in the bytes. */
let toOffset: i32 = 0;

/**
 * Walks over records, once: checks their grammar, and notes on the way where the wanted fields are. A key is compared
 * first with the one that followed last time, since keys come in the same order in nearly every record (Li et al.,
 * "Mison", 2017).
 *
 * The offsets of the records are at STARTS and ENDS. The indexes of the doubtful ones, which are no JSON or hold a number
 * that may not fit, are written over the starts.
 * @param shift is taken off each offset
 * @param nodes that the host has written
 * @param mostDigits of an integer that fits for certain
 * @param isStrict whether a key of a record that is not wanted makes its fields the decoder's
 * @returns how many are doubtful
 */
export function walkJson(
  count: i32,
  length: i32,
  shift: i32,
  maxDepth: i32,
  mostDigits: i32,
  nodes: i32,
  fieldCount: i32,
  isStrict: bool,
): i32 {
  endWindow(WINDOW + length);
  indexStrings(WINDOW + length);
  beginMembers(nodes, isStrict);
  toOffset = shift - <i32>WINDOW;
  const deepest = STACK + <usize>maxDepth * ENTRY;
  const rowSize = <usize>fieldCount * FIELD_SIZE;
  memory.fill(FIELDS, 0, <usize>count * rowSize);
  let doubts: i32 = 0;
  for (let index: i32 = 0; index < count; index++) {
    const start = WINDOW + <usize>(load<i32>(STARTS + (<usize>index << 2)) - shift);
    const end = WINDOW + <usize>(load<i32>(ENDS + (<usize>index << 2)) - shift);
    fields = FIELDS + <usize>index * rowSize;
    record = index + 1;
    trustNumbers(mostDigits);
    beginRecord();
    needsDecoder = false;
    const next = behindValue(start, deepest);
    if (next == 0 || isDoubtful || (next != end && !isWhite(next, end))) {
      store<i32>(STARTS + (<usize>doubts << 2), index);
      doubts++;
    }
    if (fieldCount > 0 && (needsDecoder || careIsNeeded || load<u8>(start) != 0x7b))
      store<i32>(fields, NEEDS_DECODER, 8);
  }
  return doubts;
}

/** @returns where the record ends that begins at `from`, or in the white space there; 0 when it is no JSON */
function behindValue(from: usize, deepest: usize): usize {
  let p = from;
  let node = ROOT;
  let top: usize = STACK;
  let isInObject = false;
  /** Tells the next member of the object. */
  let slot: usize = 0;
  while (true) {
    const flags = load<i32>(node, FLAGS);
    if (flags > HAS_FIELD) heed(node, flags);
    const start = p;
    const byte = load<u8>(p);
    if (byte == 0x22) {
      p = stopOf(p + 1);
      if (load<u8>(p) != 0x22) return 0;
      p++;
      if (flags & HAS_FIELD) setField(node, start + 1, p - 1, STRING);
    } else if (<u8>(byte - 0x2d) <= 12) {
      p = isInObject ? behindNumber(p, byte) : behindNumbers(p, byte);
      if (p == 0) return 0;
      if (flags & HAS_FIELD) setField(node, start, p, NUMBER);
    } else if ((byte | 0x20) == 0x7b) {
      if (top >= deepest) return 0;
      top += ENTRY;
      store<u32>(top, <u32>node);
      store<u32>(top, <u32>p, START);
      isInObject = byte == 0x7b;
      if (load<u8>(++p) <= 0x20) p = behindWhite(p);
      // an empty one is closed below, as all others are
      if (load<u8>(p) != byte + 2) {
        if (!isInObject) {
          node = elementOf(node);
          continue;
        }
        slot = node + FIRST;
        const expected: usize = load<u32>(slot);
        const next: usize = expected == 0 ? 0 : behindFirst(expected, p);
        if (next != 0) {
          p = next;
          node = expected;
          slot = node + NEXT;
          continue;
        }
        p = behindKey(p, node, slot);
        if (p == 0) return 0;
        node = member;
        slot = slotBehind;
        continue;
      }
    } else if (byte <= 0x20) {
      p = behindWhite(p);
      if (p == start) return 0;
      continue;
    } else {
      p = behindLiteral(p, byte);
      if (p == 0) return 0;
      if (flags & HAS_FIELD) setField(node, start, p, kindOf(byte));
    }

    let separator = load<u8>(p);
    while (separator != 0x2c) {
      if (top == STACK) return p;
      if (separator <= 0x20) {
        const white = p;
        p = behindWhite(white);
        if (p == white) return 0;
        separator = load<u8>(p);
        continue;
      }
      if (separator != (isInObject ? 0x7d : 0x5d)) return 0;
      separator = load<u8>(++p);
      node = load<u32>(top);
      if (load<i32>(node, FLAGS) & HAS_FIELD) setField(node, <usize>load<u32>(top, START), p, NESTED);
      top -= ENTRY;
      isInObject = top != STACK && load<u8>(<usize>load<u32>(top, START)) == 0x7b;
      slot = node + NEXT;
    }

    if (isInObject) {
      const expected: usize = load<u32>(slot);
      const next: usize = expected == 0 ? 0 : behindExpected(expected, p);
      if (next != 0) {
        p = next;
        node = expected;
        slot = node + NEXT;
        continue;
      }
      if (load<u8>(++p) <= 0x20) p = behindWhite(p);
      p = behindKey(p, <usize>load<u32>(top), slot);
      if (p == 0) return 0;
      node = member;
      slot = slotBehind;
    } else {
      if (top == STACK) return p;
      p++;
      node = elementOf(<usize>load<u32>(top));
    }
  }
}

// @ts-ignore: decorator
@inline
function kindOf(first: u8): i32 {
  return first == 0x6e ? NULL : first == 0x74 ? TRUE : FALSE;
}

function heed(node: usize, flags: i32): void {
  if (flags & NEEDS_CARE) needsDecoder = true;
  if ((flags & HAS_WANTED) == 0) return;
  // of a key that comes twice the last one counts
  if (load<i32>(node, SEEN) == record) clear(node);
  store<i32>(node, record, SEEN);
}

/** Empties the fields inside a key. */
function clear(node: usize): void {
  const first: usize = load<u32>(node, WANTED);
  const end = first + <usize>load<u32>(node, WANTED_COUNT) * NODE_SIZE;
  for (let inside = first; inside < end; inside += NODE_SIZE) {
    if (load<i32>(inside, FLAGS) & HAS_FIELD) setField(inside, 0, 0, MISSING);
    clear(inside);
  }
}

function setField(node: usize, from: usize, to: usize, kind: i32): void {
  const field = fields + <usize>load<u32>(node, FIELD) * FIELD_SIZE;
  store<i32>(field, <i32>from + toOffset);
  store<i32>(field, <i32>(to - from), 4);
  store<i32>(field, kind, 8);
}

import { within } from './blocks';
import { stopOf } from './index-strings';
import { behindWhite } from './json-tokens';
import { NODES, NODES_SIZE } from './layout';

/**
 * What is known of a value: which members it had when it was an object, and what its elements were like when it was an
 * array. The host writes the nodes that lead to wanted fields; the others are learned.
 */
export const NODE_SIZE: usize = 64;
/** `,"key":`, or the first sixteen bytes of it, to be compared at once. */
const TEXT: usize = 0;
/** A bit for each of those bytes, and how many bytes there are in all. */
const MASK: usize = 16;
const TEXT_LENGTH: usize = 20;
/** Where the other bytes of the key are, up to the closing quote. */
const REST: usize = 24;
/** The member that followed this one, and the first one inside. */
export const NEXT: usize = 28;
export const FIRST: usize = 32;
/** What elements are like. */
const ELEMENT: usize = 36;
export const FLAGS: usize = 40;
export const FIELD: usize = 44;
/** The wanted keys inside, side by side. */
export const WANTED: usize = 48;
export const WANTED_COUNT: usize = 52;
/** Number of the last record that had it. */
export const SEEN: usize = 56;
/** Whether another member or the container leads to it. */
const IS_LINKED: usize = 60;

// Flags
export const HAS_FIELD: i32 = 1;
export const HAS_WANTED: i32 = 2;
/** A record that has the key needs care. */
export const NEEDS_CARE: i32 = 4;

/** Of it nothing is known, nor learned: for all values that there is no room for. */
const ANY: usize = NODES;
/** A record. */
export const ROOT: usize = NODES + NODE_SIZE;

/** Where the next node goes. */
let free: usize = 0;
const LAST: usize = NODES + NODES_SIZE - NODE_SIZE;
let isStrict: bool = false;

/** The member whose key was read last, and the slot that tells the one behind it. */
export let member: usize = 0;
export let slotBehind: usize = 0;
/** Whether a key was met of which nothing could be learned, and which needs care. */
export let careIsNeeded: bool = false;

/** Begins with the nodes that the host has written. @param strict whether unknown keys of records need care */
export function beginMembers(nodes: i32, strict: bool): void {
  free = NODES + <usize>nodes * NODE_SIZE;
  isStrict = strict;
}

export function beginRecord(): void {
  careIsNeeded = false;
}

/** @returns where the value of a member begins whose comma is at `p`; 0 when it is another member */
// @ts-ignore: decorator
@inline
export function behindExpected(node: usize, p: usize): usize {
  const same = i8x16.bitmask(i8x16.eq(v128.load(node, TEXT), v128.load(p)));
  if ((~same & load<i32>(node, MASK)) != 0) return 0;
  const length = load<i32>(node, TEXT_LENGTH);
  return length <= 16 ? p + <usize>length : behindRest(node, p, length);
}

/** As `behindExpected`, of the first member of an object: it has no comma. */
// @ts-ignore: decorator
@inline
export function behindFirst(node: usize, p: usize): usize {
  const same = i8x16.bitmask(i8x16.eq(v128.load(node, TEXT + 1), v128.load(p)));
  if ((~same & (load<i32>(node, MASK) >> 1)) != 0) return 0;
  const length = load<i32>(node, TEXT_LENGTH);
  return length <= 16 ? p + <usize>length - 1 : behindRest(node, p - 1, length);
}

/** Of a long key the rest is compared, too, and white space may come before the colon. */
function behindRest(node: usize, p: usize, length: i32): usize {
  if (!isSame(<usize>load<u32>(node, REST), p + 16, length - 17)) return 0;
  return behindColon(p + <usize>length - 1);
}

function behindColon(from: usize): usize {
  const p = load<u8>(from) == 0x3a ? from : behindWhite(from);
  return load<u8>(p) == 0x3a ? p + 1 : 0;
}

/**
 * Reads a key and finds its member: the expected one, one behind it, a wanted one, or a new one.
 * @param slot tells the expected one
 * @returns where its value begins, or white space; 0 when there is no key
 */
export function behindKey(p: usize, container: usize, slot: usize): usize {
  if (load<u8>(p) != 0x22) return 0;
  const key = p + 1;
  const quote = stopOf(key);
  if (load<u8>(quote) != 0x22) return 0;
  const end = quote + 1;
  const length = <i32>(end - key);
  if (!isAhead(key, length, slot) && !isWanted(key, length, container, slot))
    learnMember(key, length, container, slot);
  slotBehind = member == ANY ? slot : member + NEXT;
  return behindColon(end);
}

/** What the elements of an array are like. */
// @ts-ignore: decorator
@inline
export function elementOf(node: usize): usize {
  const element: usize = load<u32>(node, ELEMENT);
  return element != 0 ? element : learnElement(node);
}

/** So many members that were left out are passed over. */
const MOST_LEFT_OUT: i32 = 8;

function isAhead(key: usize, length: i32, slot: usize): bool {
  let node: usize = load<u32>(slot);
  for (let tries = 0; tries <= MOST_LEFT_OUT && node != 0; tries++) {
    if (isKeyOf(node, key, length)) {
      member = node;
      return true;
    }
    node = load<u32>(node, NEXT);
  }
  return false;
}

function isWanted(key: usize, length: i32, container: usize, slot: usize): bool {
  const first: usize = load<u32>(container, WANTED);
  const end = first + <usize>load<u32>(container, WANTED_COUNT) * NODE_SIZE;
  for (let node = first; node < end; node += NODE_SIZE) {
    if (!isKeyOf(node, key, length)) continue;
    member = node;
    if (load<u32>(node, IS_LINKED) == 0) link(node, slot);
    return true;
  }
  return false;
}

/** @param length with the closing quote */
function isKeyOf(node: usize, key: usize, length: i32): bool {
  const text = load<i32>(node, TEXT_LENGTH);
  // a comma and a quote before the key, and a colon behind it
  if (text != length + 3) return false;
  const same = i8x16.bitmask(i8x16.eq(v128.load(node, TEXT + 2), v128.load(key)));
  const mask = text <= 16 ? (1 << length) - 1 : 0x3fff;
  return (~same & mask) == 0 && (text <= 16 || isSame(<usize>load<u32>(node, REST), key + 14, length - 14));
}

function learnMember(key: usize, length: i32, container: usize, slot: usize): void {
  const mayBeWanted = load<u32>(container, WANTED_COUNT) != 0 && hasEscape(key, length);
  const needsCare = mayBeWanted || (isStrict && container == ROOT);
  member = container == ANY ? ANY : create();
  if (member == ANY) {
    if (needsCare) careIsNeeded = true;
    return;
  }
  const text = length + 3;
  store<u16>(member, 0x222c, TEXT);
  memory.copy(member + TEXT + 2, key, <usize>min(length, 14));
  if (text <= 16) store<u8>(member + TEXT + 2 + <usize>length, 0x3a);
  store<u32>(member, <u32>key + 14, REST);
  store<i32>(member, text, TEXT_LENGTH);
  store<i32>(member, text <= 16 ? (1 << text) - 1 : 0xffff, MASK);
  store<i32>(member, needsCare ? NEEDS_CARE : 0, FLAGS);
  link(member, slot);
}

function learnElement(node: usize): usize {
  const element = create();
  store<u32>(node, <u32>element, ELEMENT);
  return element;
}

/** @returns a node of which nothing is known yet; `ANY` when there is no room */
function create(): usize {
  if (free > LAST) return ANY;
  const node = free;
  free += NODE_SIZE;
  memory.fill(node, 0, NODE_SIZE);
  return node;
}

/** Lets the slot tell the node, and the node what the slot has told. */
function link(node: usize, slot: usize): void {
  if (slot == ANY + NEXT) return;
  store<u32>(node, load<u32>(slot), NEXT);
  store<u32>(node, 1, IS_LINKED);
  store<u32>(slot, <u32>node);
}

function isSame(a: usize, b: usize, length: i32): bool {
  for (let i = 0; i < length; i += 16)
    if (within(~i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))), length - i)) return false;
  return true;
}

function hasEscape(from: usize, length: i32): bool {
  for (let i = 0; i < length; i += 16)
    if (within(i8x16.bitmask(i8x16.eq(v128.load(from + i), i8x16.splat(0x5c))), length - i)) return true;
  return false;
}

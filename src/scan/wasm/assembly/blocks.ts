import { SPACES } from './bytes';

// Sixty-four bytes at a time: bit i of a mask speaks of byte i of the block.

// @ts-ignore: decorator
@inline
export function equalTo(p: usize, byte: v128): u64 {
  return joined(
    i8x16.eq(v128.load(p), byte),
    i8x16.eq(v128.load(p, 16), byte),
    i8x16.eq(v128.load(p, 32), byte),
    i8x16.eq(v128.load(p, 48), byte),
  );
}

/** As `equalTo`, for upper and lower case at once: `[` and `{` differ in that bit only, and so do `]` and `}`. */
// @ts-ignore: decorator
@inline
export function equalButCase(p: usize, byte: v128): u64 {
  const bit = v128.load(SPACES);
  return joined(
    i8x16.eq(v128.or(v128.load(p), bit), byte),
    i8x16.eq(v128.or(v128.load(p, 16), bit), byte),
    i8x16.eq(v128.or(v128.load(p, 32), bit), byte),
    i8x16.eq(v128.or(v128.load(p, 48), bit), byte),
  );
}

/** A bit for each byte of four comparisons. */
// @ts-ignore: decorator
@inline
export function joined(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = i8x16.bitmask(a) | (i8x16.bitmask(b) << 16);
  const high = i8x16.bitmask(c) | (i8x16.bitmask(d) << 16);
  return <u64>(<u32>low) | (<u64>(<u32>high) << 32);
}

/** The first of sixty-four bits, at least one of them. */
// @ts-ignore: decorator
@inline
export function firstBits(count: usize): u64 {
  return <u64>-1 >> (64 - count);
}

/** Bit i is the parity of the bits 0 to i: inside or outside, given the quotes. */
// @ts-ignore: decorator
@inline
export function prefixXor(mask: u64): u64 {
  let x = mask;
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  x ^= x << 32;
  return x;
}

const ODD: u64 = 0xaaaaaaaaaaaaaaaa;

/**
 * The backslashes with which an escape begins: every other one of a run of them (simdjson, `json_escape_scanner.h`).
 * What they escape is one place behind. `carry` is 1 when the block before ended in such a backslash.
 */
// @ts-ignore: decorator
@inline
export function escapesBegun(backslashes: u64, carry: u64): u64 {
  const open = backslashes & ~carry;
  const series = ((open << 1) | ODD) - open;
  return (series ^ ODD) & backslashes;
}

/** Fills what the last block has behind the bytes, with spaces. */
export function padBlock(end: usize): void {
  const spaces = i8x16.splat(0x20);
  v128.store(end, spaces);
  v128.store(end, spaces, 16);
  v128.store(end, spaces, 32);
  v128.store(end, spaces, 48);
}

/** Whether any of the first `bytes` of sixteen is in the mask. */
// @ts-ignore: decorator
@inline
export function within(mask: i32, bytes: i32): bool {
  return bytes >= 16 ? (mask & 0xffff) != 0 : (mask & ((1 << bytes) - 1)) != 0;
}

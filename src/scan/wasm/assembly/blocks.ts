import { SPACES } from './bytes';

// Sixty-four bytes at a time: bit i of a mask speaks of byte i of the block.

// @ts-ignore: decorator
@inline
export function equalTo(p: usize, byte: v128): u64 {
  return (
    bits(i8x16.eq(v128.load(p), byte)) |
    (bits(i8x16.eq(v128.load(p, 16), byte)) << 16) |
    (bits(i8x16.eq(v128.load(p, 32), byte)) << 32) |
    (bits(i8x16.eq(v128.load(p, 48), byte)) << 48)
  );
}

/** As `equalTo`, for upper and lower case at once: `[` and `{` differ in that bit only, and so do `]` and `}`. */
// @ts-ignore: decorator
@inline
export function equalButCase(p: usize, byte: v128): u64 {
  const bit = v128.load(SPACES);
  return (
    bits(i8x16.eq(v128.or(v128.load(p), bit), byte)) |
    (bits(i8x16.eq(v128.or(v128.load(p, 16), bit), byte)) << 16) |
    (bits(i8x16.eq(v128.or(v128.load(p, 32), bit), byte)) << 32) |
    (bits(i8x16.eq(v128.or(v128.load(p, 48), bit), byte)) << 48)
  );
}

// @ts-ignore: decorator
@inline
export function lessThan(p: usize, byte: v128): u64 {
  return (
    bits(i8x16.lt_u(v128.load(p), byte)) |
    (bits(i8x16.lt_u(v128.load(p, 16), byte)) << 16) |
    (bits(i8x16.lt_u(v128.load(p, 32), byte)) << 32) |
    (bits(i8x16.lt_u(v128.load(p, 48), byte)) << 48)
  );
}

/**
 * The bytes that are in a set, of which no two have the same low half: `byLowHalf` has each of them at its low half.
 * @param mask is set in each byte before it is compared
 */
// @ts-ignore: decorator
@inline
export function among(p: usize, byLowHalf: v128, mask: v128): u64 {
  return (
    isAmong(v128.load(p), byLowHalf, mask) |
    (isAmong(v128.load(p, 16), byLowHalf, mask) << 16) |
    (isAmong(v128.load(p, 32), byLowHalf, mask) << 32) |
    (isAmong(v128.load(p, 48), byLowHalf, mask) << 48)
  );
}

// @ts-ignore: decorator
@inline
function isAmong(bytes: v128, byLowHalf: v128, mask: v128): u64 {
  const found = i8x16.swizzle(byLowHalf, v128.and(bytes, i8x16.splat(0x0f)));
  return bits(i8x16.eq(found, v128.or(bytes, mask)));
}

/** The first of sixty-four bits, at least one of them. */
// @ts-ignore: decorator
@inline
export function firstBits(count: usize): u64 {
  return <u64>-1 >> (64 - count);
}

// @ts-ignore: decorator
@inline
export function bits(comparison: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(comparison));
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

const EVEN: u64 = 0x5555555555555555;

/**
 * The bytes behind a backslash that is not itself escaped: those behind an odd number of backslashes, of which the
 * block before may have had some. `carry` is 1 when it ended in such a backslash.
 */
// @ts-ignore: decorator
@inline
export function escapedBy(backslashes: u64, carry: u64): u64 {
  if (backslashes == 0) return carry;
  const open = backslashes & ~carry;
  const follows = (open << 1) | carry;
  const oddStarts = open & ~EVEN & ~follows;
  const inverted = (oddStarts + open) << 1;
  return (EVEN ^ inverted) & follows;
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

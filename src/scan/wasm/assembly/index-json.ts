import { among, equalTo, escapedBy, lessThan, padBlock, prefixXor } from './blocks';
import { INDEX, WINDOW } from './layout';

/**
 * Notes where the tokens of the window are: brackets, colons, commas, and where strings and scalars begin. This is the
 * first stage of simdjson (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019).
 * @returns how many there are; -1 when there is a control character, what is no escape, or a string that is not closed
 */
export function indexJson(length: i32): i32 {
  const STRUCTURE = i8x16(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0x3a, 0x7b, 0x2c, 0x7d, -1, 0);
  padBlock(WINDOW + length);
  let escapeCarry: u64 = 0;
  let stringCarry: u64 = 0;
  let scalarCarry: u64 = 0;
  let to = INDEX;

  for (let base: i32 = 0; base < length; base += 64) {
    const p = WINDOW + base;
    const backslashes = equalTo(p, i8x16.splat(0x5c));
    const escaped = escapedBy(backslashes, escapeCarry);
    const quotes = equalTo(p, i8x16.splat(0x22)) & ~escaped;
    const inside = prefixXor(quotes) ^ stringCarry;
    if (hasControl(p) && !areControlsWhite(p, inside)) return -1;
    escapeCarry = 0;
    if (backslashes != 0) {
      const escapes = backslashes & ~escaped;
      if (!areEscapes(p, escapes)) return -1;
      escapeCarry = escapes >> 63;
    }
    stringCarry = <u64>(<i64>inside >> 63);
    // a string that opens with the first byte of the block has its token there
    if (inside == -1 && quotes == 0) {
      scalarCarry = 0;
      continue;
    }

    const structure = among(p, STRUCTURE, i8x16.splat(0x20)) & ~inside;
    const scalars = ~(inside | structure | lessThan(p, i8x16.splat(0x21)) | quotes);
    let tokens = structure | (quotes & inside) | (scalars & ~((scalars << 1) | scalarCarry));
    scalarCarry = scalars >> 63;
    // more than there are may be written: what comes next is written over the rest
    const end = to + (<usize>popcnt(tokens) << 2);
    while (to < end) {
      store<u32>(to, base + <i32>ctz(tokens));
      tokens &= tokens - 1;
      store<u32>(to, base + <i32>ctz(tokens), 4);
      tokens &= tokens - 1;
      store<u32>(to, base + <i32>ctz(tokens), 8);
      tokens &= tokens - 1;
      store<u32>(to, base + <i32>ctz(tokens), 12);
      tokens &= tokens - 1;
      to += 16;
    }
    to = end;
  }
  for (let i: usize = 0; i < 4; i++) store<u32>(to + (i << 2), length);
  return stringCarry == 0 ? <i32>((to - INDEX) >> 2) : -1;
}

/** Whether what follows each backslash is an escape. Bytes behind the window do no harm: then its string is not closed. */
// @ts-ignore: decorator
@inline
function areEscapes(p: usize, backslashes: u64): bool {
  let left = backslashes;
  while (left != 0) {
    const at = p + <usize>ctz(left) + 1;
    left &= left - 1;
    const byte = load<u8>(at);
    if (byte == 0x75 ? !areHex(at + 1) : !isShortEscape(byte)) return false;
  }
  return true;
}

/** `"` and `/`, then those of `\bfnrt`, by their low six bits. */
// @ts-ignore: decorator
@inline
function isShortEscape(byte: u8): bool {
  return byte == 0x22 || byte == 0x2f || (byte >= 0x5c && ((LETTERS >> (byte - 0x5c)) & 1) != 0 && byte < 0x75);
}
const LETTERS: u32 = 1 | (1 << 0x06) | (1 << 0x0a) | (1 << 0x12) | (1 << 0x16) | (1 << 0x18);

/** Whether there are four hexadecimal digits. */
function areHex(from: usize): bool {
  for (let p = from; p < from + 4; p++) {
    const byte = load<u8>(p);
    if (byte - 0x30 > 9 && (byte | 0x20) - 0x61 > 5) return false;
  }
  return true;
}

/** Whether what is below a space is white space, and outside of strings. */
function areControlsWhite(p: usize, inside: u64): bool {
  const WHITE = i8x16(0x20, -1, -1, -1, -1, -1, -1, -1, -1, 0x09, 0x0a, -1, -1, 0x0d, -1, 0);
  return (lessThan(p, i8x16.splat(0x20)) & (inside | ~among(p, WHITE, i8x16.splat(0)))) == 0;
}

/** Whether any byte of the block is below a space. */
// @ts-ignore: decorator
@inline
function hasControl(p: usize): bool {
  const least = i8x16.min_u(
    i8x16.min_u(v128.load(p), v128.load(p, 16)),
    i8x16.min_u(v128.load(p, 32), v128.load(p, 48)),
  );
  return v128.any_true(i8x16.lt_u(least, i8x16.splat(0x20)));
}

import { escapesBegun, joined } from './blocks';
import { BACKSLASHES, CONTROLS, ESCAPES, LETTERS_R, LOW_HALVES, QUOTES } from './bytes';
import { INDEX, LONG_WINDOW_SIZE, WINDOW } from './layout';

/** Where the bits of the byte at address 0 would be: of what may end a string, and of what comes behind a backslash. */
const STOPS: usize = INDEX - (WINDOW >> 3);
const ESCAPED: usize = STOPS + LONG_WINDOW_SIZE / 8 + 128;

/** Whether an escape may have sixteen bits. */
export let hasUnits: bool = false;

/**
 * Marks what may end a string in the window: quotes that are not escaped, control characters, and what no escape may have
 * behind its backslash. Bit i speaks of byte i (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019).
 */
export function indexStrings(end: usize): void {
  hasUnits = false;
  let carry: u64 = 0;
  for (let p = WINDOW; p <= end + 1; p += 64) {
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const backslash = v128.load(BACKSLASHES);
    const backslashes = joined(i8x16.eq(a, backslash), i8x16.eq(b, backslash), i8x16.eq(c, backslash), i8x16.eq(d, backslash));
    const stops = joined(stopsOf(a), stopsOf(b), stopsOf(c), stopsOf(d));
    const begins = escapesBegun(backslashes, carry);
    const escaped = (begins << 1) | carry;
    carry = begins >> 63;
    const strange = escaped & ~joined(areShort(a), areShort(b), areShort(c), areShort(d));
    const wrong = strange == 0 ? 0 : wrongOf(p, strange);
    store<u64>((p >> 3) + STOPS, (stops & ~escaped) | wrong);
    store<u64>((p >> 3) + ESCAPED, escaped);
  }
}

/**
 * Whoever asks looks whether it is a quote, and leaves when it is not: so a processor goes on before it has read the byte.
 * @param from first byte inside the quotes
 * @returns where the closing quote is, or what no string may have
 */
// @ts-ignore: decorator
@inline
export function stopOf(from: usize): usize {
  let p = from;
  let stops = load<u64>((p >> 3) + STOPS) >> (p & 7);
  while (stops == 0) {
    p = (p & ~7) + 64;
    stops = load<u64>((p >> 3) + STOPS);
  }
  return p + <usize>ctz(stops);
}

/** So many bits are certain. */
export const MOST_BITS: usize = 57;

/** @returns which of the bytes from `p` on come behind a backslash that begins an escape */
// @ts-ignore: decorator
@inline
export function escapedFrom(p: usize): u64 {
  return load<u64>((p >> 3) + ESCAPED) >> (p & 7);
}

/** Quotes and control characters. */
// @ts-ignore: decorator
@inline
function stopsOf(bytes: v128): v128 {
  return v128.or(i8x16.eq(bytes, v128.load(QUOTES)), i8x16.eq(i8x16.min_u(bytes, v128.load(CONTROLS)), bytes));
}

/** The bytes that may follow a backslash, without `u`. */
// @ts-ignore: decorator
@inline
function areShort(bytes: v128): v128 {
  // of `bfnt`, the slash and the backslash no two have the same low half
  const most = i8x16.eq(i8x16.swizzle(v128.load(ESCAPES), v128.and(bytes, v128.load(LOW_HALVES))), bytes);
  return v128.or(most, v128.or(i8x16.eq(bytes, v128.load(QUOTES)), i8x16.eq(bytes, v128.load(LETTERS_R))));
}

/** Those that are no `u` with four hexadecimal digits. */
function wrongOf(p: usize, letters: u64): u64 {
  hasUnits = true;
  let wrong: u64 = 0;
  for (let rest = letters; rest != 0; rest &= rest - 1) {
    const letter = p + <usize>ctz(rest);
    if (load<u8>(letter) != 0x75 || !areHex(letter + 1)) wrong |= rest & -rest;
  }
  return wrong;
}

/** Whether there are four hexadecimal digits. */
function areHex(from: usize): bool {
  for (let p = from; p < from + 4; p++) {
    const byte = load<u8>(p);
    if (byte - 0x30 > 9 && (byte | 0x20) - 0x61 > 5) return false;
  }
  return true;
}

import { equalTo, firstBits } from './blocks';
import { LETTERS_U } from './bytes';
import { hasUnits } from './index-strings';

// Strings of JSON: how far they may be copied, and what their escapes mean.

/** How many bytes may be copied together: up to an escape of sixteen bits, or one that is not whole. */
// @ts-ignore: decorator
@inline
export function untilEscape(from: usize, size: usize, escaped: u64): usize {
  const whole = size - <usize>((escaped >> size) & 1);
  if (!hasUnits) return whole;
  const units = escaped & firstBits(whole) & equalTo(from, v128.load(LETTERS_U));
  return units == 0 ? whole : <usize>ctz(units) - 1;
}

// @ts-ignore: decorator
@inline
export function copyBlock(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

/** Copies what holds nothing that means anything. */
// @ts-ignore: decorator
@inline
export function copyPlain(from: usize, length: usize, to: usize): usize {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  for (let i: usize = 32; i < length; i += 16) v128.store(to + i, v128.load(from + i));
  return to + length;
}

/** Bytes of the escape that was read last. */
export let escapeLength: usize = 0;

/** The character that an escape of sixteen bits stands for, and in `escapeLength` its bytes; -1 when it is half of a surrogate pair. */
export function unescape(at: usize): i32 {
  const unit = hex4(at + 2);
  escapeLength = 6;
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  if (unit > 0xdbff || load<u16>(at, 6) != 0x755c) return -1;
  const low = hex4(at + 8);
  if (low < 0xdc00 || low > 0xdfff) return -1;
  escapeLength = 12;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

function hex4(at: usize): i32 {
  let value = 0;
  for (let i: usize = 0; i < 4; i++) {
    const digit = <i32>load<u8>(at + i);
    value = (value << 4) | ((digit & 15) + (digit >> 6) * 9);
  }
  return value;
}

export function putUtf8(character: i32, to: usize): usize {
  if (character < 0x80) {
    store<u8>(to, <u8>character);
    return to + 1;
  }
  if (character < 0x800) {
    store<u8>(to, <u8>(0xc0 | (character >> 6)));
    store<u8>(to, <u8>(0x80 | (character & 63)), 1);
    return to + 2;
  }
  if (character < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (character >> 12)));
    store<u8>(to, <u8>(0x80 | ((character >> 6) & 63)), 1);
    store<u8>(to, <u8>(0x80 | (character & 63)), 2);
    return to + 3;
  }
  store<u8>(to, <u8>(0xf0 | (character >> 18)));
  store<u8>(to, <u8>(0x80 | ((character >> 12) & 63)), 1);
  store<u8>(to, <u8>(0x80 | ((character >> 6) & 63)), 2);
  store<u8>(to, <u8>(0x80 | (character & 63)), 3);
  return to + 4;
}

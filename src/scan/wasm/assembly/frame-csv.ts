import { equalTo, padBlock, prefixXor } from './blocks';
import { FEEDS, RETURNS } from './bytes';
import { ESCAPED, FIELD_START, QUOTED, QUOTE_SEEN, RECORD_START, UNQUOTED } from './csv-states';
import { ENDS, STARTS, STATE, WINDOW } from './layout';

const NONE: i32 = i32.MIN_VALUE;

let count: i32 = 0;
let place: i32 = 0;
let start: i32 = 0;
let opened: i32 = 0;
let misplaced: i32 = 0;
let delimiter: i32 = 0;
let quote: i32 = 0;
let escape: i32 = 0;
let isDoubled: bool = false;
let shift: i32 = 0;

/** Finds the records that end in the first `length` bytes of the window; `by` is added to each offset that is written. */
export function frameCsv(length: i32, by: i32): void {
  place = load<i32>(STATE, 0);
  start = load<i32>(STATE, 4);
  opened = load<i32>(STATE, 8);
  misplaced = load<i32>(STATE, 12);
  delimiter = load<i32>(STATE, 16);
  quote = load<i32>(STATE, 20);
  escape = load<i32>(STATE, 24);
  isDoubled = load<i32>(STATE, 28) != 0;
  shift = by;
  count = 0;
  padBlock(WINDOW + length);

  for (let base: i32 = 0; base < length; base += 64) {
    const n = min(64, length - base);
    if (!frameBlock(base, n)) for (let i = base; i < base + n; i++) step(<i32>load<u8>(WINDOW + i), i);
  }
  if (place == RECORD_START) start = length;

  store<i32>(STATE, place, 0);
  store<i32>(STATE, start - length, 4);
  store<i32>(STATE, opened - length, 8);
  store<i32>(STATE, misplaced == NONE ? NONE : misplaced - length, 12);
  store<i32>(STATE, count, 32);
}

/** @returns false, having changed nothing, when the block has quotes that only the loop over its bytes can tell */
function frameBlock(base: i32, n: i32): bool {
  const p = WINDOW + base;
  const valid: u64 = n < 64 ? ((<u64>1) << n) - 1 : -1;
  const breaks = (equalTo(p, v128.load(FEEDS)) | equalTo(p, v128.load(RETURNS))) & valid;
  const quotes = quote < 0 ? 0 : equalTo(p, i8x16.splat(<i8>quote)) & valid;
  let inside: u64 = place == QUOTED ? -1 : 0;
  let lastOpened: i32 = opened;

  if (place == ESCAPED || (escape >= 0 && equalTo(p, i8x16.splat(<i8>escape)) & valid)) return false;
  if (quotes != 0 || place == QUOTE_SEEN) {
    inside ^= prefixXor(quotes);
    const separators = (equalTo(p, i8x16.splat(<i8>delimiter)) & valid) | breaks;
    const opens = quotes & inside;
    const closes = quotes & ~inside;
    const atStart: u64 = place == RECORD_START || place == FIELD_START ? 1 : 0;
    const behindClose = (closes << 1) | (place == QUOTE_SEEN ? 1 : 0);
    const doubled: u64 = isDoubled ? opens & behindClose : 0;
    const fresh = opens & ~doubled;
    if (fresh & ~((separators << 1) | atStart)) return false;
    // what follows the last byte is not known yet
    if (behindClose & valid & ~(separators | doubled)) return false;
    if (fresh != 0) lastOpened = base + 63 - <i32>clz(fresh);
  }
  opened = lastOpened;

  let ends = breaks & ~inside;
  if (place == RECORD_START) {
    start = base;
    misplaced = NONE;
  }
  while (ends != 0) {
    const end = base + <i32>ctz(ends);
    ends &= ends - 1;
    if (end > start) add(end);
    start = end + 1;
    misplaced = NONE;
  }

  const last = n - 1;
  if ((inside >> last) & 1) place = QUOTED;
  else if ((quotes >> last) & 1) place = QUOTE_SEEN;
  else if ((breaks >> last) & 1) place = RECORD_START;
  else place = <i32>load<u8>(p + last) == delimiter ? FIELD_START : UNQUOTED;
  return true;
}

function step(byte: i32, at: i32): void {
  if (place == RECORD_START) {
    if (isBreak(byte)) return;
    start = at;
    misplaced = NONE;
  }
  if (place == RECORD_START || place == FIELD_START) {
    if (byte == quote) {
      place = QUOTED;
      opened = at;
    } else endField(byte, at);
  } else if (place == UNQUOTED) {
    if (byte == delimiter || isBreak(byte)) endField(byte, at);
  } else if (place == QUOTED) {
    goOnQuoted(byte);
  } else if (place == ESCAPED) {
    place = QUOTED;
  } else if (isDoubled && byte == quote) {
    place = QUOTED;
  } else if (byte == delimiter || isBreak(byte) || byte == 0) {
    endField(byte, at);
  } else {
    if (misplaced == NONE) misplaced = at - 1;
    place = QUOTED;
    goOnQuoted(byte);
  }
}

function goOnQuoted(byte: i32): void {
  if (byte == escape) place = ESCAPED;
  else if (byte == quote) place = QUOTE_SEEN;
}

function endField(byte: i32, at: i32): void {
  if (byte == delimiter) place = FIELD_START;
  else if (isBreak(byte)) {
    add(at);
    place = RECORD_START;
    start = at + 1;
  } else place = UNQUOTED;
}

// @ts-ignore: decorator
@inline
function isBreak(byte: i32): bool {
  return byte == 0x0a || byte == 0x0d;
}

// @ts-ignore: decorator
@inline
function add(end: i32): void {
  store<i32>(STARTS + (count << 2), start + shift);
  store<i32>(ENDS + (count << 2), end + shift);
  count++;
}

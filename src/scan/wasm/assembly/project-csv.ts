import { equalTo, prefixXor } from './blocks';
import { COLUMNS, ENDS, INDEX, OUT, OUT_SIZE, STARTS, STATE, WINDOW } from './layout';
import { putCopyField, putCsvField } from './csv-text';
import { MISSING, STRING } from './walk-json';

// Layouts of rows as the host numbers them.
const COPY_TEXT: i32 = 0;

const LINE_FEED: i32 = 0x0a;
/** Bytes of an entry that says where a delimiter is. */
const ENTRY: usize = 4;
/** Three numbers tell of a field: its first byte, the byte behind its last one, and what it is. */
const PLACE_SIZE: usize = 12;

/** The first delimiter that is not known to lie before the next record. */
let entry: usize = 0;

/**
 * Notes the delimiters outside of quotes in the first `length` bytes of the window, which begin with a record and end
 * with one.
 * @returns false when a quote is where RFC 4180 has none: then nothing is known of any record
 */
export function indexCsv(length: i32, delimiter: i32, quote: i32): bool {
  const breaks = i8x16.splat(<i8>LINE_FEED);
  // what is behind the last record ends it
  for (let i: usize = 0; i < 64; i += 16) v128.store(WINDOW + <usize>length + i, breaks);
  entry = INDEX;
  let to = INDEX;
  /** All bits when the next block begins inside quotes. */
  let inside: u64 = 0;
  /** 1 when it begins behind a quote that closed, or was the first of two. */
  let behindClose: u64 = 0;
  /** 1 when it begins where a field does. */
  let atStart: u64 = 1;

  for (let base: i32 = 0; base <= length; base += 64) {
    const p = WINDOW + <usize>base;
    let delimiters = equalTo(p, i8x16.splat(<i8>delimiter));
    const quotes = quote < 0 ? 0 : equalTo(p, i8x16.splat(<i8>quote));
    if ((quotes | inside | behindClose) != 0) {
      const within = inside ^ prefixXor(quotes);
      const opens = quotes & within;
      const closes = quotes & ~within;
      const lineEnds = equalTo(p, breaks) | equalTo(p, i8x16.splat(0x0d));
      const follows = (closes << 1) | behindClose;
      const doubled = opens & follows;
      const separators = delimiters | lineEnds;
      if ((opens & ~doubled & ~((separators << 1) | atStart)) != 0) return false;
      if ((follows & ~(separators | doubled)) != 0) return false;
      delimiters &= ~within;
      inside = <u64>((<i64>within) >> 63);
      behindClose = closes >> 63;
    }
    const last = <i32>load<u8>(p, 63);
    atStart = last == delimiter || last == LINE_FEED || last == 0x0d ? 1 : 0;
    while (delimiters != 0) {
      store<i32>(to, base + <i32>ctz(delimiters));
      delimiters &= delimiters - 1;
      to += ENTRY;
    }
  }
  store<i32>(to, i32.MAX_VALUE);
  return inside == 0;
}

/**
 * Of the records whose offsets are at STARTS and ENDS, writes the indexes of those with other than `width` fields to STARTS.
 * @returns how many these are
 */
export function checkCsv(count: i32, shift: i32, width: i32): i32 {
  let found: i32 = 0;
  for (let index: i32 = 0; index < count; index++) {
    if (enterRecord(index, shift) == width) continue;
    store<i32>(STARTS + (<usize>found << 2), index);
    found++;
  }
  return found;
}

/**
 * Writes rows of the records whose offsets are at STARTS and ENDS, and the number of their bytes to STATE.
 * @param index of the record to begin with
 * @returns the index behind the last row: less than `count` when only a decoder can make the next one, or there is no
 * room for it
 */
export function projectCsv(
  index: i32,
  count: i32,
  shift: i32,
  layout: i32,
  outDelimiter: i32,
  delimiter: i32,
  quote: i32,
  columns: i32,
  isCast: bool,
): i32 {
  /** Where the output is divided as the input is, a field without quotes needs none. */
  const isSame = outDelimiter == delimiter && quote == 0x22;
  let to = OUT;
  for (; index < count; index++) {
    if (!hasRoom(to, index, columns)) break;
    const fields = enterRecord(index, shift);
    const begin = to;
    for (let column = 0; column < columns; column++) {
      if (column > 0) store<u8>(to++, <u8>outDelimiter);
      locate(column, fields);
      to =
        layout == COPY_TEXT
          ? putCopyField(from, until, to, quote, isCast)
          : putCsvField(from, until, to, quote, isCast, <u8>outDelimiter, isSame);
      if (to == 0) break;
    }
    if (to == 0) {
      to = begin;
      // it may be tried again, as the first one
      entry = first;
      break;
    }
    // one empty field alone would be a blank line
    if (layout != COPY_TEXT && columns == 1 && to == begin) {
      store<u16>(to, 0x2222);
      to += 2;
    }
    store<u8>(to++, <u8>LINE_FEED);
  }
  store<i32>(STATE, <i32>(to - OUT));
  return index;
}

/**
 * Writes where the columns of the records are, without the quotes around them, and what they are.
 * @param index of the record to begin with
 * @returns the index behind the last of them: less than `count` when there is no room
 */
export function locateCsv(index: i32, count: i32, shift: i32, quote: i32, columns: i32): i32 {
  let to = OUT;
  for (; index < count && to - OUT + PLACE_SIZE * <usize>columns <= OUT_SIZE; index++) {
    const fields = enterRecord(index, shift);
    for (let column = 0; column < columns; column++) {
      locate(column, fields);
      const isQuoted: usize = from < until && <i32>load<u8>(from) == quote ? 1 : 0;
      store<i32>(to, <i32>(from + isQuoted - WINDOW) + shift);
      store<i32>(to, <i32>(until - isQuoted - WINDOW) + shift, 4);
      store<i32>(to, from == 0 ? MISSING : STRING, 8);
      to += PLACE_SIZE;
    }
  }
  return index;
}

let start: i32 = 0;
let end: i32 = 0;
/** The delimiter behind the first field of the record. */
let first: usize = 0;

/** Goes on to a record, which lies behind the last one. @returns how many fields it has */
function enterRecord(index: i32, shift: i32): i32 {
  start = load<i32>(STARTS + (<usize>index << 2)) - shift;
  end = load<i32>(ENDS + (<usize>index << 2)) - shift;
  while (load<i32>(entry) < start) entry += ENTRY;
  first = entry;
  while (load<i32>(entry) < end) entry += ENTRY;
  return <i32>((entry - first) >> 2) + 1;
}

/** Where the field is; 0 when the record has none. */
let from: usize = 0;
let until: usize = 0;

// @ts-ignore: decorator
@inline
function locate(column: i32, fields: i32): void {
  const field = load<i32>(COLUMNS + (<usize>column << 2));
  if (field < 0 || field >= fields) {
    from = 0;
    until = 0;
    return;
  }
  const behind = first + (<usize>field << 2);
  from = WINDOW + <usize>(field == 0 ? start : load<i32>(behind - ENTRY) + 1);
  until = WINDOW + <usize>(field == fields - 1 ? end : load<i32>(behind));
}

/** A byte becomes two at most, and each field has a delimiter, two quotes, and room for a block of copied bytes. */
function hasRoom(to: usize, index: i32, columns: i32): bool {
  const at = <usize>index << 2;
  const length = <usize>(load<i32>(ENDS + at) - load<i32>(STARTS + at));
  return to - OUT + 2 * length * <usize>columns + 64 * <usize>columns <= OUT_SIZE;
}

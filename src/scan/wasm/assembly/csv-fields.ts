import { equalTo, prefixXor } from './blocks';
import { COLUMNS, ENDS, INDEX, STARTS, WINDOW } from './layout';

const LINE_FEED: i32 = 0x0a;
/** Bytes of an entry that says where a delimiter is. */
const ENTRY: usize = 4;

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

let start: i32 = 0;
let end: i32 = 0;
/** The delimiter behind the first field of the record. */
let first: usize = 0;

/** Goes on to a record, which lies behind the last one. @returns how many fields it has */
export function enterRecord(index: i32, shift: i32): i32 {
  start = load<i32>(STARTS + (<usize>index << 2)) - shift;
  end = load<i32>(ENDS + (<usize>index << 2)) - shift;
  while (load<i32>(entry) < start) entry += ENTRY;
  first = entry;
  while (load<i32>(entry) < end) entry += ENTRY;
  return <i32>((entry - first) >> 2) + 1;
}

/** The record may be entered again, as the first one. */
export function leaveRecord(): void {
  entry = first;
}

/** Where the field is, with its quotes; 0 when the record has none. */
export let from: usize = 0;
export let until: usize = 0;

/** Finds the field of a column in the record that was entered. @param fields how many it has */
// @ts-ignore: decorator
@inline
export function locate(column: i32, fields: i32): void {
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

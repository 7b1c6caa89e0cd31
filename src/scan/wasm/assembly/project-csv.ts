import { enterRecord, from, leaveRecord, locate, until } from './csv-fields';
import { putCopyField, putCsvField } from './csv-text';
import { ENDS, OUT, OUT_SIZE, STARTS, STATE, WINDOW } from './layout';
import { MISSING, STRING } from './walk-json';

// Layouts of rows as the host numbers them.
const COPY_TEXT: i32 = 0;

const LINE_FEED: u8 = 0x0a;
/** Three numbers tell of a field: its first byte, the byte behind its last one, and what it is. */
const PLACE_SIZE: usize = 12;

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
      leaveRecord();
      break;
    }
    // one empty field alone would be a blank line
    if (layout != COPY_TEXT && columns == 1 && to == begin) {
      store<u16>(to, 0x2222);
      to += 2;
    }
    store<u8>(to++, LINE_FEED);
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

/** A byte becomes two at most, and each field has a delimiter, two quotes, and room for a block of copied bytes. */
function hasRoom(to: usize, index: i32, columns: i32): bool {
  const at = <usize>index << 2;
  const length = <usize>(load<i32>(ENDS + at) - load<i32>(STARTS + at));
  return to - OUT + 2 * length * <usize>columns + 64 * <usize>columns <= OUT_SIZE;
}

import { DELIMITERS } from './bytes';
import { COLUMNS, ENDS, FIELDS, OUT, OUT_SIZE, STATE, WINDOW } from './layout';
import { copyCopyText } from './json-to-copy';
import { copyCsv } from './json-to-csv';
import { FIELD_SIZE, NEEDS_DECODER } from './walk-json';

// Layouts of rows as the host numbers them.
const COPY_TEXT: i32 = 0;

/**
 * Writes rows of records whose fields are noted, where each ends to ENDS, and the number of their bytes to STATE.
 * @param first record, counted from that whose fields come first
 * @param shift is taken off each offset
 * @returns how many rows there are: less when only a decoder can make the next one, or when there is no room for it
 */
export function putRows(
  first: i32,
  count: i32,
  shift: i32,
  layout: i32,
  delimiter: i32,
  fieldCount: i32,
  columns: i32,
): i32 {
  const rowSize = <usize>fieldCount * FIELD_SIZE;
  memory.fill(DELIMITERS, <u8>delimiter, 16);
  let fields = FIELDS + <usize>first * rowSize;
  let to = OUT;
  let index: i32 = 0;
  for (; index < count; index++) {
    if (load<i32>(fields, 8) == NEEDS_DECODER) break;
    if (to + mostBytes(fields, columns) > OUT + OUT_SIZE) break;
    const next = putRow(fields, to, shift, layout, <u8>delimiter, columns);
    if (next == 0) break;
    to = next;
    store<i32>(ENDS + (<usize>index << 2), <i32>(to - OUT));
    fields += rowSize;
  }
  store<i32>(STATE, <i32>(to - OUT));
  return index;
}

/** A byte becomes two at most, and each field has a delimiter, two quotes, and room for a block of copied bytes. */
function mostBytes(fields: usize, columns: i32): usize {
  let bytes: usize = 0;
  for (let column = 0; column < columns; column++) bytes += load<u32>(fieldOf(fields, column), 4);
  return 2 * bytes + 64 * <usize>columns;
}

/** @returns where the row ends; 0 when it cannot be written */
function putRow(fields: usize, from: usize, shift: i32, layout: i32, delimiter: u8, columns: i32): usize {
  let to = from;
  for (let column = 0; column < columns; column++) {
    if (column > 0) store<u8>(to++, delimiter);
    const field = fieldOf(fields, column);
    const value = WINDOW + <usize>(load<i32>(field) - shift);
    const size = load<u32>(field, 4);
    const kind = load<i32>(field, 8);
    to = layout == COPY_TEXT ? copyCopyText(value, size, kind, to) : copyCsv(value, size, kind, to, delimiter);
    if (to == 0) return 0;
  }
  // one empty field alone would be a blank line
  if (layout != COPY_TEXT && columns == 1 && to == from) {
    store<u16>(to, 0x2222);
    to += 2;
  }
  store<u8>(to, 0x0a);
  return to + 1;
}

/** The field of a column. */
// @ts-ignore: decorator
@inline
function fieldOf(fields: usize, column: i32): usize {
  return fields + <usize>load<u32>(COLUMNS + (<usize>column << 2)) * FIELD_SIZE;
}

/** Where the next byte of CSV is. */
export const C = {
  /** At the beginning of a record: nothing of it has been seen. */
  recordStart: 0,
  /** At the beginning of a field that is not the first of its record. */
  fieldStart: 1,
  unquoted: 2,
  quoted: 3,
  /** Behind an escape byte (other than the quote) in a quoted field. */
  escaped: 4,
  /** Behind a quote in a quoted field: its end, or half of a doubled quote. */
  quoteSeen: 5,
} as const;

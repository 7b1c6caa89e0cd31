// Where things lie in the memory. The host reads these from the exports.

/** Numbers that the host writes before a call and reads after it. */
export const STATE: usize = 2_048;
/** Sixteen bytes each: what others are compared with, and tables. */
export const BYTES: usize = 3_072;
/** What may follow which byte in JSON, copied in by the host. */
export const TABLE: usize = 4_096;
/** What is open in a record that is walked over. */
export const STACK: usize = 16_384;
export const STACK_SIZE: i32 = 49_152;
/** The bytes to be scanned, then room to fill the last block with spaces. */
export const WINDOW: usize = 65_536;
/** Most bytes that are framed at once. */
export const WINDOW_SIZE: i32 = 131_072;
/** Most bytes that are checked or projected at once: of one record that is so long. */
export const LONG_WINDOW_SIZE: i32 = 1_048_576;
/** Where the records begin and end. There are never more of them than bytes that are framed. */
export const STARTS: usize = WINDOW + <usize>LONG_WINDOW_SIZE + 128;
export const ENDS: usize = STARTS + WINDOW_SIZE * 4;
/**
 * Where the window has what divides records of CSV, and a few that mean its end; or, a bit for each of its bytes, what
 * may end a string of JSON.
 */
export const INDEX: usize = ENDS + WINDOW_SIZE * 4;

// What walks over records and projects them has memory of its own behind all that.

/** What is known of the values of records: first the nodes that the host writes. */
export const NODES: usize = INDEX + <usize>LONG_WINDOW_SIZE * 4 + 64;
export const NODES_SIZE: i32 = 131_072;
/** Index of the field of each column. */
export const COLUMNS: usize = NODES + <usize>NODES_SIZE;
export const COLUMNS_SIZE: i32 = 16_384;
/** The bytes of the wanted keys. */
export const KEYS: usize = COLUMNS + <usize>COLUMNS_SIZE;
export const KEYS_SIZE: i32 = 65_536;
/** Where the wanted fields of records are. */
export const FIELDS: usize = KEYS + <usize>KEYS_SIZE;
export const FIELDS_SIZE: i32 = 524_288;
/** Rows. */
export const OUT: usize = FIELDS + <usize>FIELDS_SIZE;
export const OUT_SIZE: usize = 2_097_152;
/** Which of eight bytes stay when some are left out, for each choice: eight bytes of the table. */
export const PLACES: usize = OUT + OUT_SIZE + 128;

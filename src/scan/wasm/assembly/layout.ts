// Where things lie in the memory. The host reads these from the exports.

/** Numbers that the host writes before a call and reads after it. */
export const STATE: usize = 1_024;
/** What may follow which byte in JSON, copied in by the host. */
export const TABLE: usize = 4_096;
/** One byte for each thing that is open in a record under validation. */
export const STACK: usize = 32_768;
export const STACK_SIZE: i32 = 32_768;
/** The bytes to be scanned, then room to fill the last block with spaces. */
export const WINDOW: usize = 65_536;
/** Most bytes that are framed at once. */
export const WINDOW_SIZE: i32 = 131_072;
/** Most bytes that are checked or projected at once: of one record that is so long. */
export const LONG_WINDOW_SIZE: i32 = 1_048_576;
/** Where the records begin and end. There are never more of them than bytes that are framed. */
export const STARTS: usize = WINDOW + <usize>LONG_WINDOW_SIZE + 128;
export const ENDS: usize = STARTS + WINDOW_SIZE * 4;
/** Where the window has tokens of JSON, and a few that mean its end. */
export const INDEX: usize = ENDS + WINDOW_SIZE * 4;

// Projection has memory of its own behind all that.

/** The keys that are wanted, then the field of each column. */
export const NODES: usize = INDEX + <usize>LONG_WINDOW_SIZE * 4 + 64;
export const NODES_SIZE: i32 = 65_536;
/** The bytes of the keys. */
export const KEYS: usize = NODES + <usize>NODES_SIZE + 16_384;
export const KEYS_SIZE: i32 = 65_536;
/** Where each wanted field of a record is. */
export const FIELDS: usize = KEYS + <usize>KEYS_SIZE;
export const FIELDS_SIZE: i32 = 65_536;
/** Rows. */
export const OUT: usize = FIELDS + <usize>FIELDS_SIZE;
export const OUT_SIZE: usize = 2_097_152;

import { BYTES } from './layout';

// Sixteen times a byte each. An engine loads them with one instruction, but takes three to make them, wherever they are used.
export const QUOTES: usize = BYTES;
export const BACKSLASHES: usize = BYTES + 16;
/** The largest control character. */
export const CONTROLS: usize = BYTES + 32;
export const POINTS: usize = BYTES + 48;
export const ONES: usize = BYTES + 64;
export const ELEVENS: usize = BYTES + 80;
export const OPENINGS: usize = BYTES + 96;
export const CLOSINGS: usize = BYTES + 112;
export const SPACES: usize = BYTES + 128;
export const EXPONENTS: usize = BYTES + 144;
export const ZEROS: usize = BYTES + 160;
export const NINES: usize = BYTES + 176;
export const FEEDS: usize = BYTES + 192;
export const RETURNS: usize = BYTES + 208;
export const COMMAS: usize = BYTES + 224;
export const SLASHES: usize = BYTES + 240;
export const LETTERS_N: usize = BYTES + 256;
export const LETTERS_R: usize = BYTES + 272;
export const LETTERS_U: usize = BYTES + 288;
export const LOW_HALVES: usize = BYTES + 304;
/** What a projection puts between columns. */
export const DELIMITERS: usize = BYTES + 320;

// Tables of sixteen bytes.
/** What may follow a backslash, at its low half; but for a quote, `r` and `u`. */
export const ESCAPES: usize = BYTES + 336;
/** What an escape means, at the low half of its letter and of a fourth of it added without carries; but for a quote. */
export const MEANINGS: usize = BYTES + 352;
/** Which of two bytes has the bit of each of sixteen, and which of its bits it is. */
export const BYTE_OF_EACH: usize = BYTES + 368;
export const BIT_OF_EACH: usize = BYTES + 384;
/** Eight for each of the last eight. */
export const SECOND_EIGHT: usize = BYTES + 400;

memory.fill(QUOTES, 0x22, 16);
memory.fill(BACKSLASHES, 0x5c, 16);
memory.fill(CONTROLS, 0x1f, 16);
memory.fill(POINTS, 0x2e, 16);
memory.fill(ONES, 1, 16);
memory.fill(ELEVENS, 11, 16);
memory.fill(OPENINGS, 0x7b, 16);
memory.fill(CLOSINGS, 0x7d, 16);
memory.fill(SPACES, 0x20, 16);
memory.fill(EXPONENTS, 0x65, 16);
memory.fill(ZEROS, 0x30, 16);
memory.fill(NINES, 9, 16);
memory.fill(FEEDS, 10, 16);
memory.fill(RETURNS, 0xd, 16);
memory.fill(COMMAS, 0x2c, 16);
memory.fill(SLASHES, 0x2f, 16);
memory.fill(LETTERS_N, 0x6e, 16);
memory.fill(LETTERS_R, 0x72, 16);
memory.fill(LETTERS_U, 0x75, 16);
memory.fill(LOW_HALVES, 0x0f, 16);

v128.store(ESCAPES, i8x16(-1, -1, 0x62, -1, 0x74, -1, 0x66, -1, -1, -1, -1, -1, 0x5c, -1, 0x6e, 0x2f));
v128.store(MEANINGS, i8x16(-1, -1, -1, -1, 0x2f, 0x0a, -1, -1, -1, 0x09, 0x08, 0x5c, -1, -1, 0x0d, 0x0c));
v128.store(BYTE_OF_EACH, i64x2(0, 0x0101010101010101));
v128.store(BIT_OF_EACH, i64x2(0x8040201008040201, 0x8040201008040201));
v128.store(SECOND_EIGHT, i64x2(0, 0x0808080808080808));

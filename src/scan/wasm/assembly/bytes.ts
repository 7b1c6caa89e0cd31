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

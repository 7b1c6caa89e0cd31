import { BYTES } from './layout';

// Sixteen times a byte each. An engine loads them with one instruction, but takes three to make them, wherever they are used.
export const QUOTES: usize = BYTES;
export const BACKSLASHES: usize = BYTES + 16;
/** The largest control character. */
export const CONTROLS: usize = BYTES + 32;
export const POINTS: usize = BYTES + 48;
export const ONES: usize = BYTES + 64;
export const ELEVENS: usize = BYTES + 80;

memory.fill(QUOTES, 0x22, 16);
memory.fill(BACKSLASHES, 0x5c, 16);
memory.fill(CONTROLS, 0x1f, 16);
memory.fill(POINTS, 0x2e, 16);
memory.fill(ONES, 1, 16);
memory.fill(ELEVENS, 11, 16);

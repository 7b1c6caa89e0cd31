import { ScanError } from '../engine.ts';
import { A, S, TABLE } from './table.ts';

/** Why a byte cannot come in a state of the grammar. @param closes the bracket that would end what is open */
export function reasonFor(state: number, byte: number, closes: ']' | '}' | undefined): string {
  return `${expectation(state, closes)}, got ${showByte(byte)}`;
}

/** The error for a byte that cannot come in a state of the grammar. */
export function unexpected(
  state: number,
  byte: number,
  offset: number,
  closes: ']' | '}' | undefined,
): ScanError {
  return TABLE[(state << 8) | byte] === A.utf8
    ? new ScanError('utf8', offset, NOT_UTF8)
    : new ScanError('syntax', offset, reasonFor(state, byte, closes));
}

export const NOT_UTF8 = 'Not valid UTF-8';

export function tooDeep(maxDepth: number): string {
  return `Nested deeper than ${maxDepth} levels`;
}

/** `"x"` for a printable character, else `byte 0x1f`. */
export function showByte(byte: number): string {
  return byte > 0x20 && byte < 0x7f
    ? `'${String.fromCharCode(byte)}'`
    : `byte 0x${byte.toString(16).padStart(2, '0')}`;
}

function expectation(state: number, closes: ']' | '}' | undefined): string {
  if (state === S.next) return `Expected , or ${closes ?? 'the end'}`;
  if (state >= S.hex4 && state <= S.hex1) return 'Expected four hexadecimal digits after \\u';
  if (state >= S.literal) return 'Expected true, false or null';
  if (state >= S.minus) return 'Expected a digit';
  return EXPECTED[state] ?? NOT_UTF8;
}

const EXPECTED: Readonly<Record<number, string>> = {
  [S.value]: 'Expected a value',
  [S.valueOrClose]: 'Expected a value or ]',
  [S.keyOrClose]: 'Expected a key in double quotes or }',
  [S.key]: 'Expected a key in double quotes',
  [S.colon]: 'Expected : after a key',
  [S.done]: 'Expected nothing after the value',
  [S.string]: 'Expected no control character in a string',
  [S.escape]: 'Expected a valid escape after \\',
};

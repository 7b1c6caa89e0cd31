import type { JsonCheck } from '../engine.ts';
import { isPlainJson } from './plain-json.ts';
import { validateJson } from './validate-json.ts';

/** The indexes of the records that are no JSON, or hold a number that may not fit. */
export function doubtfulJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  { maxDepth, mostDigits }: JsonCheck,
): readonly number[] {
  const doubtful: number[] = [];
  for (let record = 0; record < starts.length; record++) {
    const [start, end] = [starts.subarray(record, record + 1), ends.subarray(record, record + 1)];
    const isSound = validateJson(bytes, start, end, maxDepth) === undefined;
    if (!isSound || hasLongNumber(bytes, start[0]!, end[0]!, mostDigits)) doubtful.push(record);
  }
  return doubtful;
}

function hasLongNumber(bytes: Uint8Array, from: number, to: number, mostDigits: number): boolean {
  if (isPlainJson(bytes, from, to, ANY_NUMBER_OF_BRACKETS)) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
  return text.matchAll(STRING_OR_NUMBER).some(([, integer, fraction, exponent = '']) => {
    const isInteger = fraction === undefined && exponent === '';
    const most = isInteger ? mostDigits : MOST_DIGITS_OF_FRACTIONS;
    return integer !== undefined && (integer.length > most || exponent.length > 2);
  });
}

const ANY_NUMBER_OF_BRACKETS = 0x7fff_ffff;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|(\d+)(\.\d+)?(?:[eE][+-]?(\d+))?/g;
/** With two digits of exponent this does not overflow. */
const MOST_DIGITS_OF_FRACTIONS = 200;

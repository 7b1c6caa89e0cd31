import type { Flaw } from '../engine.ts';
import { validateJson as validateInLoop } from '../typescript/validate-json.ts';
import { doubtfulJson } from './check-json.ts';

/**
 * Checks whole JSON records, one after another. What is wrong with one that is doubtful, and where, the TypeScript engine
 * finds out.
 * @returns the first flaw
 */
export function validateJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  maxDepth: number,
): Flaw | undefined {
  for (const record of doubtfulJson(bytes, starts, ends, { maxDepth, mostDigits: ANY_NUMBER_OF_DIGITS })) {
    const [start, end] = [starts.subarray(record, record + 1), ends.subarray(record, record + 1)];
    const flaw = validateInLoop(bytes, start, end, maxDepth);
    if (flaw !== undefined) return { ...flaw, record };
  }
  return undefined;
}

const ANY_NUMBER_OF_DIGITS = 0x7fff_ffff;

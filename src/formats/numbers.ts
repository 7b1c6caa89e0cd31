import { oneOf } from '../core/options.ts';
import { FlawError } from './record-flaw.ts';

/**
 * What becomes of a number that a JavaScript number cannot hold as it is written: an integer beyond ±(2^53 − 1), or one
 * that overflows.
 * - `bigint`: integers become a bigint, which is exact and throws when it is mixed with numbers; overflow is an error,
 *   and so is an integer of more than 10,000 digits
 * - `string`: its digits as text
 * - `error`: the record is malformed
 * - `lossy`: the nearest number, as `JSON.parse` does
 */
export type NumberPolicy = 'bigint' | 'string' | 'error' | 'lossy';

/** @throws TypeError when it is no policy */
export function numberPolicy(value: NumberPolicy = 'bigint'): NumberPolicy {
  return oneOf('numbers', value, ['bigint', 'string', 'error', 'lossy']);
}

const STRINGS = /"(?:[^"\\]|\\.)*"/g;
const SUSPICIOUS = /\d{16}|\d[eE]\+?\d{3}/;

/** Whether a well-formed JSON text may hold a number that needs the policy, looking at its numbers only. */
export function mayHoldInexact(text: string): boolean {
  return SUSPICIOUS.test(text) && SUSPICIOUS.test(text.replace(STRINGS, ''));
}

/**
 * The value of a JSON number.
 * @param literal the number as it is written
 * @throws FlawError when the policy refuses it
 */
export function exactNumber(literal: string, policy: NumberPolicy): number | bigint | string {
  const value = Number(literal);
  if (policy === 'lossy' || isExact(literal, value)) return value;
  if (policy === 'string') return literal;
  if (policy === 'bigint' && literal.length <= LONGEST_BIGINT && INTEGER.test(literal))
    return BigInt(literal);
  const shown = literal.length > 40 ? `${literal.slice(0, 40)}…` : literal;
  const advice = policy === 'error' ? '"bigint", "string" or "lossy"' : '"string" or "lossy"';
  throw new FlawError(
    'INEXACT_NUMBER',
    `The number ${shown} does not fit a JavaScript number; the option numbers can be ${advice}`,
  );
}

const INTEGER = /^-?\d+$/;
/** Making a bigint takes more than linear time. */
const LONGEST_BIGINT = 10_000;

/** Fractions are taken for measured values, which are rounded everywhere; integers are counts and names, which must not be. */
function isExact(literal: string, value: number): boolean {
  return INTEGER.test(literal) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

/** `JSON.parse` with the policy: slow, for texts that are suspicious. */
export function parseExactly(text: string, policy: NumberPolicy): unknown {
  return parseWithSource(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? exactNumber(source, policy) : value,
  );
}

/** The third argument of a reviver is in every supported Node (V8 11.4), but not yet in TypeScript's library. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;

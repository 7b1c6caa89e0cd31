import type { CastingContext } from 'csv-parse/sync';
import { exactNumber } from './numbers.ts';

/** What becomes of a field. */
export type Cast = (
  field: string,
  context: { readonly column: string | number; readonly quoting: boolean },
) => unknown;

/** The `cast` option of csv-parse. Unlike its own automatic cast, what is not written as JSON writes it stays text. */
export function castOf(
  cast: boolean | Cast | undefined,
): false | ((field: string, context: CastingContext) => unknown) {
  if (cast === undefined || cast === false) return false;
  return cast === true ? automatic : (field, { column, quoting }) => cast(field, { column, quoting });
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Longer ones are codes rather than numbers. */
const LONGEST_NUMBER = 400;

/** What `cast: true` makes of a field. */
export function automatic(field: string): unknown {
  if (field === 'true' || field === 'false') return field === 'true';
  if (field.length > LONGEST_NUMBER || !NUMBER.test(field)) return field;
  return Number.isFinite(Number(field)) ? exactNumber(field, 'bigint') : field;
}

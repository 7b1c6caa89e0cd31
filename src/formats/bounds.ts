import { integerBetween } from '../core/options.ts';

/** What every decoder refuses to go beyond. */
export interface BoundOptions {
  /** Most bytes of one record. @default 16_777_216 (16 MiB) */
  readonly maxRecordBytes?: number;
  /** Greatest depth of nesting of a record, 1 to 1,000. @default 512 */
  readonly maxDepth?: number;
}

export type Bounds = Required<BoundOptions>;

const LARGEST_RECORD = 256 * 1024 * 1024;

/** @throws RangeError when a bound is out of its range */
export function boundsOf({ maxRecordBytes = 16 * 1024 * 1024, maxDepth = 512 }: BoundOptions): Bounds {
  return {
    maxRecordBytes: integerBetween('maxRecordBytes', maxRecordBytes, 1, LARGEST_RECORD),
    maxDepth: integerBetween('maxDepth', maxDepth, 1, 1_000),
  };
}

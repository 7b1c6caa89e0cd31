import { besidePiece } from '../core/piece-pool.ts';
import type { RecordBytes } from '../core/record-block.ts';
import { type JsonProjector, scanEngine } from '../scan/index.ts';
import type { Bounds } from './bounds.ts';
import type { DecodedGroup, LearnedShape } from './learned-shape.ts';
import { mayHoldInexact, type NumberPolicy, parseExactly } from './numbers.ts';
import { groupEnd, parseTogether } from './parse-together.ts';
import { type CheckedRun, type DecodedRun, decodeRange, FlawError, type RecordFlaw } from './record-flaw.ts';
import { type Encoding, encodingOf, textOfRecords } from './record-text.ts';
import { RowMaker } from './row-maker.ts';

export interface JsonDecoding extends Bounds {
  readonly numbers: NumberPolicy;
}

/**
 * Decodes a run of JSON texts. That is also what finds them well-formed.
 * @param learned what is known of the source's records
 */
export function decodeJson(
  encoded: RecordBytes,
  decoding: JsonDecoding,
  learned?: LearnedShape,
): DecodedRun<unknown> {
  const { bytes, starts, ends } = encoded;
  const encoding = encodingOf(encoded);
  const textOf = textOfRecords(encoded, encoding);
  const run: { records: unknown[]; flaws: RecordFlaw[] } = { records: [], flaws: [] };
  const suspicious = [...scanEngine().unplainJson(bytes, starts, ends, decoding.maxDepth), starts.length];
  let from = 0;
  for (const next of suspicious) {
    while (from < next) {
      const { until, records } = decodeGroup(encoded, from, next, encoding, learned);
      if (records !== undefined) for (const record of records) run.records.push(record);
      else decodeRange(run, from, until, (index) => JSON.parse(textOf(index)) as unknown);
      from = until;
    }
    if (next < starts.length)
      decodeRange(run, next, next + 1, (index) => decodeWithCare(textOf(index), decoding));
    from = next + 1;
  }
  return run;
}

/** Decodes the first records from `from` on, at most up to `to`, as many as are best decoded together. */
function decodeGroup(
  encoded: RecordBytes,
  from: number,
  to: number,
  encoding: Encoding | undefined,
  learned: LearnedShape | undefined,
): DecodedGroup {
  if (encoding === undefined) return { until: to, records: undefined };
  const alike = learned?.decode(encoded, from, to, encoding);
  if (alike !== undefined) return alike;
  const until = groupEnd(encoded, from, to);
  const records = until - from > 1 ? parseTogether(encoded, from, until, encoding) : undefined;
  if (records !== undefined) learned?.learn(records.at(-1));
  return { until, records };
}

/**
 * What `decodeJson` would find wrong; only records that are doubtful are decoded. Where fields are that somebody looks
 * for is found in the same pass, or the rows are written that somebody makes of them.
 */
export function checkJson(encoded: RecordBytes, decoding: JsonDecoding): CheckedRun {
  const { bytes, starts, ends, search } = encoded;
  const check = { maxDepth: decoding.maxDepth, mostDigits: MOST_DIGITS[decoding.numbers] };
  const flawsOf = (doubtful: readonly number[]) =>
    doubtful.flatMap((index) => flawOfOne(encoded, index, decoding));
  const by = search?.by;
  if (by instanceof RowMaker) {
    const { doubtful, rows } = by.check(encoded, check, besidePiece(bytes));
    return { flaws: flawsOf(doubtful), rows };
  }
  if (!isProjector(by)) return { flaws: flawsOf(scanEngine().doubtfulJson(bytes, starts, ends, check)) };
  const { doubtful, located: table } = by.check(bytes, starts, ends, check);
  return { flaws: flawsOf(doubtful), located: { by, width: by.width, table } };
}

function isProjector(by: object | undefined): by is JsonProjector {
  return by !== undefined && 'check' in by;
}

/** Integers of so many digits are not refused. */
const MOST_DIGITS: Readonly<Record<NumberPolicy, number>> = {
  error: 15,
  bigint: 300,
  string: 0x7fff_ffff,
  lossy: 0x7fff_ffff,
};

function flawOfOne(encoded: RecordBytes, index: number, decoding: JsonDecoding): readonly RecordFlaw[] {
  const starts = encoded.starts.subarray(index, index + 1);
  const ends = encoded.ends.subarray(index, index + 1);
  return decodeJson({ ...encoded, starts, ends }, decoding).flaws.map((flaw) => ({ ...flaw, index }));
}

function decodeWithCare(text: string, { maxDepth, numbers }: JsonDecoding): unknown {
  const record: unknown = JSON.parse(text);
  if (isDeeper(record, maxDepth))
    throw new FlawError('RECORD_TOO_DEEP', `The record is nested deeper than maxDepth (${maxDepth})`);
  return numbers !== 'lossy' && mayHoldInexact(text) ? parseExactly(text, numbers) : record;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1));
}

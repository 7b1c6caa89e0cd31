import type { RecordBytes } from '../core/record-block.ts';
import { scanEngine } from '../scan/index.ts';
import type { Bounds } from './bounds.ts';
import { mayHoldInexact, type NumberPolicy, parseExactly } from './numbers.ts';
import { type DecodedRun, decodeEach, FlawError, type RecordFlaw } from './record-flaw.ts';
import { asBuffer, textOfRecords } from './record-text.ts';

export interface JsonDecoding extends Bounds {
  readonly numbers: NumberPolicy;
}

/** Decodes a run of JSON texts. That is also what finds them well-formed. */
export function decodeJson(encoded: RecordBytes, decoding: JsonDecoding): DecodedRun<unknown> {
  const { bytes, starts, ends } = encoded;
  const textOf = textOfRecords(encoded);
  const suspicious = scanEngine().unplainJson(bytes, starts, ends, decoding.maxDepth);
  let next = 0;
  return decodeEach(starts.length, (index) => {
    if (index !== suspicious[next]) return JSON.parse(textOf(index)) as unknown;
    next += 1;
    return decodeWithCare(textOf(index), decoding);
  });
}

/** What `decodeJson` would find wrong. Only records that are malformed, or may hold a number that is refused, are decoded. */
export function flawsInJson(encoded: RecordBytes, decoding: JsonDecoding): readonly RecordFlaw[] {
  const candidates = [...malformed(encoded, decoding), ...inexact(encoded, decoding)];
  const inOrder = [...new Set(candidates)].toSorted((a, b) => a - b);
  return inOrder.flatMap((index) => flawOfOne(encoded, index, decoding));
}

function* malformed(
  { bytes, starts, ends }: RecordBytes,
  { maxDepth }: JsonDecoding,
): Generator<number, void> {
  const engine = scanEngine();
  for (let from = 0; from < starts.length; ) {
    const flaw = engine.validateJson(bytes, starts.subarray(from), ends.subarray(from), maxDepth);
    if (flaw === undefined) return;
    yield from + flaw.record;
    from += flaw.record + 1;
  }
}

function inexact({ bytes, starts, ends }: RecordBytes, { numbers }: JsonDecoding): readonly number[] {
  if (numbers === 'lossy') return [];
  const suspicious = scanEngine().unplainJson(bytes, starts, ends, ANY_NUMBER_OF_BRACKETS);
  return suspicious.filter((index) =>
    mayHoldInexact(asBuffer(bytes).toString('latin1', starts[index], ends[index])),
  );
}

const ANY_NUMBER_OF_BRACKETS = 0x7fff_ffff;

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

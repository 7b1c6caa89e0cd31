import type { Checkpoint, RecordRange } from '../core/checkpoint.ts';
import type { Chunk } from '../core/chunk.ts';
import { PipelineError } from '../core/errors.ts';
import type { Cursor } from '../core/position.ts';

/** A place between two records, by which places are put in order. */
export interface Place {
  readonly source: number;
  /** Records of the source before it. */
  readonly record: number;
  /** How many of the records that a transform made of the next one lie before it. */
  readonly made: number;
}

/** What a ledger notes of records that are written together and follow each other: one row. */
export interface Note {
  readonly from: Place;
  readonly to: Place;
  /** Where to go on behind them. */
  readonly end: Cursor;
  /** Tells records apart that no place does: those that the end of the input has brought. Empty for all others. */
  readonly id: string;
}

/** What is noted of a chunk, in its order. */
export function notesOf(chunk: Chunk): readonly Note[] {
  const notes: Note[] = [];
  for (const { start, end } of chunk.ranges) {
    const from = placeOf(start);
    const to = placeOf(end);
    const last = notes.at(-1);
    if (last !== undefined && comparePlaces(last.to, from) === 0)
      notes[notes.length - 1] = noteOf(chunk, last.from, to, end);
    else notes.push(noteOf(chunk, from, to, end));
  }
  return notes;
}

/**
 * How far a run has come, by what it saved last and by what its chunks have noted, in any order: the cursor that nothing
 * before is missing, and the ranges beyond it. That nothing follows in a source no note can tell: a cursor enters the
 * next one when it is saved there.
 */
export function foldNotes(
  saved: Pick<Checkpoint, 'cursor' | 'finished'>,
  notes: readonly Span[],
): Pick<Checkpoint, 'cursor' | 'finished'> {
  let { cursor } = saved;
  const spans = [...(saved.finished ?? []).map(spanOf), ...notes].toSorted(
    (a, b) => comparePlaces(a.from, b.from) || comparePlaces(a.to, b.to),
  );
  let reached = cursor === undefined ? BEGINNING : placeOf(cursor);
  for (const { from, to, end } of spans) {
    if (comparePlaces(from, reached) > 0) break;
    if (comparePlaces(to, reached) <= 0) continue;
    reached = to;
    cursor = end ?? cursor;
  }
  const finished = joined(spans, cursor === undefined ? BEGINNING : placeOf(cursor));
  return { ...(cursor !== undefined && { cursor }), ...(finished.length > 0 && { finished }) };
}

/** The error of a chunk of which something else is noted than the whole of it. */
export function partlyNoted(chunk: Chunk): PipelineError {
  return new PipelineError({
    code: 'CHECKPOINT_MISMATCH',
    message: `${chunk.describe(0)}: A part of the chunk is noted as written: a run must leave out what is`,
    position: chunk.position(0),
  });
}

/** Where a cursor stands among all records. */
export function placeOf({ source, records, made = 0 }: Cursor): Place {
  return { source, record: records, made };
}

/** Negative when `a` comes first, 0 when they are the same. */
export function comparePlaces(a: Place, b: Place): number {
  return a.source - b.source || a.record - b.record || a.made - b.made;
}

const BEGINNING: Place = { source: 0, record: 0, made: 0 };

/** A note, or what is like one but does not know the bytes of its end. */
type Span = Pick<Note, 'from' | 'to'> & { readonly end?: Cursor };

/**
 * Records that only the end of the input has brought lie nowhere. Two chunks of them may hold the same; two attempts at
 * one have its number.
 */
function noteOf(chunk: Chunk, from: Place, to: Place, end: Cursor): Note {
  return { from, to, end, id: comparePlaces(from, to) === 0 ? `${chunk.index} ${chunk.id}` : '' };
}

function spanOf({ source, from, to, fromMade = 0, toMade = 0 }: RecordRange): Span {
  return { from: { source, record: from, made: fromMade }, to: { source, record: to, made: toMade } };
}

/** What lies behind a place, each run of records that follow each other as one range. */
function joined(spans: readonly Span[], behind: Place): readonly RecordRange[] {
  const found: { from: Place; to: Place }[] = [];
  for (const span of spans) {
    const from = comparePlaces(span.from, behind) < 0 ? behind : span.from;
    if (comparePlaces(from, span.to) >= 0) continue;
    const last = found.at(-1);
    if (last === undefined || comparePlaces(last.to, from) < 0) found.push({ from, to: span.to });
    else if (comparePlaces(last.to, span.to) < 0) last.to = span.to;
  }
  return found.map(({ from, to }) => ({
    source: from.source,
    from: from.record,
    to: to.record,
    ...(from.made > 0 && { fromMade: from.made }),
    ...(to.made > 0 && { toMade: to.made }),
  }));
}

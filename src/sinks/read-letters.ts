import type { FileHandle } from 'node:fs/promises';
import type { RecordRange } from '../core/checkpoint.ts';
import { type LetteringRun, type LetterRecord, letteredRecord } from '../core/dead-letter.ts';
import { IntervalSet } from '../core/interval-set.ts';

/** What a file of dead letters holds of one run. */
export interface LettersOfRun {
  /** Records that have a letter. */
  readonly lettered: readonly RecordRange[];
  /** Bytes of the file without a last line that is torn. */
  readonly wholeLines: number;
}

/** Reads a file of dead letters, which may hold those of other runs, and lines that are none. */
export async function readLetters(handle: FileHandle, run: LetteringRun): Promise<LettersOfRun> {
  const whole = new Map<number, IntervalSet>();
  const parts: RecordRange[] = [];
  let wholeLines = 0;
  for await (const { line, end, isEnded } of linesOf(handle)) {
    const letter = line.includes(run.id) || !isEnded ? parsed(line) : undefined;
    if (isEnded || letter !== undefined) wholeLines = end;
    const range = letter && letteredRecord(letter, run);
    if (range?.fromMade !== undefined) parts.push(range);
    else if (range !== undefined) setOf(whole, range.source).add(range.from, range.to);
  }
  const ranges = [...whole].flatMap(([source, records]) =>
    records.runs().map(([from, to]) => ({ source, from, to })),
  );
  return { lettered: [...ranges, ...parts], wholeLines };
}

interface Line {
  readonly line: Buffer;
  /** Offset behind it, and behind its line feed. */
  readonly end: number;
  /** Whether it has a line feed. */
  readonly isEnded: boolean;
}

async function* linesOf(handle: FileHandle): AsyncGenerator<Line, void> {
  const pieces: Buffer[] = [];
  let end = 0;
  for await (const piece of handle.createReadStream({ start: 0, autoClose: false })) {
    let from = 0;
    const bytes = piece as Buffer;
    for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, from)) {
      yield {
        line: Buffer.concat([...pieces.splice(0), bytes.subarray(from, at)]),
        end: end + at + 1,
        isEnded: true,
      };
      from = at + 1;
    }
    if (from < bytes.length) pieces.push(bytes.subarray(from));
    end += bytes.length;
  }
  if (pieces.length > 0) yield { line: Buffer.concat(pieces), end, isEnded: false };
}

const LINE_FEED = 0x0a;

function parsed(line: Buffer): Partial<LetterRecord> | undefined {
  try {
    const value = JSON.parse(line.toString()) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function setOf(sets: Map<number, IntervalSet>, source: number): IntervalSet {
  let set = sets.get(source);
  if (set === undefined) sets.set(source, (set = new IntervalSet()));
  return set;
}

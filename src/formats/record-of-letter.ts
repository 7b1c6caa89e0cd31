import type { LetterRecord } from '../core/dead-letter.ts';
import { parseExactly } from './numbers.ts';

/**
 * The record that a dead letter holds, as it was refused: a `transform` that sends letters again begins with it.
 * What was no JSON is given as text, for another function to mend.
 * @throws TypeError when the letter has no record that can be sent again, or it is `null`, which a transform would leave out
 * @example
 * await new BatchProcessor({ source: 'letters.ndjson', transform: [recordOfLetter, mend], sink }).run();
 */
export function recordOfLetter(letter: LetterRecord): unknown {
  const record = 'value' in letter ? letter.value : parsed(rawOf(letter));
  if (record === null)
    throw new TypeError('The record of the letter is null, which a transform would leave out');
  return record;
}

/** As `recordOfLetter`, where nothing mends what was malformed. @throws TypeError when it still is */
export function wholeRecordOfLetter(letter: LetterRecord): unknown {
  const record = recordOfLetter(letter);
  if (letter.code === 'MALFORMED_RECORD' && record === letter.raw)
    throw new TypeError('The record of the letter is malformed: mend it in the letter, or in a transform');
  return record;
}

function rawOf({ raw, rawBase64 }: LetterRecord): string {
  if (raw !== undefined) return raw;
  const why = rawBase64 === undefined ? 'has no record that JSON can hold' : 'has bytes that are not UTF-8';
  throw new TypeError(`The letter ${why}: it cannot be sent again`);
}

function parsed(raw: string): unknown {
  try {
    return parseExactly(raw, 'bigint');
  } catch {
    return raw;
  }
}

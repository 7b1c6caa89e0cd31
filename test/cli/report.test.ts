import { describe, expect, test } from 'vitest';
import { interruptedLine, nothingLine, resumeLine, summaryLines } from '../../src/cli/report.ts';
import type { Summary } from '../../src/pipeline/summary.ts';

const SUMMARY: Summary = {
  read: 231_083,
  added: 0,
  written: 231_083,
  filtered: 0,
  invalid: 0,
  refused: 0,
  deadLettered: 0,
  chunks: 232,
  retries: 0,
  possibleDuplicates: 0,
  bytes: 9_860_000,
  elapsedMs: 2_100,
  unaccounted: [],
};
const CONTEXT = { sink: 'orders.db (table orders)' };

describe('summaryLines', () => {
  test('is one line when every record was written', () => {
    expect(summaryLines(SUMMARY, CONTEXT)).toEqual([
      '231,083 records written to orders.db (table orders) in 2.1 s – 110,000 records/s, 232 chunks, 0 retries',
    ]);
  });

  test.each([
    [{ filtered: 3 }, '231,083 records read, 3 filtered'],
    [{ added: 1_000 }, '231,083 records read, 1,000 added by the transform'],
    [{ invalid: 2, deadLettered: 2 }, '231,083 records read, 2 invalid, set aside in d.ndjson'],
    [{ refused: 2, deadLettered: 2 }, '231,083 records read, 2 refused, set aside in d.ndjson'],
    [
      { invalid: 1, refused: 2, deadLettered: 3 },
      '231,083 records read, 1 invalid and 2 refused, set aside in d.ndjson',
    ],
    [
      { added: 1, filtered: 2, deadLettered: 3 },
      '231,083 records read, 1 added by the transform, 2 filtered, 3 invalid, set aside in d.ndjson',
    ],
  ])('tells what else became of records: %j', (counts, line) => {
    expect(summaryLines({ ...SUMMARY, ...counts }, { ...CONTEXT, deadLetters: 'd.ndjson' })[1]).toBe(line);
  });

  test('says that records may be written twice', () => {
    expect(summaryLines({ ...SUMMARY, possibleDuplicates: 1_000 }, CONTEXT)[1]).toMatch(
      /^Up to 1,000 records may be written twice: /,
    );
  });

  test('names records that were read and not written, and no more than a few ranges', () => {
    const unaccounted = [1, 11, 21, 31].map((from) => ({ source: 'a.csv', from, to: from + 1 }));
    expect(summaryLines({ ...SUMMARY, unaccounted }, CONTEXT)[1]).toBe(
      '8 records read and not written: a.csv: 1–2, a.csv: 11–12, a.csv: 21–22, and 1 more',
    );
  });

  test('counts one of a thing as one', () => {
    const one = { ...SUMMARY, written: 1, chunks: 1, retries: 1, elapsedMs: 0 };
    expect(summaryLines(one, { sink: 'o.csv' })[0]).toBe(
      '1 record written to o.csv in 0 ms – 0 records/s, 1 chunk, 1 retry',
    );
  });
});

test.each([
  [undefined, 'Interrupted after 231,083 records (9.9 MB): what comes after them was not read'],
  [20e6, 'Interrupted after 231,083 records (9.9 MB of 20.0 MB): what comes after them was not read'],
])('interruptedLine() with a size of %s tells how far a run came', (size, line) => {
  expect(interruptedLine(SUMMARY, size)).toBe(line);
});

describe('nothingLine', () => {
  const FILE = { sink: 'o.csv', isAllOrNothing: true };

  test('says of a file that what was written is not in it', () => {
    expect(nothingLine(SUMMARY, FILE)).toMatch(/^o\.csv is as it was before/);
  });

  test.each([
    ['nothing was written', { ...SUMMARY, written: 0 }, FILE],
    ['the sink keeps each chunk', SUMMARY, CONTEXT],
  ])('says nothing when %s', (_when, summary, context) => {
    expect(nothingLine(summary, context)).toBeUndefined();
  });
});

describe('resumeLine', () => {
  const NOTED = { ...CONTEXT, notedIn: 'orders.checkpoint' };
  const NOTHING = { ...SUMMARY, written: 0 };
  const LINE = 'The same command goes on where this one has ended (orders.checkpoint); --restart begins anew';

  test.each([
    ['records were written', SUMMARY, NOTED],
    ['records were set aside', { ...NOTHING, deadLettered: 1 }, NOTED],
    ['an earlier run has done something', NOTHING, { ...NOTED, isContinued: true }],
  ])('says how to go on when %s', (_when, summary, context) => {
    expect(resumeLine(summary, context)).toBe(LINE);
  });

  test.each([
    ['nothing is done', NOTHING, NOTED],
    ['it is noted nowhere', SUMMARY, { ...CONTEXT, isContinued: true }],
  ])('says nothing when %s', (_when, summary, context) => {
    expect(resumeLine(summary, context)).toBeUndefined();
  });
});

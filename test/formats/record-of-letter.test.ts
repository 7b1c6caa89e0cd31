import { expect, test } from 'vitest';
import type { LetterRecord } from '../../src/core/dead-letter.ts';
import { recordOfLetter, wholeRecordOfLetter } from '../../src/formats/record-of-letter.ts';

const letter = (content: Partial<LetterRecord>): LetterRecord => ({
  source: 'a.ndjson',
  record: 1,
  code: 'REFUSED_RECORD',
  reason: 'no',
  time: '2026-01-01T00:00:00.000Z',
  ...content,
});

test.each([
  ['its value', { value: { id: 1 }, raw: '1,Ada' }, { id: 1 }],
  ['its bytes, exactly', { raw: '{"id":9007199254740993}' }, { id: 9007199254740993n }],
  ['text that is no JSON', { raw: '{"id":' }, '{"id":'],
  ['a value that is false', { value: false }, false],
])('recordOfLetter() gives %s', (_, content, expected) => {
  expect(recordOfLetter(letter(content))).toEqual(expected);
});

test.each([
  ['bytes that are not UTF-8', { rawBase64: '/w==' }, 'has bytes that are not UTF-8'],
  ['only a description', { inspected: '[Function]' }, 'has no record that JSON can hold'],
  ['null', { value: null }, 'is null, which a transform would leave out'],
])('recordOfLetter() refuses a letter of %s', (_, content, message) => {
  expect(() => recordOfLetter(letter(content))).toThrow(message);
});

test.each([
  ['mended by hand', { code: 'MALFORMED_RECORD', raw: '{"id":1}' }, { id: 1 }],
  ['text that was a record, and refused', { code: 'REFUSED_RECORD', raw: 'a line' }, 'a line'],
  ['that a sink has refused', { code: 'REFUSED_RECORD', value: 'a', raw: 'a' }, 'a'],
] as const)('wholeRecordOfLetter() takes a record %s', (_, content, expected) => {
  expect(wholeRecordOfLetter(letter(content))).toEqual(expected);
});

test('wholeRecordOfLetter() refuses what is still malformed', () => {
  expect(() => wholeRecordOfLetter(letter({ code: 'MALFORMED_RECORD', raw: '3,4,5' }))).toThrow(
    'The record of the letter is malformed: mend it in the letter, or in a transform',
  );
});

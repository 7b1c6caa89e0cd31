import { describe, expect, test } from 'vitest';
import { text } from '../../src/formats/text-format.ts';
import { cutsOf, decoding, recordsOf } from './decoding.ts';

describe('text()', () => {
  test.each<[input: string, lines: string[]]>([
    ['', []],
    ['a', ['a']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['\n\na\n\n', ['', '', 'a', '']],
    ['\r\n\r\n', ['', '']],
    [' a \n\tb\t', [' a ', '\tb\t']],
    ['a\rb\r\r\nc\r', ['a\rb\r', 'c\r']],
    ['\ufeffa\n\ufeffb', ['a', '\ufeffb']],
    ['\ufeff\nb', ['', 'b']],
    ['\ufeff', []],
    ['é🌍\nž', ['é🌍', 'ž']],
    ['\x1ea\0b\n', ['\x1ea\0b']],
  ])('takes the lines of %j, however they are cut', (input, lines) => {
    for (const cuts of cutsOf(Buffer.byteLength(input)))
      expect(recordsOf(text(), input, cuts)).toEqual(lines);
  });

  test('gives out a line that is not UTF-8 as malformed, and goes on', () => {
    const input = Buffer.from('a\n\xef\xbb\nb\n', 'latin1');
    const whole = decoding(text(), input);
    expect(whole.items).toEqual([
      { value: 'a', position: { record: 1, line: 1, byte: 0 } },
      {
        code: 'INVALID_UTF8',
        message: 'in:2 (record 2, byte 2): The record is not valid UTF-8',
        position: { record: 2, line: 2, byte: 2 },
        raw: '\xef\xbb',
      },
      { value: 'b', position: { record: 3, line: 3, byte: 5 } },
    ]);
    for (const cuts of cutsOf(input.length)) expect(decoding(text(), input, cuts)).toEqual(whole);
  });

  test('takes a part of a byte order mark for what it is: not UTF-8', () => {
    for (const cuts of cutsOf(2))
      expect(decoding(text(), Buffer.from([0xef, 0xbb]), cuts).items).toMatchObject([
        { code: 'INVALID_UTF8' },
      ]);
  });
});

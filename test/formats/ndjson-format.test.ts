import { describe, expect, test } from 'vitest';
import { type NdjsonOptions, ndjson } from '../../src/formats/ndjson-format.ts';
import { cutsOf, decoding, recordsOf } from './decoding.ts';

describe('ndjson()', () => {
  test.each<[what: string, input: string, records: unknown[]]>([
    ['lines ended by LF', '{"a":1}\n{"a":2}\n', [{ a: 1 }, { a: 2 }]],
    ['lines ended by CRLF', '{"a":1}\r\n[2]\r\n', [{ a: 1 }, [2]]],
    ['a last line without a line feed', '1\n"two"', [1, 'two']],
    ['a last line with a carriage return alone', '1\n2\r', [1, 2]],
    ['blank lines', '\n\n1\n \t\r\n\r\n2\n\n', [1, 2]],
    ['nothing', '', []],
    ['a byte order mark', '\ufeff{"a":1}\n', [{ a: 1 }]],
    ['a byte order mark and nothing else', '\ufeff', []],
    ['record separators (RFC 7464)', '\x1e{"a":1}\n\x1e\x1e 2\n\x1e\n', [{ a: 1 }, 2]],
    ['white space around texts', '  1  \n\t{ "a" : 2 }\t\r\n', [1, { a: 2 }]],
    ['text that is not ASCII', '"Grüße, 世界 🌍"\n"é"', ['Grüße, 世界 🌍', 'é']],
    ['line separators inside a string', '"\u2028\u2029\u0085"\n', ['\u2028\u2029\u0085']],
  ])('takes %s, however it is cut', (_, input, records) => {
    for (const cuts of cutsOf(Buffer.byteLength(input)))
      expect(recordsOf(ndjson(), input, cuts)).toEqual(records);
  });

  test('tells record, line and byte of each record', () => {
    const { items } = decoding(ndjson(), '\ufeff{"a":1}\r\n\r\n  {"a":2}\n{"a":3}');
    expect(items.map(({ position }) => position)).toEqual([
      { record: 1, line: 1, byte: 3 },
      { record: 2, line: 3, byte: 16 },
      { record: 3, line: 4, byte: 24 },
    ]);
  });

  test.each<[what: string, line: string | Buffer, code: string, reason: RegExp]>([
    ['a text that ends too early', '{"b":', 'MALFORMED_RECORD', /^Unexpected end of JSON input$/],
    ['a wrong token', '{"b":x}', 'MALFORMED_RECORD', /^Unexpected token 'x'/],
    ['two texts on a line', '1 2', 'MALFORMED_RECORD', /JSON/],
    ['a byte order mark later on', '\ufeff1', 'MALFORMED_RECORD', /^Unexpected token/],
    ['a separator behind a text', '1\x1e', 'MALFORMED_RECORD', /JSON/],
    [
      'bytes that are not UTF-8',
      Buffer.from('"\xff"', 'latin1'),
      'INVALID_UTF8',
      /^The record is not valid UTF-8$/,
    ],
    ['half a character', Buffer.from('"\xc3"', 'latin1'), 'INVALID_UTF8', /^The record is not valid UTF-8$/],
    [
      'too many levels',
      `${'['.repeat(600)}${']'.repeat(600)}`,
      'RECORD_TOO_DEEP',
      /deeper than maxDepth \(512\)$/,
    ],
    ['a number that overflows', '[1e400]', 'INEXACT_NUMBER', /^The number 1e400 does not fit/],
  ])('gives out %s as malformed, and goes on with the next line', (_, line, code, reason) => {
    const raw = Buffer.from(line);
    const input = Buffer.concat([Buffer.from('{"a":1}\n'), raw, Buffer.from('\r\n{"c":"ü"}\n')]);
    const whole = decoding(ndjson(), input);
    const position = { record: 2, line: 2, byte: 8 };
    expect(whole).toEqual({
      items: [
        { value: { a: 1 }, position: { record: 1, line: 1, byte: 0 } },
        {
          code,
          message: expect.stringMatching(/^in:2 \(record 2, byte 8\): /),
          position,
          raw: raw.toString('latin1'),
        },
        { value: { c: 'ü' }, position: { record: 3, line: 3, byte: 10 + raw.length } },
      ],
    });
    expect((whole.items[1] as { message: string }).message.replace(/^.*?\): /, '')).toMatch(reason);
    for (const cuts of cutsOf(input.length, 100)) expect(decoding(ndjson(), input, cuts)).toEqual(whole);
  });

  test('gives out malformed lines first, last and in a row', () => {
    const input = 'x\n1\n2\ny\nz\n3\n}';
    const whole = decoding(ndjson(), input);
    expect(whole.items.map((item) => ('code' in item ? `malformed ${item.raw}` : item.value))).toEqual([
      'malformed x',
      1,
      2,
      'malformed y',
      'malformed z',
      3,
      'malformed }',
    ]);
    for (const cuts of cutsOf(input.length)) expect(decoding(ndjson(), input, cuts)).toEqual(whole);
  });

  test('shows little of the data in a message', () => {
    const { items } = decoding(ndjson(), `{"secret":"${'s'.repeat(200)}",x}`);
    expect((items[0] as { message: string }).message.length).toBeLessThan(120);
  });

  test.each<[options: NdjsonOptions, error: string]>([
    [{ maxRecordBytes: 0 }, 'maxRecordBytes must be an integer from 1 to 268,435,456, got 0'],
    [{ maxDepth: 1.5 }, 'maxDepth must be an integer from 1 to 1,000, got 1.5'],
    [{ numbers: 'exact' as 'error' }, 'numbers must be one of bigint, string, error, lossy, got "exact"'],
  ])('refuses %j', (options, error) => {
    expect(() => ndjson(options)).toThrow(error);
  });
});

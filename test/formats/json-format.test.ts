import { describe, expect, test } from 'vitest';
import { type JsonOptions, json, jsonSeq } from '../../src/formats/json-format.ts';
import { cutsOf, decoding, recordsOf } from './decoding.ts';

describe('json()', () => {
  test.each<[what: string, input: string, options: JsonOptions, records: unknown[]]>([
    ['the elements of an array', ' [ {"a":1}, 2 , "]" ,[3]]\n', {}, [{ a: 1 }, 2, ']', [3]]],
    ['an empty array', '[]', {}, []],
    ['any other value as one record', '{"a":[1,2]}', {}, [{ a: [1, 2] }]],
    ['a number as one record', ' 12 ', {}, [12]],
    ['a string as one record', '"[1,2]"', {}, ['[1,2]']],
    ['a byte order mark', '\ufeff [1]', {}, [1]],
    ['a byte order mark before an object', '\ufeff{"a":1}', {}, [{ a: 1 }]],
    [
      'the array at a path',
      '{"x":[0],"data":{"items":[1,2],"items2":[3]},"y":[4]}',
      { path: 'data.items' },
      [1, 2],
    ],
    ['the values of the object at a path', '{"data":{"a":{"n":1},"b":2}}', { path: 'data' }, [{ n: 1 }, 2]],
    ['the values of the root', '{"a":1,"b":[2]}', { path: '' }, [1, [2]]],
    ['the elements of the root', '[1,[2]]', { path: [] }, [1, [2]]],
    ['a list of keys that hold dots', '{"a.b":{"":[1]}}', { path: ['a.b', ''] }, [1]],
    ['keys with escapes', '{"\\u0064ata":[1]}', { path: 'data' }, [1]],
  ])('takes %s, however it is cut', (_, input, options, records) => {
    for (const cuts of cutsOf(Buffer.byteLength(input)))
      expect(recordsOf(json(options), input, cuts)).toEqual(records);
  });

  test('tells record and byte of each record', () => {
    expect(decoding(json(), '[{"a":1},\n 2]').items.map(({ position }) => position)).toEqual([
      { record: 1, byte: 1 },
      { record: 2, byte: 11 },
    ]);
  });

  test.each<
    [input: string | Buffer, options: JsonOptions, code: string, byte: number, reason: string | RegExp]
  >([
    ['[1,{"a":tru}]', {}, 'MALFORMED_RECORD', 3, /^Unexpected token '}'/],
    ['[1 2]', {}, 'MALFORMED_INPUT', 3, /Expected , or \]/],
    ['[1,]', {}, 'MALFORMED_INPUT', 3, /Expected a value/],
    ['[1] 2', {}, 'MALFORMED_INPUT', 4, /Expected nothing after the value/],
    ['[1', {}, 'SOURCE_TRUNCATED', 2, 'The input ends too early'],
    ['', {}, 'SOURCE_TRUNCATED', 0, 'The input ends too early'],
    [' \n', {}, 'SOURCE_TRUNCATED', 2, 'The input ends too early'],
    ['{"a":[1]}', { path: 'b' }, 'PATH_NOT_FOUND', 8, 'There is no key b'],
    ['{"a":1}', { path: 'a' }, 'PATH_NOT_FOUND', 5, 'The value at a is neither an array nor an object'],
    ['[1]', { path: 'a' }, 'PATH_NOT_FOUND', 0, 'The input is not an object'],
    [Buffer.from('["\xff"]', 'latin1'), {}, 'INVALID_UTF8', 1, 'The record is not valid UTF-8'],
    [Buffer.from(' \xffx', 'latin1'), {}, 'INVALID_UTF8', 1, 'The record is not valid UTF-8'],
    ['[1,[[[]]]]', { maxDepth: 2 }, 'RECORD_TOO_DEEP', 5, /deeper/],
    [
      '[1,"abcdef"]',
      { maxRecordBytes: 7 },
      'RECORD_TOO_LARGE',
      3,
      'The record is larger than maxRecordBytes (7)',
    ],
    ['[1,1e999]', {}, 'INEXACT_NUMBER', 3, /^The number 1e999 does not fit/],
  ])(
    'throws at %j with %j, behind the records before it, however it is cut',
    (input, options, code, byte, reason) => {
      const whole = decoding(json(options), input);
      expect(whole.error).toMatchObject({ code, position: { byte, record: whole.items.length + 1 } });
      expect(whole.error!.message.replace(/^in \(record \d+, byte \d+\): /, '')).toMatch(reason);
      for (const cuts of cutsOf(input.length)) expect(decoding(json(options), input, cuts)).toEqual(whole);
    },
  );

  test.each([1, null, ['a', 1]])('refuses the path %j', (path) => {
    expect(() => json({ path: path as never })).toThrow('path must be a dotted path or a list of keys');
  });
});

describe('jsonSeq()', () => {
  test.each<[what: string, input: string, records: unknown[]]>([
    ['texts with nothing between them', '{"a":1}{"a":2}[3]"x"true', [{ a: 1 }, { a: 2 }, [3], 'x', true]],
    ['texts over several lines', '{\n"a": 1\n}\n\n{\n"a": 2\n}\n', [{ a: 1 }, { a: 2 }]],
    ['record separators', '\x1e{"a":1}\n\x1e2\n', [{ a: 1 }, 2]],
    ['a single document', '\ufeff{"a":[1]}', [{ a: [1] }]],
    ['nothing', '', []],
  ])('takes %s, however it is cut', (_, input, records) => {
    for (const cuts of cutsOf(Buffer.byteLength(input)))
      expect(recordsOf(jsonSeq(), input, cuts)).toEqual(records);
  });

  test.each<[input: string, code: string, byte: number]>([
    ['{"a":1},{"a":2}', 'MALFORMED_INPUT', 7],
    ['{"a":1}{"a":', 'SOURCE_TRUNCATED', 12],
    ['1 x', 'MALFORMED_RECORD', 2],
  ])('throws at %j', (input, code, byte) => {
    const whole = decoding(jsonSeq(), input);
    expect(whole.error).toMatchObject({ code, position: { byte, record: 2 } });
    for (const cuts of cutsOf(input.length)) expect(decoding(jsonSeq(), input, cuts)).toEqual(whole);
  });
});

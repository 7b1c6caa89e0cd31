import { type Options, parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvOptions, csv, tsv } from '../../src/formats/csv-format.ts';
import { cutsOf, decoding, everyNth, PIECE_SIZES, recordsOf } from './decoding.ts';

describe('csv()', () => {
  test.each<[what: string, input: string, options: CsvOptions, records: unknown[]]>([
    [
      'a header',
      'a,b\n1,2\n3,4\n',
      {},
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    [
      'CRLF, and a last line without any',
      'a,b\r\n1,2\r\n3,4',
      {},
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['line breaks of several kinds', 'a\r1\n2\r\n3', {}, [{ a: '1' }, { a: '2' }, { a: '3' }]],
    ['a byte order mark', '\ufeffa,b\n1,2', {}, [{ a: '1', b: '2' }]],
    ['a byte order mark before a quote', '\ufeff"a",b\n1,2', {}, [{ a: '1', b: '2' }]],
    ['blank lines', '\n\na\n\r\n1\n\n2\n\n', {}, [{ a: '1' }, { a: '2' }]],
    ['a header alone', 'a,b\n', {}, []],
    ['nothing', '', {}, []],
    [
      'quoted delimiters, quotes and line breaks',
      '"a,b"\n"x""\n,y"\n""\n',
      {},
      [{ 'a,b': 'x"\n,y' }, { 'a,b': '' }],
    ],
    ['explicit columns', '1,2\n', { header: ['x', 'y'] }, [{ x: '1', y: '2' }]],
    [
      'no header',
      '1,2\n3,4',
      { header: false },
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['another delimiter', 'a;b\n1,5;2', { delimiter: ';' }, [{ a: '1,5', b: '2' }]],
    ['another quote, which is its own escape', "a\n'x''\n\"'", { quote: "'" }, [{ a: 'x\'\n"' }]],
    ['no quotes', 'a\n"x\ny"', { quote: null }, [{ a: '"x' }, { a: 'y"' }]],
    ['another escape', 'a\n"x\\"\n\\\\"', { escape: '\\' }, [{ a: 'x"\n\\' }]],
    ['white space', ' a ,\tb\n 1 , 2 x\t', { trim: true }, [{ a: '1', b: '2 x' }]],
    [
      'white space around quotes',
      'a,b\n "x,\n" ,"y"  \r\n   \n1,2',
      { trim: true },
      [
        { a: 'x,\n', b: 'y' },
        { a: '1', b: '2' },
      ],
    ],
    ['white space when it is not told to trim', 'a\n x \n  \n', {}, [{ a: ' x ' }, { a: '  ' }]],
    [
      'comments',
      '#x,"\na,b\n#y\r\n1,#2\n3,4#\n#',
      { comment: '#' },
      [
        { a: '1', b: '#2' },
        { a: '3', b: '4#' },
      ],
    ],
    ['a comment behind a byte order mark', '\ufeff#x\na\n1', { comment: '#' }, [{ a: '1' }]],
    ['a comment sign in quotes', 'a\n"#1\n#2"\n', { comment: '#' }, [{ a: '#1\n#2' }]],
    [
      'fewer and more fields',
      'a,b\n1\n1,2,3\n',
      { relaxColumnCount: true },
      [{ a: '1' }, { a: '1', b: '2' }],
    ],
    [
      'fields of any number without columns',
      '1\n1,2\n',
      { relaxColumnCount: true, header: false },
      [['1'], ['1', '2']],
    ],
    [
      'columns named like what objects inherit',
      '__proto__,constructor\n1,2\n',
      {},
      [
        Object.fromEntries([
          ['__proto__', '1'],
          ['constructor', '2'],
        ]),
      ],
    ],
    ['text that is not ASCII', 'ä,🌍\nß,"世\n"', {}, [{ ä: 'ß', '🌍': '世\n' }]],
    ['a column without a name', 'a,\n1,2', {}, [{ a: '1', '': '2' }]],
  ])('takes %s, however it is cut', (_, input, options, records) => {
    for (const cuts of cutsOf(Buffer.byteLength(input)))
      expect(recordsOf(csv(options), input, cuts)).toEqual(records);
  });

  test('tells record, line and byte of each record', () => {
    const { items } = decoding(csv(), '\ufeffa,b\r\n"x\ny",2\r\n\r\n3,4\n');
    expect(items.map(({ position }) => position)).toEqual([
      { record: 1, line: 2, byte: 8 },
      { record: 2, line: 5, byte: 19 },
    ]);
  });

  test.each<[what: string, record: string | Buffer, code: string, reason: RegExp]>([
    ['too few fields', '1', 'MALFORMED_RECORD', /^Invalid Record Length: columns length is 2, got 1$/],
    ['too many fields', '1,2,3', 'MALFORMED_RECORD', /^Invalid Record Length: columns length is 2, got 3$/],
    [
      'a quote in a field without quotes',
      'x"y,2',
      'MALFORMED_RECORD',
      /^Invalid Opening Quote: .* value is "x"$/,
    ],
    ['text behind a closing quote', '"x"y",2', 'MALFORMED_RECORD', /^Invalid Closing Quote: got "y" instead/],
    [
      'bytes that are not UTF-8',
      Buffer.from('\xe9,2', 'latin1'),
      'INVALID_UTF8',
      /^The record is not valid UTF-8$/,
    ],
  ])('gives out a record with %s as malformed, and goes on', (_, record, code, reason) => {
    const raw = Buffer.from(record);
    const input = Buffer.concat([Buffer.from('a,b\n0,0\n'), raw, Buffer.from('\n3,ü\n')]);
    const whole = decoding(csv(), input);
    const position = { record: 2, line: 3, byte: 8 };
    expect(whole).toEqual({
      items: [
        { value: { a: '0', b: '0' }, position: { record: 1, line: 2, byte: 4 } },
        {
          code,
          message: expect.stringMatching(/^in:3 \(record 2, byte 8\): /),
          position,
          raw: raw.toString('latin1'),
        },
        { value: { a: '3', b: 'ü' }, position: { record: 3, line: 4, byte: 9 + raw.length } },
      ],
    });
    expect((whole.items[1] as { message: string }).message.replace(/^.*?\): /, '')).toMatch(reason);
    for (const cuts of cutsOf(input.length)) expect(decoding(csv(), input, cuts)).toEqual(whole);
  });

  test('holds all records without columns to the width of the first, however they are cut', () => {
    const input = '1,2\n3\n4,5\n6,7,8\n';
    const whole = decoding(csv({ header: false }), input);
    expect(whole.items.map((item) => ('code' in item ? item.message : item.value))).toEqual([
      ['1', '2'],
      'in:2 (record 2, byte 4): Invalid Record Length: expect 2, got 1',
      ['4', '5'],
      'in:4 (record 4, byte 10): Invalid Record Length: expect 2, got 3',
    ]);
    for (const cuts of cutsOf(input.length))
      expect(decoding(csv({ header: false }), input, cuts)).toEqual(whole);
  });

  test.each<[input: string | Buffer, code: string, error: string]>([
    [
      'a,b,a,c,b\n1,2,3,4,5\n',
      'MALFORMED_INPUT',
      'in:1 (record 1, byte 0): The header names a column twice: "a", "b"',
    ],
    ['a,,\n1,2,3\n', 'MALFORMED_INPUT', 'in:1 (record 1, byte 0): The header names a column twice: ""'],
    [
      '\n\na"b,c\n1,2\n',
      'MALFORMED_INPUT',
      'in:3 (record 1, byte 2): Invalid Opening Quote: a quote is found on field 0, value is "a"',
    ],
    [
      Buffer.from('\xe9\n1', 'latin1'),
      'INVALID_UTF8',
      'in:1 (record 1, byte 0): The header is not valid UTF-8',
    ],
    [
      `${'a'.repeat(101)}\n1\n`,
      'RECORD_TOO_LARGE',
      'in:1 (record 1, byte 0): The record is larger than maxRecordBytes (100)',
    ],
    ['"a\n1', 'SOURCE_TRUNCATED', 'in:1 (record 1, byte 0): The quote is not closed'],
  ])('throws when the header is %j', (input, code, message) => {
    const format = csv({ maxRecordBytes: 100 });
    for (const cuts of cutsOf(input.length))
      expect(decoding(format, input, cuts)).toMatchObject({ items: [], error: { code, message } });
  });

  test('throws at a quote that is never closed, behind the records before it', () => {
    const input = 'a\n1\n2\n"x\ny\n';
    for (const cuts of cutsOf(input.length))
      expect(decoding(csv(), input, cuts)).toMatchObject({
        items: [{ value: { a: '1' } }, { value: { a: '2' } }],
        error: { code: 'SOURCE_TRUNCATED', message: 'in:4 (record 3, byte 6): The quote is not closed' },
      });
  });

  test('shows little of a field in a message', () => {
    const { items } = decoding(csv(), `a\n${'secret'.repeat(50)}"`);
    const { message } = items[0] as { message: string };
    expect(message).toMatch(/value is "secret/);
    expect(message.length).toBeLessThan(150);
  });

  test('casts what is written as JSON writes it, and nothing else', () => {
    const fields = [
      '1',
      '-2.5',
      '1e3',
      '007',
      '+1',
      ' 1',
      '0x1f',
      '',
      'true',
      'false',
      'TRUE',
      'null',
      '1,5',
    ];
    const numbers = [
      '9007199254740993',
      '-9007199254740992',
      '1e400',
      'Infinity',
      'NaN',
      '0',
      '-0',
      '1.',
      '.5',
    ];
    const input = [...fields, ...numbers].map((field) => `"${field}"`).join(',');
    expect(recordsOf(csv({ header: false, cast: true }), input)).toEqual([
      [1, -2.5, 1000, '007', '+1', ' 1', '0x1f', '', true, false, 'TRUE', 'null', '1,5'].concat([
        9007199254740993n,
        -9007199254740992n,
        '1e400',
        'Infinity',
        'NaN',
        0,
        -0,
        '1.',
        '.5',
      ] as never[]),
    ]);
  });

  test('casts by a function that knows column and quoting', () => {
    const cast: CsvOptions['cast'] = (field, { column, quoting }) => [field, column, quoting];
    expect(recordsOf(csv({ cast }), 'a,b\n1,"2"')).toEqual([{ a: ['1', 'a', false], b: ['2', 'b', true] }]);
    expect(recordsOf(csv({ cast, header: false }), '1,"2"')).toEqual([
      [
        ['1', 0, false],
        ['2', 1, true],
      ],
    ]);
  });

  test('takes what a cast function throws for a flaw of the record', () => {
    const cast: CsvOptions['cast'] = (field) => {
      if (field === 'x') throw new RangeError('No x here');
      return field;
    };
    expect(decoding(csv({ cast }), 'a\n1\nx\n2').items).toMatchObject([
      { value: { a: '1' } },
      { code: 'MALFORMED_RECORD', message: 'in:3 (record 2, byte 4): No x here', raw: 'x' },
      { value: { a: '2' } },
    ]);
  });

  test.each<[options: CsvOptions, error: string]>([
    [{ delimiter: '' }, 'delimiter must be one ASCII character other than a line break, got ""'],
    [{ delimiter: '§' }, 'delimiter must be one ASCII character other than a line break, got "§"'],
    [{ quote: '\n' }, 'quote must be one ASCII character other than a line break, got "\\n"'],
    [{ escape: 'ab' }, 'escape must be one ASCII character other than a line break, got "ab"'],
    [{ comment: '' }, 'comment must be one ASCII character other than a line break, got ""'],
    [{ delimiter: '"' }, 'delimiter must differ from quote, both are "\\""'],
    [{ comment: ',' }, 'delimiter must differ from comment, both are ","'],
    [{ header: 'a' as never }, 'header must be true, false or a list of column names, got "a"'],
    [{ header: ['a', 'b', 'a'] }, 'header names a column twice: "a"'],
    [{ maxRecordBytes: -1 }, 'maxRecordBytes must be an integer from 1 to 268,435,456, got -1'],
  ])('refuses %j', (options, error) => {
    expect(() => csv(options)).toThrow(error);
  });
});

test('tsv() separates fields by tabs, and takes the other options of csv()', () => {
  expect(recordsOf(tsv(), 'a\tb\n1,0\t"2\t"\n')).toEqual([{ a: '1,0', b: '2\t' }]);
  expect(recordsOf(tsv({ trim: true }), ' a \tb\n\t "x" \n')).toEqual([{ a: '', b: 'x' }]);
});

const SEEDS: readonly (readonly [CsvOptions, Options])[] = [
  [{}, {}],
  [{ relaxColumnCount: true }, { relax_column_count: true }],
  [{ delimiter: ';' }, { delimiter: ';' }],
  [{ quote: null }, { quote: false }],
  [{ escape: '\\' }, { escape: '\\' }],
  [{ comment: '#' }, { comment: '#', comment_no_infix: true }],
  [{ trim: true }, { trim: true }],
  [
    { trim: true, comment: '#' },
    { trim: true, comment: '#', comment_no_infix: true },
  ],
];

test.each(SEEDS)(
  'csv(%j) reads what csv-parse reads, and finds malformed what it finds malformed',
  (ours, theirs) => {
    const token = fc.constantFrom(',', ';', '"', '\n', '\r\n', '\r', 'a', ' ', '\\', '#', 'é', '"b"', ',""');
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 14 }),
        fc.constantFrom(...PIECE_SIZES, 1_000),
        (tokens, size) => {
          const input = tokens.join('');
          // behind an empty quoted field csv-parse takes # for the beginning of a record; we find it misplaced
          fc.pre(ours.comment === undefined || !/(?:^|[\r\n])\s*""\s*#/.test(input));
          const oracle = parsed(input, theirs);
          const { items, error } = decoding(
            csv({ header: false, ...ours }),
            input,
            everyNth(Buffer.byteLength(input), size),
          );
          const values = items.map((item) => ('code' in item ? undefined : item.value));
          const isMalformed = error !== undefined || values.includes(undefined);
          expect(isMalformed ? undefined : values).toEqual(oracle);
        },
      ),
      { numRuns: 1_500 },
    );
  },
);

/** The rows of csv-parse; `undefined` when it finds something malformed. */
function parsed(input: string, options: Options): unknown[] | undefined {
  try {
    return parse(input, { skip_empty_lines: true, record_delimiter: ['\r\n', '\n', '\r'], ...options });
  } catch {
    return undefined;
  }
}

test.each([
  ['', {}],
  [' with comments', { comment: '#' }],
])('a quote in the wrong place makes a record malformed, also where nothing closes it%s', (_, options) => {
  const { items, error } = decoding(csv(options), 'a,b\n1,z\n2,"x"y\n3,z\n');
  expect(error).toBeUndefined();
  expect(items).toMatchObject([
    { value: { a: '1', b: 'z' } },
    {
      code: 'MALFORMED_RECORD',
      raw: expect.stringMatching(/^2,"x"y\n3,z\n?$/) as string,
      position: { record: 2, line: 3 },
    },
  ]);
});

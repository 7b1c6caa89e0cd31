import { describe, expect, test } from 'vitest';
import type { JsonFramerOptions } from '../../src/scan/index.ts';
import { engines } from './engines.ts';
import { everyNth, type Framed, framed, PIECE_SIZES } from './framed.ts';

interface Case {
  readonly input: string | Uint8Array;
  readonly records: readonly string[];
  readonly error?: string;
  readonly path?: readonly string[];
  readonly maxDepth?: number;
}

const elements: readonly Case[] = [
  { input: '[]', records: [] },
  { input: ' [ ] ', records: [] },
  { input: '{}', records: [] },
  { input: '[{"a":1},{"b":[2,{}]}]', records: ['{"a":1}', '{"b":[2,{}]}'] },
  { input: ' [\n 1 , "x" ,\ttrue,null\r\n,[ ] ]\n', records: ['1', '"x"', 'true', 'null', '[ ]'] },
  { input: '["a\\"]","\\\\","[","}\\\\\\""]', records: ['"a\\"]"', '"\\\\"', '"["', '"}\\\\\\""'] },
  { input: '[{"a]}":"\\"}"},["\\\\"]]', records: ['{"a]}":"\\"}"}', '["\\\\"]'] },
  { input: '{"a":{"x":1}, "b" : 2 ,"":[3]}', records: ['{"x":1}', '2', '[3]'] },
  { input: '{"\\u0061\\"}":"é","é€𝄞":1}', records: ['"Ã©"', '1'] },
  { input: '{"a":1,"a":2}', records: ['1', '2'] },
  { input: '\ufeff[1]', records: ['1'] },
  { input: '[1,]', records: ['1'], error: 'syntax@3' },
  { input: '[,1]', records: [], error: 'syntax@1' },
  { input: '[1 2]', records: ['1'], error: 'syntax@3' },
  { input: '[1:2]', records: ['1'], error: 'syntax@2' },
  { input: '[1"a"]', records: ['1'], error: 'syntax@2' },
  { input: '["a"1]', records: ['"a"'], error: 'syntax@4' },
  { input: '[{}{}]', records: ['{}'], error: 'syntax@3' },
  { input: '[1}', records: ['1'], error: 'syntax@2' },
  { input: '[}', records: [], error: 'syntax@1' },
  { input: '[1]]', records: ['1'], error: 'syntax@3' },
  { input: '[1] x', records: ['1'], error: 'syntax@4' },
  { input: '[1]\u00a0', records: ['1'], error: 'syntax@3' },
  { input: '[1\u001e,2]', records: ['1'], error: 'syntax@2' },
  { input: '[', records: [], error: 'incomplete@1' },
  { input: '[1', records: [], error: 'incomplete@2' },
  { input: '[1,', records: ['1'], error: 'incomplete@3' },
  { input: '[{"a":[]}', records: ['{"a":[]}'], error: 'incomplete@9' },
  { input: '[{"a":"]}', records: [], error: 'incomplete@9' },
  { input: '["a\\"]', records: [], error: 'incomplete@6' },
  { input: '', records: [], error: 'incomplete@0' },
  { input: ' \n', records: [], error: 'incomplete@2' },
  { input: '\ufeff', records: [], error: 'incomplete@3' },
  { input: Buffer.from([0xef, 0xbb]), records: [], error: 'incomplete@2' },
  { input: Buffer.from([0xef, 0xbb, 0x5b]), records: [], error: 'syntax@0' },
  { input: Buffer.from([0xff, 0xfe, 0x5b, 0]), records: [], error: 'utf8@0' },
  { input: '{"a":1,}', records: ['1'], error: 'syntax@7' },
  { input: '{"a":1 "b":2}', records: ['1'], error: 'syntax@7' },
  { input: '{"a" 1}', records: [], error: 'syntax@5' },
  { input: '{"a":}', records: [], error: 'syntax@5' },
  { input: '{a:1}', records: [], error: 'syntax@1' },
  { input: '{"a":1]', records: ['1'], error: 'syntax@6' },
  { input: '{"a\\x":1}', records: [], error: 'syntax@4' },
  { input: '{"a\n":1}', records: [], error: 'syntax@3' },
  { input: '{"\\u12g4":1}', records: [], error: 'syntax@6' },
  { input: Buffer.from('{"\xc3(":1}', 'latin1'), records: [], error: 'utf8@3' },
  { input: '{"a":1,"b', records: ['1'], error: 'incomplete@9' },
  { input: '3', records: [], error: 'path@0' },
  { input: ' "x"', records: [], error: 'path@1' },
  { input: ':', records: [], error: 'syntax@0' },
  { input: 'x', records: [], error: 'syntax@0' },
  { input: '[[[1]],[[2]]]', records: ['[[1]]', '[[2]]'], maxDepth: 2 },
  { input: '[[1],[[[2]]]]', records: ['[1]'], error: 'depth@7', maxDepth: 2 },
  { input: `[${'['.repeat(100_000)}`, records: [], error: 'depth@513' },
  { input: '[1]', records: [], error: 'depth@0', maxDepth: 0 },
];

const atPath: readonly Case[] = [
  { path: ['a'], input: '{"a":[1,2]}', records: ['1', '2'] },
  { path: ['a'], input: ' { "x" : {"a":[9]} , "a" : [ 1 ] , "y":"]}" } ', records: ['1'] },
  {
    path: ['a', 'b'],
    input: '{"b":[0],"a":{"c":1,"b":[{"b":[]}],"d":[[]]},"e":null}',
    records: ['{"b":[]}'],
  },
  { path: ['a', 'b'], input: '{"a":{"b":{"x":1,"y":[2]}}}', records: ['1', '[2]'] },
  { path: ['é"\n'], input: '{"\\u00e9\\"\\n":[1]}', records: ['1'] },
  { path: ['é€𝄞'], input: '{"é€𝄞":[1]}', records: ['1'] },
  { path: ['é€𝄞'], input: '{"\\u00e9\\u20AC\\ud834\\udd1e":[1]}', records: ['1'] },
  { path: [''], input: '{"":[1]}', records: ['1'] },
  { path: ['__proto__'], input: '{"constructor":[0],"__proto__":[1]}', records: ['1'] },
  { path: ['ab'], input: '{"abc":[0],"a":[0],"ab":[1]}', records: ['1'] },
  { path: ['a'], input: '{"much longer than the wanted":[0],"a":[1]}', records: ['1'] },
  { path: ['a'], input: '{"b":1}', records: [], error: 'path@6' },
  { path: ['a'], input: '{}', records: [], error: 'path@1' },
  { path: ['a'], input: '[]', records: [], error: 'path@0' },
  { path: ['a'], input: '{"a":1}', records: [], error: 'path@5' },
  { path: ['a', 'b'], input: '{"a":[]}', records: [], error: 'path@5' },
  { path: ['a', 'b'], input: '{"a":{"c":[]},"d":1}', records: [], error: 'path@12' },
  { path: ['a'], input: '{"a":[1],"a":[2]}', records: ['1'], error: 'path@11' },
  { path: ['a', 'b'], input: '{"a":{"b":[1]},"a":{"b":[2]}}', records: ['1'], error: 'path@17' },
  { path: ['a', 'b'], input: '{"a":{"b":[1],"\\u0062":[2]}}', records: ['1'], error: 'path@21' },
  { path: ['a'], input: '{"a":[1]', records: ['1'], error: 'incomplete@8' },
  { path: ['a'], input: '{"x":[1', records: [], error: 'incomplete@7' },
  { path: ['a'], input: '{"x":tru', records: [], error: 'incomplete@8' },
  { path: ['a'], input: '{"a"', records: [], error: 'incomplete@4' },
  { path: ['a'], input: '{"x":[1,],"a":[1]}', records: [], error: 'syntax@8' },
  { path: ['a'], input: '{"x":{"y":1],"a":[1]}', records: [], error: 'syntax@11' },
  { path: ['a'], input: '{"x":01,"a":[1]}', records: [], error: 'syntax@6' },
  { path: ['a'], input: '{"x":1.,"a":[1]}', records: [], error: 'syntax@7' },
  { path: ['a'], input: '{"x":nul,"a":[1]}', records: [], error: 'syntax@8' },
  { path: ['a'], input: '{"x":"\t","a":[1]}', records: [], error: 'syntax@6' },
  { path: ['a'], input: Buffer.from('{"x":"\xff","a":[1]}', 'latin1'), records: [], error: 'utf8@6' },
  { path: ['a'], input: '{"a":[1],"x":1e}', records: ['1'], error: 'syntax@15' },
  { path: ['a'], input: '{"a":[1],}', records: ['1'], error: 'syntax@9' },
  { path: ['a'], input: '{"a":[1]}}', records: ['1'], error: 'syntax@9' },
  { path: ['a'], input: '{,"a":[1]}', records: [], error: 'syntax@1' },
  { path: ['a'], input: '{"x":[[1]],"a":[1]}', records: ['1'], maxDepth: 3 },
  { path: ['a'], input: '{"x":[[[1]]],"a":[1]}', records: [], error: 'depth@7', maxDepth: 3 },
  { path: ['a', 'b'], input: '{"a":{"b":[1]}}', records: [], error: 'depth@10', maxDepth: 2 },
];

const documents: readonly Case[] = [
  { input: '{"a":[1,2]}', records: ['{"a":[1,2]}'] },
  { input: ' 12 ', records: ['12'] },
  { input: '12', records: ['12'] },
  { input: '"x"', records: ['"x"'] },
  { input: '\ufeffnull\n', records: ['null'] },
  { input: '', records: [], error: 'incomplete@0' },
  { input: '  ', records: [], error: 'incomplete@2' },
  { input: '{} {}', records: ['{}'], error: 'syntax@3' },
  { input: '1 2', records: ['1'], error: 'syntax@2' },
  { input: '1,', records: ['1'], error: 'syntax@1' },
  { input: ']', records: [], error: 'syntax@0' },
  { input: '"x', records: [], error: 'incomplete@2' },
  { input: '[[]', records: [], error: 'incomplete@3' },
  { input: '\u001e1', records: [], error: 'syntax@0' },
];

const values: readonly Case[] = [
  { input: '', records: [] },
  { input: ' \n', records: [] },
  { input: '\ufeff', records: [] },
  { input: '{"a":1}{"b":2}\n[3]"x"4 true', records: ['{"a":1}', '{"b":2}', '[3]', '"x"', '4', 'true'] },
  { input: '\u001e{"a":1}\n\u001e2\n\u001e\u001e3', records: ['{"a":1}', '2', '3'] },
  { input: '1[2]3"4"5{}', records: ['1', '[2]', '3', '"4"', '5', '{}'] },
  { input: '1,2', records: ['1'], error: 'syntax@1' },
  { input: '[1]]', records: ['[1]'], error: 'syntax@3' },
  { input: '{}:', records: ['{}'], error: 'syntax@2' },
  { input: '{} {"a', records: ['{}'], error: 'incomplete@6' },
  { input: '1 "', records: ['1'], error: 'incomplete@3' },
];

const kinds: readonly (readonly [JsonFramerOptions['records'], readonly Case[]])[] = [
  ['elements', [...elements, ...atPath]],
  ['document', documents],
  ['values', values],
];

for (const engine of engines) {
  for (const [records, cases] of kinds) {
    describe(`jsonFramer() of ${engine.name} frames ${records}`, () => {
      test.each(cases)('$input at $path: $error', ({ input, path = [], maxDepth = 512, ...expected }) => {
        const bytes = Buffer.from(input);
        const frame = (cuts: readonly number[]): Framed =>
          framed(engine.jsonFramer({ records, path, maxDepth }), bytes, cuts);
        const found = { error: undefined, ...expected };
        expect(frame([])).toEqual(found);
        for (const size of PIECE_SIZES) expect(frame(everyNth(bytes.length, size))).toEqual(found);
        for (let at = 0; at <= Math.min(bytes.length, 64); at++) expect(frame([at])).toEqual(found);
      });
    });
  }

  test(`jsonFramer() of ${engine.name} keeps the state of two framers apart`, () => {
    const options = { records: 'values', path: [], maxDepth: 9 } as const;
    const [one, two] = [engine.jsonFramer(options), engine.jsonFramer(options)];
    expect(one.push(Buffer.from('["\\')).count).toBe(0);
    expect(two.push(Buffer.from('{"a":"')).count).toBe(0);
    expect(one.push(Buffer.from('"]"]')).count).toBe(1);
    expect(two.push(Buffer.from('}"}')).count).toBe(1);
  });

  test(`jsonFramer() of ${engine.name} says where the unfinished record begins`, () => {
    const framer = engine.jsonFramer({ records: 'elements', path: [], maxDepth: 9 });
    expect(framer.push(Buffer.from('[1, {"a":')).rest).toBe(4);
    expect(framer.push(Buffer.from('"xyz"')).rest).toBe(-5);
    expect(framer.push(Buffer.from('},  ')).rest).toBe(4);
  });
}

import fc from 'fast-check';
import type { Change } from '../../scripts/build-scan.ts';
import type { Framer, ScanEngine } from '../../src/scan/index.ts';
import { type ScannerMutant, testScannerMutants, useScanner } from './scanner-mutants.ts';
import { numberArrays, shapedRecords } from './shaped.ts';

/** What the scanner carries from block to block and from piece to piece, each broken once. */
const MUTANTS: readonly ScannerMutant[] = [
  [
    'framing forgets an escape at the end of a block',
    'frame-json.ts',
    'escapeCarry = n < 64 ? (escaped >> n) & 1 : begun >> 63;',
    'escapeCarry = 0;',
  ],
  [
    'framing forgets an escape at the end of a piece',
    'frame-json.ts',
    'store<i32>(STATE, <i32>escapeCarry, 20);',
    'store<i32>(STATE, 0, 20);',
  ],
  [
    'framing forgets that a block ends in a string',
    'frame-json.ts',
    'stringCarry = <u64>(<i64>inside >> 63);',
    'stringCarry = 0;',
  ],
  [
    'framing forgets that a piece ends in a string',
    'frame-json.ts',
    'store<i32>(STATE, <i32>stringCarry, 24);',
    'store<i32>(STATE, 0, 24);',
  ],
  [
    'a record ends one level too early',
    'frame-json.ts',
    '} else if (--depth == 0) {',
    '} else if (--depth <= 1) {',
  ],
  ['brackets of a block are not counted', 'frame-json.ts', 'depth += ups - downs;', 'depth += 0;'],
  [
    'framing forgets the depth at the end of a piece',
    'frame-json.ts',
    'store<i32>(STATE, depth, 12);',
    'store<i32>(STATE, 1, 12);',
  ],
  ['an escaped backslash escapes', 'blocks.ts', 'return (series ^ ODD) & backslashes;', 'return open;'],
  [
    'an escape is not carried into a block of backslashes',
    'blocks.ts',
    'const open = backslashes & ~carry;',
    'const open = backslashes;',
  ],
  ['a quote opens only', 'blocks.ts', 'x ^= x << 32;', 'x ^= 0;'],
  [
    'validation takes the letter of an escape for the next character of the string',
    'index-strings.ts',
    'carry = begins >> 63;',
    'carry = 0;',
  ],
  ['validation ends a string at an escaped quote', 'index-strings.ts', '(stops & ~escaped)', 'stops'],
  [
    'validation takes any letter for an escape',
    'index-strings.ts',
    'const wrong = strange == 0 ? 0 : wrongOf(p, strange);',
    'const wrong: u64 = 0;',
  ],
  [
    'validation takes any letter for an escape in the last bytes of a block',
    'index-strings.ts',
    'areShort(d));',
    'i8x16.splat(-1));',
  ],
  ['validation takes any four bytes for an escape', 'index-strings.ts', ' || !areHex(letter + 1)', ''],
  [
    'validation looks for the end of a long string in every other block',
    'index-strings.ts',
    'p = (p & ~7) + 64;',
    'p += 64;',
  ],
  [
    'validation takes control characters for text in the last bytes of a block',
    'index-strings.ts',
    'stopsOf(d));',
    'i8x16.eq(d, v128.load(QUOTES)));',
  ],
  ['validation allows a point behind all digits', 'json-tokens.ts', ' && at < length - 1', ''],
  ['validation allows a zero before other digits', 'json-tokens.ts', 'isShort && !isZeroLed', 'isShort'],
  ['validation takes a slash for a point', 'json-tokens.ts', ' && load<u8>(p + <usize>at) == 0x2e', ''],
  [
    'an array may hold a number that begins with a zero',
    'json-tokens.ts',
    'areZeroLed | areBeside',
    'areBeside',
  ],
  ['an array may hold an empty number', 'json-tokens.ts', '(commas | points) & ~', 'points & ~'],
  [
    'an array may hold a number that ends with a point',
    'json-tokens.ts',
    '(commas | points) & ~',
    'commas & ~',
  ],
  ['an array may hold a number with two points', 'json-tokens.ts', 'areBeside | areSecond', 'areBeside'],
  [
    'an array ends with what fills the block',
    'json-tokens.ts',
    'known : 31 - clz(commasKnown)',
    'known : known',
  ],
  [
    'validation forgets what is open',
    'walk-json.ts',
    'isInObject = top != STACK && load<u8>(<usize>load<u32>(top, START)) == 0x7b;',
    'isInObject = top != STACK;',
  ],
  [
    'validation allows one level too many',
    'walk-json.ts',
    'const deepest = STACK + <usize>maxDepth * ENTRY;',
    'const deepest = STACK + <usize>(maxDepth + 1) * ENTRY;',
  ],
  [
    'the first key of an object is never compared',
    'members.ts',
    'if ((~same & (load<i32>(node, MASK) >> 1)) != 0) return 0;',
    '',
  ],
  [
    'digits of a long number are not counted',
    'json-tokens.ts',
    'length > (isInteger ? mostDigits',
    'length > (isInteger ? 999',
  ],
  [
    'CSV forgets that a block ends in quotes',
    'frame-csv.ts',
    'let inside: u64 = place == QUOTED ? -1 : 0;',
    'let inside: u64 = 0;',
  ],
  ['CSV forgets a quote at the end of a block', 'frame-csv.ts', 'place == QUOTE_SEEN ? 1 : 0);', '0);'],
  [
    'a line feed counts for the record that begins with it',
    'count-lines.ts',
    'feeds & ~(<u64>-1 << place)',
    'feeds & ~(<u64>-2 << place)',
  ],
  [
    'records of a block begin on its first line',
    'count-lines.ts',
    'line + <i32>popcnt(feeds & ',
    'line + 0 * <i32>popcnt(feeds & ',
  ],
  ['line feeds behind the bytes count', 'count-lines.ts', 'padBlock(WINDOW + length);', ''],
  ['digits at the end of a block do not count', 'plain-json.ts', 'eights = nextEights;', 'eights = 0;'],
  ['an exponent behind the end of a block does not count', 'plain-json.ts', 'ones = digits;', 'ones = 0;'],
];

testScannerMutants(MUTANTS, firstDifference);

/** The first input on which a changed scanner and the plain engine differ. */
async function firstDifference(change: Change): Promise<string | undefined> {
  await useScanner(change);
  const { scanEngine } = await import('../../src/scan/index.ts');
  const framing = await import('./framed.ts');
  const [plain, changed] = [scanEngine('typescript'), scanEngine('wasm')];
  for (const input of INPUTS) {
    for (const [name, question] of Object.entries(QUESTIONS))
      if (answer(question, changed, input, framing) !== answer(question, plain, input, framing))
        return `${name}: ${input.toString()}`;
  }
  return undefined;
}

type Framing = typeof import('./framed.ts');
type Question = (engine: ScanEngine, input: Buffer, framing: Framing) => unknown;

/** What an engine finds, as text; a broken one may also break the rules of offsets. */
function answer(question: Question, engine: ScanEngine, input: Buffer, framing: Framing): string {
  try {
    return JSON.stringify(question(engine, input, framing));
  } catch (error) {
    return `threw ${(error as Error).message}`;
  }
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  lines: (engine, input) => {
    // as if a record began at every third byte
    const starts = Uint32Array.from({ length: Math.floor(input.length / 3) }, (_, i) => 3 * i);
    const lines = new Uint32Array(starts.length);
    return [engine.countLines(input, starts, lines, 1), ...lines];
  },
  elements: (engine, input, framing) =>
    inPieces(() => engine.jsonFramer({ records: 'elements', path: [], maxDepth: 9 }), input, framing),
  values: (engine, input, framing) =>
    inPieces(() => engine.jsonFramer({ records: 'values', path: [], maxDepth: 9 }), input, framing),
  csv: (engine, input, framing) =>
    inPieces(() => engine.csvFramer({ delimiter: 0x2c, quote: 0x22, escape: 0x22 }), input, framing),
  validate: (engine, input) =>
    engine.validateJson(input, Uint32Array.of(0), Uint32Array.of(input.length), 4) ?? 'sound',
  doubt: (engine, input) =>
    engine.doubtfulJson(input, Uint32Array.of(0), Uint32Array.of(input.length), {
      maxDepth: 4,
      mostDigits: 15,
    }),
  plain: (engine, input) => engine.unplainJson(input, Uint32Array.of(0), Uint32Array.of(input.length), 20),
};

function inPieces(create: () => Framer, input: Buffer, { everyNth, framed }: Framing): unknown {
  return [64, 67, 1_000].map((size) => framed(create(), input, everyNth(input.length, size)));
}

/** Everything that is carried, at and around the ends of blocks; the same inputs in every run. */
const INPUTS: readonly Buffer[] = (() => {
  const filler = fc.integer({ min: 0, max: 70 }).map((length) => 'x'.repeat(length));
  const part = fc.oneof(
    filler.map((text) => `"${text}"`),
    filler.map((text) => `"${text}\\""`),
    filler.map((text) => `"${text}\\\\"`),
    filler.map((text) => `"${text}`),
    fc.integer({ min: 1, max: 70 }).map((length) => '\\'.repeat(length)),
    fc.integer({ min: 10, max: 70 }).map((length) => '7'.repeat(length)),
    fc.constantFrom(
      '{"a":',
      '}',
      '[',
      ']',
      ',',
      '{',
      '1e',
      '""',
      '\n',
      '[[[[1]]]]',
      '{"a":[{"b":{}}]}',
      ',"',
      '",',
    ),
    fc.json({ maxDepth: 5 }),
    fc.integer({ min: 1, max: 70 }).map((length) => ' '.repeat(length)),
  );
  const noise = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  const texts = fc.oneof(
    noise,
    noise.map((text) => `[${text}]`),
    fc.array(fc.json({ maxDepth: 6 }), { maxLength: 4 }).map((values) => `[${values.join()}]`),
  );
  const shapes = shapedRecords.map((records) => `[${records.join()}]`);
  const known = [
    '{"a":[],1]',
    '[{"a":{}},"b":1}',
    `${' '.repeat(63)}1e5`,
    `"${'x'.repeat(62)}"y\nz`,
    '\n'.repeat(200),
    'x',
  ];
  const numbers = ['01', '-01', '1.', '-.5', '1/2', '1.2.3', '0.50', '-0'];
  const escapes = ['"', '\\', 'n', 'u'].map((letter) => `"\\n${'x'.repeat(29)}\\${letter}00e"`);
  const wrong = Array.from({ length: 70 }, (_, n) =>
    ['\\q', '\u0001'].map((text) => `"${'x'.repeat(n)}${text}"`),
  );
  const sampled = [
    ...fc.sample(texts, { seed: 7, numRuns: 1_500 }),
    ...fc.sample(shapes, { seed: 7, numRuns: 150 }),
    ...fc.sample(numberArrays, { seed: 7, numRuns: 500 }),
  ];
  return [...known, ...numbers, ...escapes, ...wrong.flat(), ...sampled].map((text) => Buffer.from(text));
})();

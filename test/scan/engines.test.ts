import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Flaw, type Framer, type ScanEngine, scanEngine } from '../../src/scan/index.ts';
import { isSimdAvailable } from '../../src/scan/wasm/scanner.ts';
import { corpus, needCorpora } from '../support/corpora.ts';
import { engines } from './engines.ts';
import { everyNth, framed, PIECE_SIZES } from './framed.ts';
import { numberArrays, shapedRecords } from './shaped.ts';

const KINDS = ['elements', 'document', 'values'] as const;
/** Random inputs of each property; for a long search `SCAN_RUNS=100000 npx vitest run test/scan`. */
const RUNS = Number(process.env.SCAN_RUNS ?? 1_000);
/** Longer inputs are cut off where they are fed in small pieces. */
const MANY_PIECES = 4_096;

describe('The engines find the same', () => {
  const noise = fc
    .array(
      fc.oneof(
        fc.constantFrom(...'{ } [ ] : , " \\ \n \u001e \u0000 1 a t f n - . é'.split(' '), ' '),
        fc.constantFrom('{"a":', '"b"', '\\"', '\\\\', '"\\u12aF"', '[[', ']]', '},{', '],[', '":"', 'null,'),
        fc.integer({ min: 1, max: 140 }).map((length) => `"${'x'.repeat(length)}"`),
        fc.integer({ min: 1, max: 140 }).map((length) => '\\'.repeat(length)),
        fc.integer({ min: 1, max: 70 }).map((length) => ' '.repeat(length)),
        fc.json({ maxDepth: 4 }),
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.from(parts.join('')));
  const start = fc.constantFrom('', '[', '{"a":', '{"x":[1],"a":[', '\ufeff[');
  const input = fc.tuple(start, noise).map(([start, noise]) => Buffer.concat([Buffer.from(start), noise]));

  test.each(KINDS)('%s in JSON and in what is not, however it is cut', (records) => {
    const path = fc.constantFrom([], ['a']);
    const depth = fc.constantFrom(2, 5, 512);
    fc.assert(
      fc.property(input, path, depth, fc.constantFrom(...PIECE_SIZES), (input, path, maxDepth, size) => {
        const options = { records, path: records === 'elements' ? path : [], maxDepth };
        expectSame((engine) => engine.jsonFramer(options), input, size);
      }),
      { numRuns: RUNS },
    );
  });

  test('flaws in records, whatever they hold', () => {
    const changed = fc
      .tuple(fc.json({ maxDepth: 5 }), fc.double({ min: 0, max: 0.999 }), fc.integer({ min: 0, max: 255 }))
      .map(([text, where, byte]) => {
        const bytes = Buffer.from(text);
        bytes[Math.floor(where * bytes.length)] = byte;
        return bytes;
      });
    const records = fc.array(
      fc.oneof(
        noise,
        changed,
        fc.json().map((text) => Buffer.from(text)),
      ),
      {
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(records, fc.constantFrom(2, 512), (records, maxDepth) => {
        const [plain, simd] = engines.map((engine) => flawIn(engine, records, maxDepth));
        expect(simd).toEqual(plain);
      }),
      { numRuns: RUNS },
    );
  });

  test('records that only a decoder can judge', () => {
    const digits = fc.integer({ min: 1, max: 210 }).map((length) => '7'.repeat(length));
    const number = fc
      .tuple(
        fc.constantFrom('', '-'),
        digits,
        fc.constantFrom('', '.', '.5', '.1234567890123456789'),
        fc.constantFrom('', 'e5', 'E+05', 'e-99', 'e308', 'e+', 'x'),
      )
      .map((parts) => parts.join(''));
    const value = fc.oneof(
      number,
      number.map((text) => `"${text}"`),
      fc.json(),
      noise.map(String),
    );
    const record = fc.oneof(
      value,
      fc.array(value, { maxLength: 4 }).map((values) => `[${values.join()}]`),
    );
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), fc.constantFrom(15, 300), (records, mostDigits) => {
        const { bytes, starts, ends } = joined(records.map((text) => Buffer.from(text)));
        const [plain, simd] = engines.map((engine) =>
          engine.doubtfulJson(bytes, starts, ends, { maxDepth: 6, mostDigits }),
        );
        expect(simd).toEqual(plain);
      }),
      { numRuns: RUNS },
    );
  });

  test('flaws in records of one shape, and numbers that may not fit', () => {
    fc.assert(
      fc.property(shapedRecords, fc.constantFrom(3, 512), (records, maxDepth) => {
        const [plain, simd] = engines.map((engine) => flawIn(engine, records, maxDepth));
        expect(simd).toEqual(plain);
        const { bytes, starts, ends } = joined(records);
        const [doubts, found] = engines.map((engine) =>
          engine.doubtfulJson(bytes, starts, ends, { maxDepth, mostDigits: 15 }),
        );
        expect(found).toEqual(doubts);
        const projector = scanEngine('wasm').jsonProjector({ paths: [['a'], ['bb', 'b']], isStrict: false })!;
        expect(projector.check(bytes, starts, ends, { maxDepth, mostDigits: 15 }).doubtful).toEqual(doubts);
      }),
      { numRuns: 2 * RUNS },
    );
  });

  test('flaws in arrays of numbers, and numbers of them that may not fit', () => {
    const found = { sound: 0, doubtful: 0 };
    fc.assert(
      fc.property(fc.array(numberArrays, { minLength: 1, maxLength: 8 }), (arrays) => {
        const { bytes, starts, ends } = joined(arrays.map((text) => Buffer.from(text)));
        const [plain, simd] = engines.map((engine) =>
          engine.doubtfulJson(bytes, starts, ends, { maxDepth: 6, mostDigits: 15 }),
        );
        expect(simd).toEqual(plain);
        found.doubtful += plain!.length;
        found.sound += arrays.length - plain!.length;
      }),
      { numRuns: 2 * RUNS },
    );
    expect(Math.min(found.sound, found.doubtful)).toBeGreaterThan(RUNS);
  });

  test('records that need care when they are decoded', () => {
    const digits = fc.integer({ min: 1, max: 40 }).map((length) => '7'.repeat(length));
    const part = fc.oneof(digits, fc.constantFrom('e', 'E', '[', '{', '"', '.', 'xxxxxxx', ' '.repeat(60)));
    const records = fc.array(
      fc.array(part, { maxLength: 12 }).map((parts) => Buffer.from(parts.join(''))),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(records, fc.integer({ min: 0, max: 4 }), (records, mostBrackets) => {
        const expected = records.flatMap((record, index) => {
          const text = record.toString();
          const brackets = text.match(/[[{]/g)?.length ?? 0;
          return /\d{16}|\d[eE]/.test(text) || brackets > mostBrackets ? [index] : [];
        });
        const { bytes, starts, ends } = joined(records);
        for (const engine of engines)
          expect(engine.unplainJson(bytes, starts, ends, mostBrackets), engine.name).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });

  test('records of CSV that only a decoder can judge', () => {
    const part = fc.oneof(
      fc.constantFrom('a', ',', '"', '""', '","', '"\n"', '\0', 'é', ',"b"', ' '),
      fc.integer({ min: 1, max: 140 }).map((length) => `,"${'x'.repeat(length)}"`),
      fc.integer({ min: 1, max: 140 }).map((length) => '"'.repeat(length)),
    );
    const record = fc.tuple(fc.array(part, { maxLength: 12 }), fc.boolean()).map(([parts, isBroken]) => {
      const bytes = Buffer.from(parts.join(''));
      if (isBroken && bytes.length > 0) bytes[0] = 0xff;
      return bytes;
    });
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 8 }),
        fc.constantFrom(0x22, 0x61, undefined),
        fc.constantFrom(1, 2, 3, undefined),
        (records, quote, width) => {
          const { bytes } = joined(records, '\n');
          const { starts, ends } = framedCsv(bytes, quote);
          const [plain, simd] = engines.map((engine) =>
            engine.doubtfulCsv(bytes, starts, ends, { delimiter: 0x2c, quote, width }),
          );
          expect(simd).toEqual(plain);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('records of CSV and of what is not, with any options, however it is cut', () => {
    const text = fc
      .array(
        fc.oneof(
          fc.constantFrom('a', ',', ';', '"', "'", '""', '\n', '\r\n', '\r', '","', '"\n"', '\\', ' ', '\0'),
          fc.integer({ min: 1, max: 140 }).map((length) => `"${'x'.repeat(length)}"`),
          fc.integer({ min: 1, max: 140 }).map((length) => '"'.repeat(length)),
          fc.integer({ min: 1, max: 140 }).map((length) => `,${'y'.repeat(length)},`),
        ),
        { maxLength: 60 },
      )
      .map((parts) => Buffer.from(parts.join('')));
    const quote = fc.constantFrom(0x22, 0x27, undefined);
    const escape = fc.constantFrom(0x22, 0x5c, undefined);
    const delimiter = fc.constantFrom(0x2c, 0x3b);
    fc.assert(
      fc.property(
        fc.record({ delimiter, quote, escape }),
        text,
        fc.constantFrom(...PIECE_SIZES),
        (options, input, size) => expectSame((engine) => engine.csvFramer(options), input, size),
      ),
      { numRuns: RUNS },
    );
  });

  test('lines, wherever records begin, also where several do, or at the end', () => {
    const text = fc.oneof(
      {
        weight: 9,
        arbitrary: fc.string({ unit: fc.constantFrom('\n', '\n', 'x', '\r', 'é'), maxLength: 400 }),
      },
      // longer than what is looked at together
      { weight: 1, arbitrary: fc.constant('ab\n'.repeat(100_000)) },
    );
    fc.assert(
      fc.property(text, fc.array(fc.nat()), fc.integer({ min: 1, max: 1e9 }), (text, places, first) => {
        const bytes = Buffer.from(text);
        const starts = Uint32Array.from(places, (place) => place % (bytes.length + 1)).toSorted();
        const [plain, simd] = engines.map((engine) => {
          const lines = new Uint32Array(starts.length);
          return { behind: engine.countLines(bytes, starts, lines, first), lines };
        });
        expect(simd).toEqual(plain);
        const lineOf = (offset: number) =>
          first + bytes.subarray(0, offset).filter((byte) => byte === 0x0a).length;
        expect(plain).toEqual({ behind: lineOf(bytes.length), lines: starts.map(lineOf) });
      }),
      { numRuns: RUNS },
    );
  });
});

describe('In real documents', () => {
  needCorpora('json-documents');

  test.each(PIECE_SIZES)('the engines find the same records, in pieces of %i bytes', (size) => {
    for (const [name, bytes] of corpus('json-documents', 7)) {
      const input = size < 4_096 ? bytes.subarray(0, MANY_PIECES) : bytes;
      const path = PATHS[name] ?? [];
      const records = name.endsWith('.ndjson') ? 'values' : 'elements';
      expectSame((engine) => engine.jsonFramer({ records, path, maxDepth: 512 }), input, size);
      expectSame((engine) => engine.csvFramer({ delimiter: 0x2c, quote: 0x22, escape: 0x22 }), input, size);
    }
  });

  test('the engines doubt nothing', () => {
    const check = { maxDepth: 512, mostDigits: 300 };
    for (const [name, bytes] of corpus('json-documents', 7)) {
      if (!name.endsWith('.json')) continue;
      const [start, end] = [Uint32Array.of(0), Uint32Array.of(bytes.length)];
      for (const engine of engines) expect(engine.doubtfulJson(bytes, start, end, check), name).toEqual([]);
    }
  });
});

const PATHS: Readonly<Record<string, readonly string[]>> = {
  'twitter.json': ['statuses'],
  'citm_catalog.json': ['performances'],
  'canada.json': ['features'],
  'apache_builds.json': ['jobs'],
};

test('scanEngine() gives each engine by its name', () => {
  expect(isSimdAvailable()).toBe(true);
  expect(scanEngine('wasm').name).toBe('wasm');
  expect(scanEngine('typescript').name).toBe('typescript');
  expect(scanEngine().name).toBe('wasm');
});

function expectSame(framer: (engine: ScanEngine) => Framer, input: Uint8Array, size: number): void {
  const [plain, simd] = engines.map((engine) => framed(framer(engine), input, everyNth(input.length, size)));
  expect(simd).toEqual(plain);
}

/** The records that are framed in one piece: what is checked never begins nor ends inside quotes. */
function framedCsv(bytes: Uint8Array, quote: number | undefined) {
  const framer = scanEngine('typescript').csvFramer({ delimiter: 0x2c, quote, escape: quote });
  const { count, starts, ends } = framer.push(bytes);
  return {
    starts: Uint32Array.from(starts.subarray(0, count)),
    ends: Uint32Array.from(ends.subarray(0, count)),
  };
}

function flawIn(engine: ScanEngine, records: readonly Buffer[], maxDepth: number): Flaw | undefined {
  const { bytes, starts, ends } = joined(records);
  return engine.validateJson(bytes, starts, ends, maxDepth);
}

function joined(records: readonly Buffer[], separator = ',') {
  const ends = records.map((_, i) => records.slice(0, i + 1).reduce((sum, { length }) => sum + length, i));
  const starts = records.map(({ length }, i) => ends[i]! - length);
  const bytes = Buffer.concat(records.flatMap((record) => [record, Buffer.from(separator)]));
  return { bytes, starts: Uint32Array.from(starts), ends: Uint32Array.from(ends) };
}

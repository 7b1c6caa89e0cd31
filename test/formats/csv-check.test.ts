import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { RecordBytes } from '../../src/core/record-block.ts';
import type { CsvOptions } from '../../src/formats/csv-format.ts';
import { CsvRows } from '../../src/formats/csv-rows.ts';
import { type ScanEngine, scanEngine } from '../../src/scan/index.ts';

const RUNS = Number(process.env['PROJECTION_RUNS'] ?? 3_000);

const engine = vi.hoisted(() => ({ name: 'wasm' as 'wasm' | 'typescript' }));
vi.mock('../../src/scan/index.ts', async (original) => {
  const scan = await original<typeof import('../../src/scan/index.ts')>();
  return { ...scan, scanEngine: (): ScanEngine => scan.scanEngine(engine.name) };
});

const part = fc.oneof(
  fc.constantFrom(
    'a',
    ',',
    ',',
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    '","',
    '"\n"',
    ',"b"',
    ' ',
    '\0',
    'é',
    '\ufeff',
  ),
  fc.constantFrom(
    '1,2\n',
    '"x","y"\n',
    '"x ""y""\n",z\n',
    'a"b,c\n',
    '"a"b,c\n',
    '1\n',
    '1,2,3\n',
    '"a"\0,b\n',
  ),
  fc.integer({ min: 1, max: 140 }).map((length) => `"${'x'.repeat(length)}"`),
  fc.integer({ min: 1, max: 140 }).map((length) => `${'y'.repeat(length)},`),
  fc.integer({ min: 1, max: 140 }).map((length) => '"'.repeat(length)),
);
const input = fc
  .tuple(fc.array(part, { maxLength: 40 }), fc.nat(), fc.boolean())
  .map(([parts, at, isBroken]) => {
    const bytes = Buffer.from(parts.join(''));
    if (isBroken && bytes.length > 0) bytes[at % bytes.length] = 0xff;
    return bytes;
  });

/** Records as a framer finds them. */
function framed(bytes: Uint8Array, { quote = '"' }: CsvOptions): RecordBytes {
  const code = quote?.charCodeAt(0);
  const framer = scanEngine().csvFramer({ delimiter: 0x2c, quote: code, escape: code });
  const { count, starts, ends } = framer.push(bytes);
  const first = (offsets: Int32Array) => Uint32Array.from(offsets.subarray(0, count));
  return { format: 'csv', bytes, starts: first(starts), ends: first(ends) };
}

describe.each(['wasm', 'typescript'] as const)('by the engine %s', (used) => {
  test.each<[CsvOptions, readonly string[] | false]>([
    [{}, ['a', 'b']],
    [{}, ['a']],
    [{}, false],
    [{ relaxColumnCount: true }, ['a', 'b']],
    [{ relaxColumnCount: true }, false],
    [{ cast: true }, ['a', 'b']],
    [{ quote: null }, ['a', 'b']],
    [{ quote: "'" }, ['a', 'b']],
  ])('checking finds what decoding finds in CSV, options %j, columns %j', (options, columns) => {
    engine.name = used;
    const found = { flaws: 0, sound: 0 };
    fc.assert(
      fc.property(fc.array(input, { maxLength: 3 }), (inputs) => {
        const [checking, decoding] = [new CsvRows(options, columns), new CsvRows(options, columns)];
        for (const bytes of inputs) {
          const encoded = framed(bytes, options);
          const flaws = checking.flawsIn(encoded);
          const decoded = decoding.decode(encoded);
          expect(flaws).toEqual(decoded.flaws);
          expect(checking.isReady).toBe(decoding.isReady);
          found.flaws += flaws.length;
          found.sound += decoded.records.length;
        }
      }),
      { numRuns: RUNS },
    );
    expect(Math.min(found.flaws, found.sound)).toBeGreaterThan(50);
  });

  test('checking finds the flaws of records that are far apart, or longer than a window', () => {
    engine.name = used;
    const records = Array.from({ length: 40_000 }, (_, i) => `${i},"name ""${i}"""`);
    records[20_000] = `1,"${'x'.repeat(1_200_000)}"`;
    records[100] = 'too few';
    records[20_001] = `1,"${'x'.repeat(1_200_000)}"y`;
    records[39_999] = '1,2,3';
    const encoded = framed(Buffer.from(`${records.join('\n')}\n`), {});
    const flaws = new CsvRows({}, ['a', 'b']).flawsIn(encoded);
    expect(flaws).toEqual(new CsvRows({}, ['a', 'b']).decode(encoded).flaws);
    expect(flaws.map(({ index }) => index)).toContain(100);
  });
});

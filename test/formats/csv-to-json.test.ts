import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { Scratch } from '../../src/core/scratch.ts';
import { CsvRows } from '../../src/formats/csv-rows.ts';
import { jsonEncoder } from '../../src/formats/json-encoder.ts';
import type { ScanEngine } from '../../src/scan/index.ts';
import { blocksOf, decodedBlock, fieldText, inOrder, written } from './written-csv.ts';

const RUNS = Number(process.env['PROJECTION_RUNS'] ?? 1_000);

const engine = vi.hoisted(() => ({ name: 'wasm' as 'wasm' | 'typescript' }));
vi.mock('../../src/scan/index.ts', async (original) => {
  const scan = await original<typeof import('../../src/scan/index.ts')>();
  return { ...scan, scanEngine: (): ScanEngine => scan.scanEngine(engine.name) };
});

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** How many records are decoded while something is done. */
function decodedBy(work: () => void): number {
  const decode = vi.spyOn(CsvRows.prototype, 'decode');
  work();
  const count = decode.mock.calls.reduce((sum, [{ starts }]) => sum + starts.length, 0);
  decode.mockRestore();
  return count;
}

describe.each(['wasm', 'typescript'] as const)('JSON from the bytes of CSV, by the engine %s', (used) => {
  test('is to the byte what is made of the objects', () => {
    engine.name = used;
    const seen = { records: 0, decoded: 0, uneven: 0 };
    const scratch = new Scratch();
    fc.assert(
      fc.property(written, (input) => {
        for (const block of blocksOf(input)) {
          let made = { lines: '', array: '' };
          const decoded = decodedBy(() => {
            made = { lines: text(block.ndjson(scratch)), array: text(block.jsonArray()) };
          });
          const records = decodedBlock(block).records as readonly Record<string, unknown>[];
          const texts = records.map((record) => inOrder(record, block.encoded!.csv!.columns));
          expect(made).toEqual({
            lines: texts.map((each) => `${each}\n`).join(''),
            array: `[${texts.join()}]`,
          });
          seen.records += 2 * block.count;
          seen.decoded += decoded;
          const keys = (record: unknown) => Object.keys(record as object).length;
          if (new Set(records.map(keys)).size > 1) seen.uneven += block.count;
        }
      }),
      { numRuns: RUNS },
    );
    expect(seen.records).toBeGreaterThan(2 * RUNS);
    expect(seen.uneven).toBeGreaterThan(RUNS / 20);
    if (used === 'typescript') return;
    expect(seen.decoded).toBeGreaterThan(RUNS / 10);
    expect(seen.decoded).toBeLessThan(seen.records / 4);
  });

  test('every byte that a field may hold, in quotes and without, at every place of a block of sixteen', () => {
    engine.name = used;
    const bytes = Array.from({ length: 0x80 }, (_, byte) => String.fromCharCode(byte));
    for (const quote of ['"', "'", '\\']) {
      const values = bytes.flatMap((byte) =>
        [0, 1, 14, 15, 16, 17].map((place) => `${'x'.repeat(place)}${byte}yz`),
      );
      const fields = values.flatMap((value) => [value, value.slice(0, -2)]);
      const lines = fields.map((value) => [value, fieldText(value, ',', quote, true)]);
      const rows = lines.map(([value, quoted], i) =>
        /[\r\n]/.test(value!) || [',', quote].some((special) => value!.includes(special))
          ? `${i},${quoted}`
          : `${quoted},${value}`,
      );
      const options = { header: ['a', 'b'], quote };
      const blocks = blocksOf({ options, text: rows.join('\n') });
      expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(fields.length);
      for (const block of blocks) expect(text(block.ndjson())).toBe(text(decodedBlock(block).ndjson()));
    }
  });

  test('a file of many windows, and records that are longer than one', () => {
    engine.name = used;
    const long = (row: number) => (row % 1_000 === 999 ? 'x'.repeat(row === 999 ? 400_000 : 1_100_000) : '');
    const rows = Array.from({ length: 2_500 }, (_, row) => [String(row), `name "${row}"`, long(row)]).concat(
      Array.from({ length: 30_000 }, (_, row) => [String(row), ',\t', 'é\\']),
    );
    const lines = rows.map((row) => row.map((value) => fieldText(value, ',', '"', false)).join());
    const blocks = blocksOf({ options: { header: ['a', 'b', '1'] }, text: lines.join('\r\n') });
    const expected = rows
      .map(
        ([a, b, first]) =>
          `{"a":${JSON.stringify(a)},"b":${JSON.stringify(b)},"1":${JSON.stringify(first)}}\n`,
      )
      .join('');
    const all = (each: (block: RecordBlock) => Uint8Array) => text(Buffer.concat(blocks.map(each)));
    expect(all((block) => block.ndjson()) === expected).toBe(true);
    const array = blocks.flatMap((block) => JSON.parse(text(block.jsonArray())) as unknown[]);
    expect(array.length).toBe(rows.length);
    expect(array).toEqual(rows.map(([a, b, first]) => ({ a, b, 1: first })));
  });

  test('keys stay in the order of the header, also where a decoder has to read', () => {
    engine.name = used;
    const options = { cast: true, comment: '#' };
    for (const given of [{}, { cast: true }, options]) {
      const [block] = blocksOf({ options: given, text: 'name,2020,2019\nx,5,6\ny,1e2,8\n' });
      const [a, b] = text(block!.ndjson()).split('\n');
      expect(a).toMatch(/^\{"name":"x","2020":"?5"?,"2019":"?6"?\}$/);
      expect(b).toMatch(/^\{"name":"y","2020":(?:"1e2"|100),"2019":"?8"?\}$/);
    }
  });

  test('records as arrays of fields are made JSON, too', () => {
    engine.name = used;
    const [block] = blocksOf({ options: { header: false }, text: 'a,"b ""c"""\n1,\n' });
    expect(text(block!.ndjson())).toBe('["a","b \\"c\\""]\n["1",""]\n');
    expect(text(block!.jsonArray())).toBe('[["a","b \\"c\\""],["1",""]]');
  });
});

test('from CSV to JSON nothing is decoded', () => {
  engine.name = 'wasm';
  const decoded = decodedBy(() => {
    const [block] = blocksOf({ options: { cast: true }, text: 'id,note,ok\n1.50,"x, ""y""",true\n4,,no\n' });
    const chunk = createChunk({ index: 0, blocks: [block!] });
    const encoder = jsonEncoder();
    expect(text(Buffer.concat([encoder.header(chunk), ...encoder.encode(chunk), encoder.footer]))).toBe(
      '[\n{"id":1.5,"note":"x, \\"y\\"","ok":true},{"id":4,"note":"","ok":"no"}]\n',
    );
  });
  expect(decoded).toBe(0);
});

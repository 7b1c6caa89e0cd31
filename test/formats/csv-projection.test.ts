import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { type Column, columnsFrom } from '../../src/formats/columns.ts';
import { copyLines } from '../../src/formats/copy-lines.ts';
import { csvEncoder } from '../../src/formats/csv-encoder.ts';
import { csv } from '../../src/formats/csv-format.ts';
import { columnNamesOf, csvLines } from '../../src/formats/csv-lines.ts';
import { CsvRows } from '../../src/formats/csv-rows.ts';
import { isObjectRecord, valueAt } from '../../src/formats/object-record.ts';
import { ValueReader } from '../../src/formats/project-values.ts';
import { RowWriter } from '../../src/formats/row-writer.ts';
import type { ScanEngine } from '../../src/scan/index.ts';
import { blocksOf, decodedBlock, fieldText, name, written } from './written-csv.ts';

const RUNS = Number(process.env['PROJECTION_RUNS'] ?? 1_000);

const engine = vi.hoisted(() => ({ name: 'wasm' as 'wasm' | 'typescript' }));
vi.mock('../../src/scan/index.ts', async (original) => {
  const scan = await original<typeof import('../../src/scan/index.ts')>();
  return { ...scan, scanEngine: (): ScanEngine => scan.scanEngine(engine.name) };
});

const columns: fc.Arbitrary<readonly Column[]> = fc
  .uniqueArray(
    fc.oneof(
      name.map((key) => [key]),
      fc.tuple(name, name),
    ),
    {
      minLength: 1,
      maxLength: 6,
      selector: (path) => path.join('\0'),
    },
  )
  .chain((paths) => fc.subarray([...paths, paths[0]!], { minLength: 1 }))
  .map((paths) => paths.map((path, i) => ({ name: `c${i}`, path })));

/** Rows or the message of what refuses them. */
function outcome(rows: () => Iterable<Uint8Array>): string {
  try {
    return Buffer.concat([...rows()]).toString();
  } catch (error) {
    return `refused: ${(error as Error).message.replace(/^in\S* \([^)]*\): |^in \([^)]*\): /, '')}`;
  }
}

describe.each(['wasm', 'typescript'] as const)('rows from the bytes of CSV, by the engine %s', (used) => {
  test.each([
    ['COPY text', 'copy', '\t'],
    ['CSV', 'csv', ','],
    ['CSV with semicolons', 'csv', ';'],
    ['TSV', 'csv', '\t'],
  ] as const)('%s is to the byte what is made of the objects', (_name, text, delimiter) => {
    engine.name = used;
    const seen = { records: 0, decoded: 0, refused: 0 };
    fc.assert(
      fc.property(written, columns, fc.boolean(), (input, columns, strict) => {
        const isStrict = strict && text === 'csv';
        const byDecoding = (part: RecordBlock) =>
          text === 'copy'
            ? copyLines(part, columns)
            : csvLines(part, columns, { delimiter, escapeFormulas: false }, isStrict);
        const decoded = (part: RecordBlock) => {
          if (!isStrict) seen.decoded += part.count;
          return byDecoding(part);
        };
        const writer = new RowWriter({ columns, text, delimiter, isStrict, decoded });
        for (const block of blocksOf(input)) {
          const fromBytes = outcome(() => writer.rows(block));
          const expected = outcome(() => [byDecoding(decodedBlock(block))]);
          if (!isStrict) seen.records += block.count;
          if (expected.startsWith('refused')) seen.refused += 1;
          expect(fromBytes).toBe(expected);
        }
      }),
      { numRuns: RUNS },
    );
    expect(seen.records).toBeGreaterThan(RUNS);
    expect(seen.decoded).toBeGreaterThan(0);
    expect(seen.decoded).toBeLessThan(seen.records / 2);
    expect(seen.refused).toBeGreaterThan(10);
  });

  test.each([true, false])(
    'values are those of the objects, of records with just these keys: %s',
    (isExact) => {
      engine.name = used;
      const seen = { values: 0, left: 0 };
      const paths = isExact
        ? fc.uniqueArray(name, { minLength: 1, maxLength: 4 }).map((keys) => keys.map((key) => [key]))
        : columns.map((columns) => columns.map(({ path }) => path));
      fc.assert(
        fc.property(written, paths, (input, given) => {
          for (const block of blocksOf(input)) {
            const keys = Object.keys(block.records[0] as object);
            const paths = isExact && given.length === 1 ? keys.map((key) => [key]) : given;
            const all = [...new ValueReader(paths, isExact).valuesOf(block)];
            expect(all).toHaveLength(block.count);
            for (const [index, values] of all.entries()) {
              seen[values === undefined ? 'left' : 'values'] += 1;
              if (values === undefined) continue;
              const record = block.records[index];
              if (isExact) expect(Object.keys(record as object).toSorted()).toEqual(paths.flat().toSorted());
              expect(values).toEqual(
                paths.map((path) => (isObjectRecord(record) ? valueAt(record, path) : undefined) ?? null),
              );
            }
          }
        }),
        { numRuns: RUNS },
      );
      expect(seen.values).toBeGreaterThan(RUNS / 4);
      if (isExact) expect(seen.left).toBeGreaterThan(20);
    },
  );

  test('columns of a file are those that the objects have, in the order of the header', () => {
    engine.name = used;
    fc.assert(
      fc.property(written, (input) => {
        for (const block of blocksOf(input)) {
          const names = new Set(columnNamesOf(decodedBlock(block)));
          expect(columnNamesOf(block)).toEqual(block.encoded!.csv!.columns.filter((name) => names.has(name)));
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('rows and values of a known record', () => {
    engine.name = used;
    const text = 'id,name,note,__proto__\n1.50,"a\tb\\ ""x""","two\nlines",p\r\n,,"",7\n';
    const [block] = blocksOf({ options: { cast: true }, text });
    const given = {
      proto: ['__proto__'],
      note: 'note',
      name: 'name',
      gone: 'gone',
      inner: 'name.x',
      id: 'id',
    };
    const columns = columnsFrom(given);
    const decoded = (part: RecordBlock) => copyLines(part, columns);
    const rows = (text: 'copy' | 'csv', delimiter: string) =>
      outcome(() => new RowWriter({ columns, text, delimiter, isStrict: false, decoded }).rows(block!));
    expect(rows('copy', '\t')).toBe('p\ttwo\\nlines\ta\\tb\\\\ "x"\t\\N\t\\N\t1.5\n7\t\t\t\\N\t\\N\t\n');
    expect([
      ...new ValueReader(
        columns.map(({ path }) => path),
        false,
      ).valuesOf(block!),
    ]).toEqual([
      ['p', 'two\nlines', 'a\tb\\ "x"', null, null, 1.5],
      [7, '', '', null, null, ''],
    ]);
  });

  test('a file of many windows, and records that are longer than one', () => {
    engine.name = used;
    const cells = (row: number) => [
      String(row),
      `name "${row}"`,
      row % 1_000 === 999 ? 'x'.repeat(1_100_000) : '',
    ];
    const rows = Array.from({ length: 2_500 }, (_, row) => cells(row)).concat(
      Array.from({ length: 30_000 }, (_, row) => [String(row), ',', 'é']),
    );
    const text = rows.map((row) => row.map((value) => fieldText(value, ',', '"', false)).join()).join('\r\n');
    const columns = columnsFrom(['c', 'a', 'b']);
    const decoded = (part: RecordBlock) =>
      csvLines(part, columns, { delimiter: ',', escapeFormulas: false }, false);
    const writer = new RowWriter({ columns, text: 'csv', delimiter: ',', isStrict: true, decoded });
    const blocks = blocksOf({ options: { header: ['a', 'b', 'c'] }, text });
    const made = parse(Buffer.concat(blocks.flatMap((block) => [...writer.rows(block)]))) as string[][];
    expect(made.length).toBe(rows.length);
    expect(made.every(([c, a, b], row) => [a, b, c].join('\0') === rows[row]!.join('\0'))).toBe(true);
    const reader = new ValueReader([['b'], ['a']], false);
    const values = blocks.flatMap((block) =>
      [...reader.valuesOf(block)].map((each, i) => each ?? valuesIn(block, i)),
    );
    expect(values.length).toBe(rows.length);
    expect(values.every(([b, a], row) => a === rows[row]![0] && b === rows[row]![1])).toBe(true);
  });
});

function valuesIn(block: RecordBlock, index: number): readonly unknown[] {
  const { a, b } = block.records[index] as { readonly a: string; readonly b: string };
  return [b, a];
}

test('from CSV to CSV nothing is decoded', () => {
  engine.name = 'wasm';
  const decode = vi.spyOn(CsvRows.prototype, 'decode');
  const text = 'a,b,c\n1,"x, ""y""",3\n4,,\n';
  const [block] = blocksOf({ options: {}, text });
  const chunk = createChunk({ index: 0, blocks: [block!] });
  const encoder = csvEncoder();
  const out = [encoder.header(chunk), ...encoder.encode(chunk)];
  expect(Buffer.concat(out).toString()).toBe(text);
  expect(decode).not.toHaveBeenCalled();
  decode.mockRestore();
});

test('a look at the first records makes the next few pieces be decoded, not all', () => {
  engine.name = 'wasm';
  const decode = vi.spyOn(CsvRows.prototype, 'decode');
  const decoder = csv().decoder({ source: 'in', sourceIndex: 0 });
  const blocksIn = (text: string) => [...(decoder.decode(Buffer.from(text)) as Iterable<RecordBlock>)];
  const [first] = blocksIn('a,b\n1,2\n');
  expect(first!.records).toEqual([{ a: '1', b: '2' }]);
  const later = Array.from({ length: 100 }, () => blocksIn('3,4\n')).flat();
  expect(decode).toHaveBeenCalledTimes(17);
  expect(later.at(-1)!.records).toEqual([{ a: '3', b: '4' }]);
  expect(later[0]!.records).toEqual([{ a: '3', b: '4' }]);
  expect(decode).toHaveBeenCalledTimes(18);
  decode.mockRestore();
});

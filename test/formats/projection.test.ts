import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBlock } from '../../src/core/byte-block.ts';
import { encodeJson } from '../../src/core/json.ts';
import type { RecordBlock, RecordBytes } from '../../src/core/record-block.ts';
import { columnsFrom } from '../../src/formats/columns.ts';
import { copyLines } from '../../src/formats/copy-lines.ts';
import { csvLines } from '../../src/formats/csv-lines.ts';
import { checkJson } from '../../src/formats/decode-json.ts';
import { ValueReader } from '../../src/formats/project-values.ts';
import { RowWriter } from '../../src/formats/row-writer.ts';
import { scanEngine } from '../../src/scan/index.ts';
import { blockOf, texts } from './projected.ts';

const RUNS = Number(process.env['PROJECTION_RUNS'] ?? 2_000);

// no key is one backslash: behind it V8 13.6 takes every key of one escaped character for that key
const key = fc.constantFrom(
  'a',
  'b',
  'c',
  'id',
  'naïve',
  '"',
  'back\\slash',
  '',
  '__proto__',
  'constructor',
  'a long key, of more bytes than sixteen',
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '',
    ',',
    '"',
    'a,b',
    'x'.repeat(15),
    `${'x'.repeat(15)}"`,
    `${'y'.repeat(16)},`,
    '\n',
    '\r\n',
    '\t',
    '\\N',
    '\u0001',
    '😀',
    ';|',
  ),
);
const number = fc.oneof(
  fc.constantFrom('0', '-0', '1.0', '1e5', '12345678901234567890', '0.10', '-1.5E-3'),
  fc.integer().map(String),
);
const scalar = fc.oneof(
  text.map((value) => JSON.stringify(value)),
  text.map(escaped),
  texts,
  number,
  fc.constantFrom('true', 'false', 'null', '"\\ud83d\\ude00"', '"\\/"', '[]', '{}', '""'),
);
const space = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '\r\n');
const { value: anyValue } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    tie('object'),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => `[${values.join()}]`),
  ),
  object: objectOf(tie('value')),
}));
const record = objectOf(anyValue);

/** Keys may come twice, and may be written with escapes. */
function objectOf(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const name = fc.oneof(
    { weight: 20, arbitrary: key.map((name) => JSON.stringify(name)) },
    { weight: 1, arbitrary: key.map(escaped) },
  );
  return fc
    .array(fc.tuple(space, name, space, space, value, space), { maxLength: 6 })
    .map(
      (members) =>
        `{${members.map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`).join()}}`,
    );
}

/** Every UTF-16 unit as an escape. */
function escaped(value: string): string {
  const unit = (_: unknown, i: number) => `\\u${value.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return `"${Array.from({ length: value.length }, unit).join('')}"`;
}

const columns = fc
  .uniqueArray(fc.array(key, { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
    selector: (path) => path.join('\0'),
  })
  .map((paths) => paths.map((path, i) => ({ name: `c${i}`, path })));

/** The records as a decoder gives them out that was told who makes rows of them. */
function checked(block: RecordBlock, writer: RowWriter): RecordBlock {
  const search = {};
  const encoded = { ...block.encoded!, search };
  outcome(() => writer.rows(blockWith(block, encoded)));
  const { flaws, rows } = checkJson(encoded, { maxDepth: 512, numbers: 'lossy', maxRecordBytes: 1e6 });
  expect(flaws).toEqual([]);
  expect(rows).toBeDefined();
  return blockWith(block, { ...encoded, rows });
}

function blockWith({ start, end }: RecordBlock, encoded: RecordBytes): RecordBlock {
  const decode = ({ bytes, starts, ends }: RecordBytes) =>
    Array.from(
      starts,
      (from, i) => JSON.parse(Buffer.from(bytes.subarray(from, ends[i])).toString()) as unknown,
    );
  return new ByteBlock({ source: 'in', start, end, encoded, offset: 0, decode });
}

/** Rows or the message of what refuses them. */
function outcome(rows: () => Iterable<Uint8Array>): string {
  try {
    return Buffer.concat([...rows()]).toString();
  } catch (error) {
    return `refused: ${(error as Error).message.replace(/^in:\S* \([^)]*\): |^in \([^)]*\): /, '')}`;
  }
}

describe('projection from bytes equals the one from decoded values', () => {
  const seen = { bytes: 0, care: 0, refused: 0 };

  test.each([
    ['COPY text', 'copy', '\t'],
    ['CSV', 'csv', ','],
    ['CSV with semicolons', 'csv', ';'],
    ['TSV', 'csv', '\t'],
  ] as const)('%s', (_name, text, delimiter) => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 30, arbitrary: record }, { weight: 1, arbitrary: scalar }), {
          minLength: 1,
          maxLength: 5,
        }),
        columns,
        fc.boolean(),
        fc.nat(5),
        (records, columns, strict, cut) => {
          const isStrict = strict && text === 'csv';
          const block = blockOf(records);
          const byDecoding = (part: RecordBlock) =>
            text === 'copy'
              ? copyLines(part, columns)
              : csvLines(part, columns, { delimiter, escapeFormulas: false }, isStrict);
          const decoded = (part: RecordBlock) => {
            seen.care += 1;
            return byDecoding(part);
          };
          const writer = new RowWriter({ columns, text, delimiter, isStrict, decoded });
          const rows = outcome(() => writer.rows(block));
          const expected = outcome(() =>
            Array.from({ length: block.count }, (_, i) => byDecoding(block.slice(i, i + 1))),
          );
          if (expected.startsWith('refused')) seen.refused += 1;
          else seen.bytes += 1;
          expect(compact(rows, text, delimiter)).toEqual(compact(expected, text, delimiter));
          const [before, behind] = checked(block, writer).cut(cut % (records.length + 1));
          const made = outcome(() => [...writer.rows(before), ...writer.rows(behind)]);
          expect(made).toEqual(rows);
        },
      ),
      { numRuns: RUNS },
    );
    expect(Math.min(seen.bytes, seen.care, seen.refused)).toBeGreaterThan(20);
  });

  test.each([true, false])(
    'values for prepared statements, of records with just these keys: %s',
    (isExact) => {
      const found = { values: 0, left: 0 };
      const keys = fc.uniqueArray(key, { minLength: 1, maxLength: 4 });
      fc.assert(
        fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), keys, (records, keys) => {
          const values = [
            ...new ValueReader(
              keys.map((key) => [key]),
              isExact,
            ).valuesOf(blockOf(records)),
          ];
          expect(values).toHaveLength(records.length);
          for (const [index, fromBytes] of values.entries()) {
            found[fromBytes === undefined ? 'left' : 'values'] += 1;
            if (fromBytes === undefined) continue;
            const decoded = parseBig(records[index]!) as Record<string, unknown>;
            if (isExact) expect(Object.keys(decoded).toSorted()).toEqual(keys.toSorted());
            const expected = keys.map((key) => (Object.hasOwn(decoded, key) ? decoded[key] : null));
            expect(fromBytes.map(withoutSpace)).toEqual(expected.map(asText).map(withoutSpace));
          }
        }),
        { numRuns: 2 * RUNS },
      );
      expect(Math.min(found.values, found.left)).toBeGreaterThan(20);
    },
  );
});

/** Nested values keep their white space in the bytes; what is compared is what they mean. */
function compact(rows: string, text: 'copy' | 'csv', delimiter: string): unknown {
  if (rows.startsWith('refused')) return rows;
  const cells =
    text === 'csv'
      ? (parse(rows, { delimiter, relax_column_count: true }) as string[][])
      : rows
          .split('\n')
          .map((line) => line.split('\t').map((cell) => (cell === '\\N' ? null : unescaped(cell))));
  return cells.map((row) => row.map(withoutSpace));
}

function unescaped(cell: string): string {
  return cell.replace(
    /\\(.)/g,
    (_, letter: string) => ({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' })[letter] ?? letter,
  );
}

function withoutSpace(cell: unknown): unknown {
  if (typeof cell !== 'string' || !/^[[{]/.test(cell)) return cell;
  try {
    return { json: JSON.stringify(JSON.parse(cell)) };
  } catch {
    return cell;
  }
}

function asText(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? encodeJson(value) : value;
}

/** Integers beyond 2^53 as a bigint, as the default policy has them. */
function parseBig(text: string): unknown {
  return (
    JSON.parse as unknown as (
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ) => unknown
  )(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && /^-?\d{16,}$/.test(source) ? BigInt(source) : value,
  );
}

test('rows of a known record', () => {
  const block = blockOf([
    '{"id":1.50,"name":"a\\tb\\\\","tags":["x", 1],"address":{"city":"Köln"},"gone":null}',
    '{"name":"","id":12345678901234567890}',
  ]);
  const columns = columnsFrom({ id: 'id', name: 'name', tags: 'tags', city: 'address.city', gone: 'gone' });
  const text = (layout: 'copy' | 'csv', delimiter: string) =>
    outcome(() =>
      new RowWriter({ columns, text: layout, delimiter, isStrict: false, decoded: () => expect.fail() }).rows(
        block,
      ),
    );
  expect(text('copy', '\t')).toBe(
    '1.50\ta\\tb\\\\\t["x", 1]\tKöln\t\\N\n12345678901234567890\t\t\\N\t\\N\t\\N\n',
  );
  expect(text('csv', ',')).toBe('1.50,a\tb\\,"[""x"", 1]",Köln,\n12345678901234567890,,,,\n');
});

test('keys that begin alike are told apart, in whatever order they come', () => {
  const [more, mork] = ['a key of 16 bytes and more', 'a key of 16 bytes and mork'];
  const block = blockOf([
    `{"${more}":1,"${mork}":2}`,
    `{"${mork}":3,"${more}":4}`,
    `{"${mork}":5}`,
    `{"${more}":6,"other":[{"${mork}":7}],"${more}x":8}`,
  ]);
  const writing = { columns: columnsFrom([more, mork]), text: 'csv', delimiter: ',' } as const;
  const rows = outcome(() =>
    new RowWriter({ ...writing, isStrict: false, decoded: () => expect.fail() }).rows(block),
  );
  expect(rows).toBe('1,2\n4,3\n,5\n6,\n');
});

test('rows that are too large for the scanner, and more columns than it has room for, are made by decoding', () => {
  const large = JSON.stringify({ a: 'x'.repeat(1_100_000), b: 1 });
  const block = blockOf([large, '{"a":"y","b":2}']);
  const columns = columnsFrom(['b', 'a']);
  let decodings = 0;
  const decoded = (part: RecordBlock) => {
    decodings += part.count;
    return csvLines(part, columns, { delimiter: ',', escapeFormulas: false }, false);
  };
  const rows = outcome(() =>
    new RowWriter({ columns, text: 'csv', delimiter: ',', isStrict: false, decoded }).rows(block),
  );
  expect(rows).toBe(`1,${'x'.repeat(1_100_000)}\n2,y\n`);
  expect(decodings).toBe(1);
  const paths = Array.from({ length: 20_000 }, (_, i) => [`key ${i}`]);
  expect(scanEngine('wasm').jsonProjector({ paths, isStrict: false })).toBeUndefined();
});

test.each<[unknown, string]>([
  [[], 'columns must be a list of at least one name'],
  [['a', 'a'], 'columns must differ from each other, got "a" twice'],
  [['a', ''], 'columns must have names that are not empty, got an empty one'],
  [{ '': 'a' }, 'columns must have names that are not empty, got an empty one'],
  [['a', 1], 'columns must be a list'],
  [{ a: '' }, 'columns must have a path of at least one key each, got none for "a"'],
  ['a', 'columns must be a list'],
  [{ a: 1 }, 'path must be'],
])('columnsFrom(%j) is a TypeError', (columns, message) => {
  expect(() => columnsFrom(columns as never)).toThrow(TypeError);
  expect(() => columnsFrom(columns as never)).toThrow(message);
});

import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Format } from '../../src/core/format.ts';
import { csv } from '../../src/formats/csv-format.ts';
import { json, jsonSeq } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import { text } from '../../src/formats/text-format.ts';
import { cutsOf, decoding, everyNth } from './decoding.ts';

const maxRecordBytes = 1_100;
const long = 'x'.repeat(5_000);

describe.each<[name: string, format: Format, before: string, large: string, after: string]>([
  ['ndjson', ndjson({ maxRecordBytes }), '"a"\n', `"${long}"`, '\n\n"b"\n'],
  ['ndjson with CRLF', ndjson({ maxRecordBytes }), '"a"\r\n', `"${long}"`, '\r\n"b"\r\n'],
  ['text', text({ maxRecordBytes }), 'a\n', long, '\nb\n'],
  ['csv', csv({ maxRecordBytes }), 'h\na\n', `"${long.replaceAll('xxx', 'x\n""')}"`, '\r\n\r\nb\n'],
  ['csv with comments', csv({ maxRecordBytes, comment: '#' }), 'h\na\n', `"${long}"`, `\n#${long}\nb\n`],
])('maxRecordBytes in %s', (_, format, before, large, after) => {
  const input = before + large + after;

  test('sets a prefix of the record aside and goes on behind it, however it is cut', () => {
    const whole = decoding(format, input);
    const { items } = whole;
    expect(items).toHaveLength(3);
    expect(items[1]).toMatchObject({
      code: 'RECORD_TOO_LARGE',
      position: { record: 2, byte: before.length },
      raw: large.slice(0, 1_024),
    });
    expect((items[1] as { message: string }).message).toMatch(
      /The record is larger than maxRecordBytes \(1,100\)$/,
    );
    const line = input.slice(0, input.lastIndexOf('b')).split('\n').length;
    expect(items[2]!.position).toMatchObject({ record: 3, line });
    for (const cuts of cutsOf(input.length, 60)) expect(decoding(format, input, cuts)).toEqual(whole);
  });
});

test.each<[name: string, format: Format, open: string, close: string]>([
  ['json', json({ maxRecordBytes }), '[1,"', '"]'],
  ['json at a path', json({ maxRecordBytes, path: 'a' }), '{"a":[1,"', '"]}'],
  ['json-seq', jsonSeq({ maxRecordBytes }), '1 "', '"'],
])('maxRecordBytes in %s throws behind the records before it', (_, format, open, close) => {
  const input = open + long + close;
  for (const cuts of cutsOf(input.length, 60))
    expect(decoding(format, input, cuts)).toMatchObject({
      items: [{ value: 1 }],
      error: { code: 'RECORD_TOO_LARGE', position: { record: 2, byte: open.length - 1 } },
    });
});

test('maxRecordBytes counts the bytes of the record itself: just as many are taken, in every format', () => {
  const exact = `"${'é'.repeat(549)}"`;
  for (const input of [`${exact}\r\n${exact}`, `[ ${exact} , ${exact} ]`, `h\r\n${exact}\r\n${exact}\r`])
    for (const cuts of cutsOf(Buffer.byteLength(input), 60)) {
      const format = { '[': json, h: csv, '"': ndjson }[input[0]!]!;
      expect(decoding(format({ maxRecordBytes }) as Format, input, cuts).items).toHaveLength(2);
    }
});

test('white space before a record is no part of it, however much there is', () => {
  const blank = ' '.repeat(5_000);
  for (const cuts of cutsOf(5_000, 20)) {
    expect(decoding(ndjson({ maxRecordBytes }), `${blank}1\n${blank}\n2`, cuts).items).toMatchObject([
      { value: 1 },
      { value: 2 },
    ]);
    expect(
      decoding(json({ maxRecordBytes }), `${blank}[${blank}1${blank},2]${blank}`, cuts).items,
    ).toHaveLength(2);
    expect(decoding(json({ maxRecordBytes }), `${blank}{}`, cuts).items).toHaveLength(1);
  }
});

const nested = (levels: number, inner = '') => '['.repeat(levels) + inner + ']'.repeat(levels);
const deepest = nested(512);

test.each<[name: string, format: Format, wrap: (record: string) => string]>([
  ['ndjson', ndjson(), (record) => `1\n${record}\n`],
  ['json', json(), (record) => `[1,${record}]`],
  ['json at a path', json({ path: 'a' }), (record) => `{"a":[1,${record}]}`],
  ['json-seq', jsonSeq(), (record) => `1 ${record}`],
])('maxDepth in %s: 512 levels are taken, 513 and 200,000 are a clean error', (_, format, wrap) => {
  expect(decoding(format, wrap(deepest)).items).toHaveLength(2);
  const objects = `${'{"a":'.repeat(512)}1${'}'.repeat(512)}`;
  expect(decoding(format, wrap(objects)).items).toHaveLength(2);
  for (const record of [nested(513), nested(200_000, '1'), `${'{"a":'.repeat(513)}1${'}'.repeat(513)}`]) {
    for (const cuts of [[], everyNth(wrap(record).length, 65_536)]) {
      const { items, error } = decoding(format, wrap(record), cuts);
      expect(items[0]).toMatchObject({ value: 1 });
      expect(error ?? items[1]).toMatchObject({ code: 'RECORD_TOO_DEEP', position: { record: 2 } });
    }
  }
});

test('maxDepth: brackets in strings are no levels, and wide records are not deep', () => {
  const record = JSON.stringify(['['.repeat(2_000), Array.from({ length: 2_000 }, () => [[{}]])]);
  expect(decoding(ndjson(), record).items).toHaveLength(1);
  expect(decoding(json(), `[${record}]`).items).toHaveLength(1);
});

test('200,000 levels that are never closed are a clean error in every format', () => {
  const open = '['.repeat(200_000);
  expect(decoding(ndjson(), open).items).toMatchObject([{ code: 'MALFORMED_RECORD' }]);
  expect(decoding(json(), open).error).toMatchObject({ code: 'RECORD_TOO_DEEP', position: { byte: 513 } });
  expect(decoding(jsonSeq(), open).error).toMatchObject({ code: 'RECORD_TOO_DEEP', position: { byte: 512 } });
  expect(decoding(csv({ header: false }), open).items).toMatchObject([{ value: [open] }]);
});

describe('a huge record in pieces of one byte', () => {
  afterEach(() => void vi.restoreAllMocks());

  test.each<[name: string, format: Format, open: string]>([
    ['ndjson', ndjson(), ''],
    ['json', json(), '["'],
    ['json-seq', jsonSeq(), '{"'],
    ['csv', csv({ header: false }), '"'],
    ['text', text(), ''],
  ])('takes linear work: %s copies each of its bytes a few times at most', (_, format, open) => {
    const input = Buffer.from(open + '1'.repeat(50_000));
    const set = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'set');
    const decoder = format.decoder({ source: 'in', sourceIndex: 0 });
    for (const byte of input) Array.from(decoder.decode(Uint8Array.of(byte)) as Iterable<unknown>);
    const copied = set.mock.calls.reduce((sum, [bytes]) => sum + bytes.length, 0);
    expect(copied).toBeGreaterThanOrEqual(50_000);
    expect(copied).toBeLessThan(40 * input.length);
  });
});

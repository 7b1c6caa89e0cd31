import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { decodeJson } from '../../src/formats/decode-json.ts';
import { LearnedShape } from '../../src/formats/learned-shape.ts';
import { scanEngine } from '../../src/scan/index.ts';
import { encodedOf } from './encoded.ts';
import { alikeRecords, asText, decodedLike, decodedWithKeys, nearlyAlikeRecords } from './shaped.ts';

const decoding = { maxDepth: 20, maxRecordBytes: 1 << 20, numbers: 'bigint' } as const;

afterEach(() => {
  vi.restoreAllMocks();
});

const many = (text: string) => Array.from({ length: 20 }, () => text);

describe('Records that are like the ones before are decoded as by JSON.parse', () => {
  test.each<[string, string, number?]>([
    ['numbers, text and literals', '{"a":1,"b":"x","c":null,"d":true,"e":-0.5}'],
    ['objects in objects', '{"a":{"b":{"c":[1,{"d":2}]},"e":"}"},"f":0}'],
    ['lists of objects', '{"a":[{"b":1,"c":[]},{"b":2,"c":[3]}],"d":[]}'],
    ['long keys and texts', `{"${'k'.repeat(100)}":"${'v'.repeat(300)}","${'k'.repeat(101)}":{"short":1}}`],
    ['keys of other letters, an empty one and one with a colon', '{"ü":1,"":2,"a:b":3,"東京":{"  ":4}}'],
    [
      'keys of fifteen, sixteen and seventeen bytes with their marks',
      '{"a key of 11":1,"a key of  12":2,"a key of   13":3}',
    ],
    ['escapes', String.raw`{"a":"\"\\\/\b\f\n\r\té","b":"\\","c":["\"]"]}`],
    ['white space behind colons and commas', '{"a": 1, "b": [{"c": 2, "d": {}}, {"c": 3, "d": 4}]}'],
    ['white space', '{ "a" : 1 , "b" : [ { "c" : 2 } , { "c" : 3 } ] }', 0],
    ['keys that come twice inside', '{"a":[{"x":1,"x":2}],"b":[[{"y":1,"y":2}]]}', 0],
    ['an object in seventeen others', `${'{"a":'.repeat(18)}1${'}'.repeat(18)}`],
  ])('%s', (_what, text, taken = 20) => {
    const { records, flaws, alike } = decodedLike(JSON.parse(text), many(text));
    expect(flaws).toEqual([]);
    expect(records).toStrictEqual(many(text).map((text) => JSON.parse(text) as unknown));
    expect(JSON.stringify(records)).toBe(
      JSON.stringify(many(text).map((text) => JSON.parse(text) as unknown)),
    );
    expect(alike).toBe(taken);
  });

  test('all of them, whatever they hold', () => {
    const property = fc.property(alikeRecords, ([first, texts]) => {
      const run = decodedLike(first, texts);
      expect(asText(run)).toBe(asText(decodedWithKeys(texts)));
      expect(run.alike).toBe(texts.length);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('whatever is in them, missing, added or broken', () => {
    const seen = { alike: 0, malformed: 0 };
    const property = fc.property(nearlyAlikeRecords, ([first, texts]) => {
      const run = decodedLike(first, texts);
      expect(asText(run)).toBe(asText(decodedWithKeys(texts)));
      seen.alike += run.alike;
      seen.malformed += run.flaws.length;
    });
    const numRuns = Number(process.env.SHAPE_RUNS ?? 600);
    fc.assert(property, { numRuns });
    expect(seen.alike).toBeGreaterThan(numRuns);
    expect(seen.malformed).toBeGreaterThan(numRuns / 10);
  }, 600_000);

  test.each<[string, string]>([
    ['null, text or a number in place of an object', '{"a":null,"b":1} {"a":"{","b":1} {"a":7,"b":1}'],
    ['an empty list, and one of other things', '{"l":[],"b":1} {"l":[1,"]",null,true],"b":1}'],
    ['null in place of a list', '{"l":null,"b":1} {"l":"[","b":1} {"l":0.5,"b":1}'],
  ])('%s', (_what, row) => {
    const texts = row.split(' ').flatMap(many);
    const first = row.startsWith('{"a"') ? { a: { x: 1, y: 2 }, b: 1 } : { l: [{ x: 1 }], b: 1 };
    const { records, alike } = decodedLike(first, texts);
    expect(records).toStrictEqual(texts.map((text) => JSON.parse(text) as unknown));
    expect(alike).toBe(texts.length);
  });

  test.each<[string, string]>([
    ['no value', '{"a":,"b":2}'],
    ['a value without its key', '{"a":1,2}'],
    ['a comma at the end', '{"a":1,"b":2,}'],
    ['another bracket at the end', '{"a":1,"b":2]'],
    ['brackets that do not fit', '{"a":[1},"b":{2]}'],
    ['two values of a key', '{"a":1 1,"b":2}'],
    ['a number that is none', '{"a":01,"b":2}'],
    ['a literal that is none', '{"a":nul,"b":2}'],
    ['an escape that is none', String.raw`{"a":"\x","b":2}`],
    ['a control character', '{"a":"\u0001","b":2}'],
    ['something behind it', '{"a":1,"b":2}x'],
    ['another object behind it', '{"a":1,"b":2}{"a":1,"b":2}'],
    ['an end that is missing', '{"a":1,"b":2'],
    ['a quote that is missing', '{"a":"1,"b":2}'],
    ['nothing', ''],
  ])('a malformed one among them is refused: %s', (_what, broken) => {
    const good = '{"a":1,"b":2}';
    const texts = [...many(good), broken, ...many(good)];
    const { records, flaws } = decodedLike({ a: 1, b: 2 }, texts);
    expect(records).toStrictEqual(Array.from({ length: 40 }, () => ({ a: 1, b: 2 })));
    expect(flaws).toEqual([expect.objectContaining({ index: 20, code: 'MALFORMED_RECORD' })]);
  });

  test('a malformed one behind and before others that are not like them', () => {
    const texts = [...many('{"a":1}'), '{"b":1}', '{"a":}', '{"b":1}', ...many('{"a":2}')];
    expect(decodedLike({ a: 1 }, texts).flaws).toEqual([expect.objectContaining({ index: 21 })]);
  });

  test('numbers that do not fit stay exact', () => {
    const texts = [...many('{"a":1}'), '{"a":12345678901234567890}', ...many('{"a":2}')];
    expect(decodedLike({ a: 1 }, texts).records[20]).toEqual({ a: 12345678901234567890n });
  });
});

describe('The prototype of all objects', () => {
  test.each(['__proto__', 'constructor', 'toString'])('a key of it is one of the record: %s', (key) => {
    const text = `{"a":1,"${key}":{"b":2}}`;
    const { records } = decodedLike(JSON.parse(text), many(text));
    expect(records.map((record) => Object.getOwnPropertyNames(record))).toEqual(
      Array.from({ length: 20 }, () => ['a', key]),
    );
    expect(Object.getPrototypeOf(records[0])).toBe(Object.prototype);
  });

  test('is that of the records, too', () => {
    const { records, alike } = decodedLike({ a: { b: 1 } }, many('{"a":{"b":1}}'));
    expect(alike).toBe(20);
    const [record] = records as { a: object }[];
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(record!.a)).toBe(Object.prototype);
    expect((record as object).constructor).toBe(Object);
    expect(Object.getOwnPropertyDescriptor(record, 'a')).toMatchObject({
      writable: true,
      enumerable: true,
      configurable: true,
    });
  });
});

describe('What is learned', () => {
  const run = (learned: LearnedShape, texts: readonly string[]) =>
    asText(decodeJson(encodedOf(texts), decoding, learned));

  test('a shape that does not hold is forgotten, and another one is learned', () => {
    const dropper = vi.spyOn(scanEngine(), 'jsonKeyDropper');
    const learned = new LearnedShape();
    const [old, other] = ['{"a":1}', '{"b":1}'].map((text) => Array.from({ length: 3_000 }, () => text));
    for (let i = 0; i < 3; i++) expect(run(learned, old!)).toBe(asText(decodedWithKeys(old!)));
    expect(dropper.mock.calls.map(([{ keys }]) => keys[0])).toContain('a');
    for (let i = 0; i < 80; i++) run(learned, other!);
    const drop = vi.spyOn(learned, 'decode');
    run(learned, other!);
    expect(drop.mock.results.some(({ value }) => (value as { records?: object } | undefined)?.records)).toBe(
      true,
    );
  });

  test('records without a shape are decoded in groups', () => {
    const dropper = vi.spyOn(scanEngine(), 'jsonKeyDropper');
    const learned = new LearnedShape();
    const mixed = Array.from({ length: 2_000 }, (_, i) => JSON.stringify({ [`key${i % 97}`]: i }));
    for (let i = 0; i < 200; i++) run(learned, mixed);
    expect(run(learned, mixed)).toBe(asText(decodedWithKeys(mixed)));
    // each try waits twice as long as the one before
    expect(dropper.mock.calls.length).toBeLessThan(20);
  });

  test.each([
    ['a list', '[1]'],
    ['a text', '"x"'],
    ['no keys', '{}'],
    ['an index for a key', '{"7":1,"a":2}'],
  ])('nothing of %s', (_what, text) => {
    const dropper = vi.spyOn(scanEngine(), 'jsonKeyDropper');
    expect(decodedLike(JSON.parse(text), many(text)).records).toEqual(
      many(text).map((t) => JSON.parse(t) as unknown),
    );
    expect(dropper).not.toHaveBeenCalled();
  });
});

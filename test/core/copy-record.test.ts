import { expect, test } from 'vitest';
import { copyRecord } from '../../src/core/copy-record.ts';

test.each([
  ['a number', 7],
  ['nothing', null],
  ['undefined', undefined],
  ['a bigint', 7n],
  ['an object', { a: 1, b: { c: [1, { d: 2 }] }, e: undefined }],
  ['an object without a prototype', Object.assign(Object.create(null), { a: { b: 1 } })],
  ['an array with holes', [1, , 3]], // oxlint-disable-line no-sparse-arrays
  ['a date', { at: new Date(0) }],
  ['a map and a set', { map: new Map([['a', { b: 1 }]]), set: new Set([{ c: 1 }]) }],
  ['bytes', { buffer: Buffer.from('abc'), bytes: new Uint8Array([1, 2]), raw: new ArrayBuffer(4) }],
  ['a symbol as a key', { [Symbol.for('a')]: 1 }],
])('copyRecord() of %s equals it', (_, value) => {
  expect(copyRecord(value)).toEqual(value);
});

test('copyRecord() shares no container with the record', () => {
  const record = {
    list: [{ a: 1 }],
    at: new Date(0),
    map: new Map([['k', { b: 1 }]]),
    set: new Set([1]),
    buffer: Buffer.from('abc'),
    bytes: new Uint8Array([1]),
  };
  const copy = copyRecord(record);
  copy.list[0]!.a = 2;
  copy.list.push({ a: 3 });
  copy.at.setTime(5);
  copy.map.get('k')!.b = 2;
  copy.set.add(2);
  copy.buffer[0] = 0;
  copy.bytes[0] = 0;
  expect(record).toEqual({
    list: [{ a: 1 }],
    at: new Date(0),
    map: new Map([['k', { b: 1 }]]),
    set: new Set([1]),
    buffer: Buffer.from('abc'),
    bytes: new Uint8Array([1]),
  });
  expect(Buffer.isBuffer(copy.buffer)).toBe(true);
});

test('copyRecord() keeps what only its class knows how to copy', () => {
  class Decimal {
    readonly #digits = '1.10';
    toString() {
      return this.#digits;
    }
  }
  const record = { price: new Decimal(), tax: () => 7 };
  const copy = copyRecord(record);
  expect(copy.price).toBe(record.price);
  expect(String(copy.price)).toBe('1.10');
  expect(copy.tax).toBe(record.tax);
  expect(copyRecord(record.price)).toBe(record.price);
});

test('copyRecord() keeps cycles, and an object that is there twice', () => {
  const shared = { a: 1 };
  const record: Record<string, unknown> = { one: shared, two: shared, list: [] };
  record['self'] = record;
  (record['list'] as unknown[]).push(record['list']);
  const copy = copyRecord(record);
  expect(copy['self']).toBe(copy);
  expect(copy['one']).toBe(copy['two']);
  expect(copy['one']).not.toBe(shared);
  expect((copy['list'] as unknown[])[0]).toBe(copy['list']);
});

test('copyRecord() changes no prototype', () => {
  const record = JSON.parse(
    '{"__proto__": {"admin": true}, "constructor": {"prototype": {"x": 1}}}',
  ) as object;
  const copy = copyRecord(record);
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  expect(Object.keys(copy)).toEqual(['__proto__', 'constructor']);
  expect((copy as { admin?: boolean }).admin).toBeUndefined();
  expect(JSON.stringify(copy)).toBe(JSON.stringify(record));
  expect(Object.getOwnPropertyDescriptor(copy, '__proto__')?.value).not.toBe(
    Object.getOwnPropertyDescriptor(record, '__proto__')?.value,
  );
});

import { afterEach, expect, test } from 'vitest';
import type { Format } from '../../src/core/format.ts';
import { csv } from '../../src/formats/csv-format.ts';
import { json, jsonSeq } from '../../src/formats/json-format.ts';
import { ndjson } from '../../src/formats/ndjson-format.ts';
import { recordsOf } from './decoding.ts';

const KEYS = ['__proto__', 'constructor', 'prototype'];
const known = Reflect.ownKeys(Object.prototype);

afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype)).toEqual(known);
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
});

const jsonFormats: readonly (readonly [name: string, format: Format, wrap: (record: string) => string])[] = [
  ['ndjson', ndjson(), (record) => record],
  ['ndjson, exact numbers', ndjson({ numbers: 'string' }), (record) => record],
  ['json', json(), (record) => `[${record}]`],
  [
    'json at a path',
    json({ path: '__proto__.constructor' }),
    (record) => `{"__proto__":{"constructor":[${record}]}}`,
  ],
  ['json-seq', jsonSeq(), (record) => record],
  ['json with a filter', json({ filter: /^0$/ }), (record) => `[${record}]`],
  ['jsonc', json({ jsonc: true }), (record) => `[${record}]`],
  ['jsonc at a path', json({ jsonc: true, path: '__proto__' }), (record) => `{"__proto__":[${record}]}`],
];

test.each(jsonFormats)('%s keeps dangerous keys as own properties', (_, format, wrap) => {
  for (const key of KEYS) {
    const text = `{"${key}":{"admin":true,"${key}":{"admin":[1]}},"id":12345678901234567890}`;
    const [record] = recordsOf(format, wrap(text)) as [Record<string, unknown>];
    expect(Object.keys(record)).toEqual([key, 'id']);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    const inner = Object.getOwnPropertyDescriptor(record, key)!.value as Record<string, unknown>;
    expect(Object.keys(inner)).toEqual(['admin', key]);
    expect((record as { admin?: unknown }).admin).toBeUndefined();
  }
});

test.each([
  ['a header', {}, `${KEYS.join()}\n`],
  ['explicit columns', { header: KEYS }, ''],
  ['cast', { cast: true }, `${KEYS.join()}\n`],
  ['trim', { trim: true }, `${KEYS.join()}\n`],
  ['relaxColumnCount', { relaxColumnCount: true }, `${KEYS.join()}\n`],
])('csv with %s keeps dangerous columns as own properties', (_, options, header) => {
  const records = recordsOf(csv(options), `${header}admin,b,c\nd,e,f\n`) as Record<string, unknown>[];
  for (const record of records) expect(Object.keys(record)).toEqual(KEYS);
  expect(records.map((record) => Object.getOwnPropertyDescriptor(record, '__proto__')?.value)).toEqual([
    'admin',
    'd',
  ]);
});

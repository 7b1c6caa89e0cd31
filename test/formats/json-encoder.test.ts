import { expect, test } from 'vitest';
import { jsonEncoder } from '../../src/formats/json-encoder.ts';
import { chunkOf } from '../../src/testing/index.ts';

test.each([
  ['no chunk', [], '[]\n'],
  ['one chunk', [[1, { a: 2 }]], '[\n1,{"a":2}]\n'],
  ['several chunks', [[1, 2], [3], [[4]]], '[\n1,2,\n3,\n[4]]\n'],
])('jsonEncoder() makes one array of %s', (_, lists, expected) => {
  const encoder = jsonEncoder();
  const chunks = lists.map((records) => chunkOf<unknown>(records));
  const bodies = chunks.flatMap((chunk, i) =>
    (i === 0 ? [] : [encoder.separator]).concat(...encoder.encode(chunk)),
  );
  const text = Buffer.concat([encoder.header(chunks[0]), ...bodies, encoder.footer]).toString();
  expect(text).toBe(expected);
  expect(JSON.parse(text)).toEqual(lists.flat());
});

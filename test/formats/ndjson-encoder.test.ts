import { expect, test } from 'vitest';
import { ndjsonEncoder } from '../../src/formats/ndjson-encoder.ts';
import { chunkOf } from '../../src/testing/index.ts';

test('ndjsonEncoder() writes one line of JSON a record and nothing around them', () => {
  const encoder = ndjsonEncoder();
  const chunk = chunkOf([{ a: 'x\ny' }, [2n ** 60n], null]);
  expect(Buffer.concat([...encoder.encode(chunk)]).toString()).toBe(
    '{"a":"x\\ny"}\n[1152921504606846976]\nnull\n',
  );
  expect([encoder.header(chunk), encoder.separator, encoder.footer].map((bytes) => bytes.length)).toEqual([
    0, 0, 0,
  ]);
});

test('ndjsonEncoder() passes bytes that are lines of JSON without a copy', () => {
  const chunk = chunkOf([{ a: 1 }, { a: 2 }], { from: 'bytes' });
  expect([...ndjsonEncoder().encode(chunk)][0]!.buffer).toBe(chunk.encoded!.bytes.buffer);
});

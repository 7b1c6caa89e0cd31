import { expect, test } from 'vitest';
import { textEncoder } from '../../src/formats/text-encoder.ts';
import { chunkOf } from '../../src/testing/index.ts';

test('textEncoder() writes one line a record', () => {
  const chunk = chunkOf(['a', '', 'é']);
  expect(Buffer.concat([...textEncoder().encode(chunk)]).toString()).toBe('a\n\né\n');
});

test.each([
  ['a number', 7, 'A line of text must be a string, this is a number: make it one in a transform'],
  ['an object', {}, 'A line of text must be a string, this is an object: make it one in a transform'],
  ['a line feed', 'a\nb', 'A line of text cannot hold a line break'],
  ['a carriage return', 'a\r', 'A line of text cannot hold a line break'],
  ['half a surrogate pair', '\udc00', 'The text holds half of a surrogate pair, which UTF-8 cannot hold'],
])('textEncoder() refuses %s', (_, record, reason) => {
  const encode = () => textEncoder().encode(chunkOf(['fine', record]));
  expect(encode).toThrow(expect.objectContaining({ code: 'REFUSED_RECORD' }));
  expect(encode).toThrow(`test.ndjson (record 2): ${reason}`);
});

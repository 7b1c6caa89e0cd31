import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { readRecords } from '../../src/streams/read-records.ts';

describe('readRecords() with a format', () => {
  test.each(['ndjson', 'json-seq'] as const)(
    'waits for no bytes behind the first record (%s)',
    async (format) => {
      const source = new PassThrough();
      const reader = readRecords(source, { format });
      source.write('{"id":1}\n');
      const [block] = (await once(reader, 'data')) as [RecordBlock];
      expect(block.records).toEqual([{ id: 1 }]);
      reader.destroy();
    },
  );

  test.each([
    ['a.ndjson', '{"id":1}\n', { id: 1 }],
    ['a.tsv', 'id\n1\n', { id: '1' }],
    ['a.txt', 'one\n', 'one'],
  ])(
    'waits for no bytes behind the first line where the name %s says the format',
    async (name, text, record) => {
      const bytes = new PassThrough();
      const pieces = bytes as AsyncIterable<Uint8Array>;
      const reader = readRecords({ name, open: async () => ({ kind: 'bytes', pieces }) });
      bytes.write(text);
      const [block] = (await once(reader, 'data')) as [RecordBlock];
      expect(block.records).toEqual([record]);
      reader.destroy();
    },
  );

  test('still tells how the bytes are compressed', async () => {
    const source = new PassThrough();
    const reader = readRecords(source, { format: 'ndjson' });
    source.end(gzipSync('{"id":1}\n'));
    reader.resume();
    const [event] = (await once(reader, 'source')) as [object];
    expect(event).toEqual({ source: 'stream', format: 'ndjson', compression: 'gzip' });
  });
});

describe('readRecords() of UTF-16', () => {
  const text = Buffer.from('\ufeffid,name\n1,Ada\n', 'utf16le');

  test.each([
    ['orders', text, {}],
    ['orders.csv', text, {}],
    ['orders.ndjson', text, {}],
    ['orders.json', text, { path: 'data' }],
    ['orders.txt', Buffer.from(text).swap16(), {}],
    ['orders.csv.gz', gzipSync(text), { format: 'csv' }],
  ] as const)('says that %s is UTF-16', async (name, bytes, options) => {
    const pieces = (async function* () {
      yield bytes;
    })();
    const reader = readRecords({ name, open: async () => ({ kind: 'bytes', pieces }) }, options);
    await expect(reader.toArray()).rejects.toMatchObject({
      code: 'INVALID_UTF8',
      message: `${name}: The input is UTF-16, as its byte order mark says`,
    });
  });

  test('leaves it to a format that is given as an object', async () => {
    const read: string[] = [];
    const decode = (bytes: Uint8Array) => (read.push(Buffer.from(bytes).toString('utf16le')), []);
    const format = { name: 'utf-16', decoder: () => ({ decode, end: () => [] }) };
    await readRecords(new Response(text), { format }).toArray();
    expect(read).toEqual(['\ufeffid,name\n1,Ada\n']);
  });
});

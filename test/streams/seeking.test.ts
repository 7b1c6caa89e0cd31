import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import type { Cursor } from '../../src/core/position.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { Tally } from '../../src/core/tally.ts';
import { fileSource } from '../../src/sources/file-source.ts';
import { ChunkTransform } from '../../src/streams/chunk-transform.ts';
import { type ReadOptions, readRecords } from '../../src/streams/read-records.ts';
import { transform } from '../../src/streams/transform.ts';

const folder = mkdtempSync(join(tmpdir(), 'seeking-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rows = Array.from({ length: 1_050 }, (_, id) => ({ id: String(id), note: `"${id}", [x]\n{y` }));
const csv = (end: string) =>
  ['id,note', ...rows.map(({ id, note }) => `${id},"${note.replaceAll('"', '""')}"`), ''].join(end);

const ndjson = rows.map((row) => JSON.stringify(row)).join('\n');

/** Three parts, each compressed by itself, that are cut in the middle of a record. */
function inParts(content: string, compress: (part: Buffer) => Buffer): Buffer {
  const bytes = Buffer.from(content);
  const at = (i: number) => Math.floor((i * bytes.length) / 3);
  return Buffer.concat([0, 1, 2].map((i) => compress(bytes.subarray(at(i), at(i + 1)))));
}

const FILES: Readonly<Record<string, readonly [content: string | Uint8Array, options: ReadOptions]>> = {
  'a.ndjson': [ndjson, {}],
  'blank.ndjson': [`\ufeff\n${rows.map((row) => JSON.stringify(row)).join('\r\n \r\n\r\n')}\r\n\n`, {}],
  'array.json': [JSON.stringify(rows), {}],
  'pretty.json': [JSON.stringify(rows, null, 2), {}],
  'nested.json': [
    JSON.stringify({ meta: [1, { data: 2 }], data: { items: rows }, end: [] }),
    { path: 'data.items' },
  ],
  'object.json': [
    JSON.stringify({ data: Object.fromEntries(rows.map((row) => [`k${row.id}`, row])) }, null, 1),
    { path: 'data' },
  ],
  'values.json': [rows.map((row) => JSON.stringify(row)).join('\n\n'), { format: 'json-seq' }],
  'lf.csv': [csv('\n'), {}],
  'crlf.csv': [`\ufeff${csv('\r\n')}`, {}],
  'semicolons.csv': [csv('\n').replaceAll(/^(\w+),/gm, '$1;'), {}],
  'lines.txt': [rows.map(({ id }) => `line ${id}`).join('\n'), {}],
  'a.ndjson.gz': [gzipSync(ndjson), {}],
  'members.ndjson.gz': [inParts(ndjson, gzipSync), {}],
  'members.csv.gz': [inParts(csv('\n'), gzipSync), {}],
  'a.ndjson.zst': [zstdCompressSync(ndjson), {}],
  'frames.json.zst': [inParts(JSON.stringify(rows), zstdCompressSync), {}],
  'a.ndjson.br': [brotliCompressSync(ndjson), {}],
  'lf.csv.br': [brotliCompressSync(csv('\n')), {}],
  'deflated.ndjson': [deflateSync(ndjson), {}],
};
/** Those whose bytes are as they are decoded. */
const PLAIN = Object.keys(FILES).filter((name) => typeof FILES[name]![0] === 'string');
for (const [name, [content]] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

/** What is read, record by record with its place, and the chunks that it becomes. */
async function read(name: string, isLookedAt: boolean, from?: Cursor) {
  const tally = new Tally();
  const chunker = new ChunkTransform({ batchSize: 100, tally });
  const stages = [
    readRecords(join(folder, name), { ...FILES[name]![1], tally, ...(from && { from }) }),
    ...(isLookedAt ? [transform((row: object) => ({ ...row }), { tally })] : []),
    chunker,
  ];
  pipeline(stages, () => {}); // what fails is thrown where it ends
  const chunks: { readonly id: string; readonly end: Cursor; readonly records: readonly string[] }[] = [];
  for await (const chunk of chunker as AsyncIterable<RecordBlock & { id: string }>)
    chunks.push({
      id: chunk.id,
      end: chunk.end,
      records: chunk.records.map((record, index) => `${chunk.describe(index)} ${JSON.stringify(record)}`),
    });
  return { chunks, tally };
}

test.each(
  Object.keys(FILES).flatMap((name) => [false, true].map((isLookedAt) => [name, isLookedAt] as const)),
)(
  'readRecords() goes on in %s behind any chunk as if it had read all of it (looked at: %s)',
  async (name, isLookedAt) => {
    const { chunks } = await read(name, isLookedAt);
    expect(chunks).toHaveLength(11);
    for (const [index, { end }] of chunks.entries()) {
      const rest = await read(name, isLookedAt, end);
      expect(rest.tally.read).toBe(rows.length - Math.min((index + 1) * 100, rows.length));
      expect(rest.chunks.map(({ id }) => id)).toEqual(chunks.slice(index + 1).map(({ id }) => id));
      expect(rest.chunks).toEqual(chunks.slice(index + 1));
      expect(rest.tally.unaccounted().filter(({ to }) => to <= (index + 1) * 100)).toEqual([]);
    }
  },
);

/** A file, and where it was opened, each time: `undefined` for its beginning. */
function watchedFile(name: string) {
  const source = fileSource(join(folder, name));
  const opened: (number | undefined)[] = [];
  const open: typeof source.open = (context) => {
    opened.push(context.from);
    return source.open(context);
  };
  return { source: { ...source, open }, opened };
}

test.each(PLAIN)('readRecords() opens %s where it goes on, behind any chunk', async (name) => {
  const { chunks } = await read(name, false);
  for (const { end } of chunks) {
    const { source, opened } = watchedFile(name);
    const reader = readRecords(source, { ...FILES[name]![1], from: end });
    let count = 0;
    for await (const block of reader) count += (block as RecordBlock).count;
    expect(count).toBe(rows.length - end.records);
    expect(opened).toEqual([undefined, end.bytes! - 1]);
  }
});

test('readRecords() does not open a file that is done', async () => {
  const { chunks } = await read('a.ndjson', false);
  const from = { ...chunks[7]!.end, source: 1 };
  const [done, open] = [watchedFile('lf.csv'), watchedFile('a.ndjson')];
  let count = 0;
  for await (const block of readRecords([done.source, open.source], { from }))
    count += (block as RecordBlock).count;
  expect(count).toBe(rows.length - from.records);
  expect(done.opened).toEqual([]);
  expect(open.opened).toEqual([undefined, from.bytes! - 1]);
});

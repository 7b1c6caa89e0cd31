import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test, vi } from 'vitest';
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

const FILES: Readonly<Record<string, readonly [content: string | Uint8Array, options: ReadOptions]>> = {
  'a.ndjson': [rows.map((row) => JSON.stringify(row)).join('\n'), {}],
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
  'a.ndjson.gz': [gzipSync(rows.map((row) => JSON.stringify(row)).join('\n')), {}],
};
for (const [name, [content]] of Object.entries(FILES)) writeFileSync(join(folder, name), content);

/** What is read, record by record with its place, and the chunks that it becomes. */
async function read(name: string, isLookedAt: boolean, from?: Cursor) {
  const tally = new Tally();
  const reader = readRecords(join(folder, name), { ...FILES[name]![1], tally, ...(from && { from }) });
  const stages = isLookedAt ? reader.pipe(transform((row: object) => ({ ...row }), { tally })) : reader;
  const chunks: { readonly id: string; readonly end: Cursor; readonly records: readonly string[] }[] = [];
  for await (const chunk of stages.pipe(new ChunkTransform({ batchSize: 100, tally })) as AsyncIterable<
    RecordBlock & { id: string }
  >)
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
      expect(rest.chunks).toEqual(chunks.slice(index + 1));
      expect(rest.tally.unaccounted().filter(({ to }) => to <= (index + 1) * 100)).toEqual([]);
      expect(rest.tally.read).toBe(rows.length - Math.min((index + 1) * 100, rows.length));
    }
  },
);

test('readRecords() opens a file where it goes on, and does not open what is done', async () => {
  const opened: unknown[] = [];
  const watched = (name: string) => {
    const source = fileSource(join(folder, name));
    const open = vi.fn<typeof source.open>((context) => {
      opened.push([name, context.from]);
      return source.open(context);
    });
    return { ...source, open };
  };
  const { chunks } = await read('a.ndjson', false);
  const { bytes, records } = chunks[7]!.end;
  const from = { ...chunks[7]!.end, source: 1 };
  let count = 0;
  for await (const block of readRecords([watched('lf.csv'), watched('a.ndjson')], { from }))
    count += (block as RecordBlock).count;
  expect(count).toBe(rows.length - records);
  expect(opened).toEqual([
    ['a.ndjson', undefined],
    ['a.ndjson', bytes! - 1],
  ]);
});

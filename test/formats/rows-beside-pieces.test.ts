import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PiecePool } from '../../src/core/piece-pool.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { columnsFrom } from '../../src/formats/columns.ts';
import { RowWriter } from '../../src/formats/row-writer.ts';
import { readRecords } from '../../src/streams/read-records.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rows-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const RECORDS = Array.from({ length: 60_000 }, (_, id) => ({
  id: String(id),
  note: `${id} `.repeat(1 + (id % 40)),
}));
const FILES = {
  csv: `id,note\n${RECORDS.map(({ id, note }) => `${id},"${note}"\n`).join('')}`,
  ndjson: RECORDS.map((record) => `${JSON.stringify(record)}\n`).join(''),
};
const HELD = 3;

function writerOf(...names: readonly string[]): RowWriter {
  const decoded = () => expect.unreachable();
  return new RowWriter({
    columns: columnsFrom(names),
    text: 'csv',
    delimiter: ',',
    isStrict: false,
    decoded,
  });
}

test.each(['csv', 'ndjson'] as const)(
  'rows of %s stay as they are until their records are given back, also when others are made of them',
  async (format) => {
    const file = join(folder, `records.${format}`);
    writeFileSync(file, FILES[format]);
    const pool = new PiecePool();
    const [writer, other] = [writerOf('note', 'id'), writerOf('id', 'note')];
    const held: { block: RecordBlock; rows: readonly Uint8Array[]; others: readonly Uint8Array[] }[] = [];
    const memories = new Set<ArrayBufferLike>();
    let lines = '';
    let otherLines = '';
    const giveBack = () => {
      const { block, rows, others } = held.shift()!;
      lines += Buffer.concat([...rows]).toString();
      otherLines += Buffer.concat([...others]).toString();
      pool.giveBack(block);
    };
    for await (const block of readRecords(file, { pool }) as AsyncIterable<RecordBlock>) {
      memories.add(block.memory!);
      held.push({ block, rows: [...writer.rows(block)], others: [...other.rows(block)] });
      if (held.length > HELD) giveBack();
    }
    while (held.length > 0) giveBack();
    expect(otherLines === RECORDS.map(({ id, note }) => `${id},${note}\n`).join('')).toBe(true);
    expect(lines === RECORDS.map(({ id, note }) => `${note},${id}\n`).join('')).toBe(true);
    // the memory was used again, or nothing was shown
    expect(memories.size).toBeLessThan(FILES[format].length / 2 ** 20);
  },
);

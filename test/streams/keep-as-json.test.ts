import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ObjectBlock } from '../../src/core/object-block.ts';
import { PIECE_BYTES, PiecePool } from '../../src/core/piece-pool.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { KeepAsJson } from '../../src/streams/keep-as-json.ts';

const blockOf = (from: number, records: readonly unknown[]): RecordBlock =>
  new ObjectBlock({
    source: 'made',
    start: { source: 0, records: from },
    end: { source: 0, records: from + records.length },
    records,
  });

const text = (block: RecordBlock) => Buffer.from(block.ndjson()).toString();

/** A record that is JSON of so many bytes. */
const large = (bytes: number, letter: string) => letter.repeat(bytes - 2);

async function keep(blocks: readonly RecordBlock[], pool?: PiecePool): Promise<RecordBlock[]> {
  return Readable.from(blocks).pipe(new KeepAsJson(pool)).toArray() as Promise<RecordBlock[]>;
}

test('KeepAsJson keeps several blocks in one piece of the pool, and what is larger by itself', async () => {
  const pool = new PiecePool();
  const blocks = [[1, 2], [{ a: 'é' }], [large(PIECE_BYTES, 'x')], [3]].map((records, i) =>
    blockOf(i, records),
  );
  const kept = await keep(blocks, pool);
  expect(kept.map(text)).toEqual(['1\n2\n', '{"a":"é"}\n', `"${'x'.repeat(PIECE_BYTES - 2)}"\n`, '3\n']);
  expect(kept[1]?.memory).toBe(kept[0]?.memory);
  expect(kept[2]?.memory).not.toBe(kept[0]?.memory);
  expect(kept[2]?.memory).not.toBe(kept[3]?.memory);
});

test('KeepAsJson uses memory again when all blocks in it are given back, and not before', async () => {
  const pool = new PiecePool();
  const half = PIECE_BYTES / 2 - 1;
  const stage = new KeepAsJson<unknown>(pool);
  const pass = async (block: RecordBlock) => {
    stage.write(block);
    for (let out = stage.read() as RecordBlock | null; ; out = stage.read() as RecordBlock | null) {
      if (out !== null) return out;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const kept = [];
  for (const [i, letter] of ['a', 'b', 'c', 'd'].entries())
    kept.push(await pass(blockOf(i, [large(half, letter)])));
  const [a, b, c] = kept as [RecordBlock, RecordBlock, RecordBlock];
  expect([b.memory === a.memory, c.memory === a.memory]).toEqual([true, false]);
  pool.giveBack(a);
  const [head, tail] = c.cut(1);
  expect([head.memory === c.memory, tail.count]).toEqual([true, 0]);
  const e = await pass(blockOf(4, [large(half, 'e')]));
  expect([a.memory, c.memory]).not.toContain(e.memory);
  expect(text(b)).toBe(`"${'b'.repeat(half - 2)}"\n`);
  pool.giveBack(b);
  await pass(blockOf(5, [large(half, 'f')]));
  const g = await pass(blockOf(6, [large(half, 'g')]));
  expect(g.memory).toBe(a.memory);
  expect(text(c)).toBe(`"${'c'.repeat(half - 2)}"\n`);
});

test('KeepAsJson has new memory for each block without a pool, and leaves alone what has no JSON', async () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const [a, b, c] = await keep([blockOf(0, [1]), blockOf(1, [2]), blockOf(2, [cyclic])]);
  expect([a!, b!].map(text)).toEqual(['1\n', '2\n']);
  expect(a?.memory).not.toBe(b?.memory);
  expect([c?.records[0], c?.memory]).toEqual([cyclic, undefined]);
});

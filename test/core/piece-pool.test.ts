import { describe, expect, test } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import { PiecePool } from '../../src/core/piece-pool.ts';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { formatNamed } from '../../src/formats/format-named.ts';

/** Blocks of lines that lie in a piece. */
function blocksIn(piece: Buffer, lines: string): RecordBlock[] {
  const length = piece.write(lines);
  const decoder = formatNamed('ndjson', {}).decoder({ source: 'lines.ndjson', sourceIndex: 0 });
  return [...(decoder.decode(piece.subarray(0, length)) as Iterable<RecordBlock>)];
}

function sentFrom(pool: PiecePool): { readonly piece: Buffer; readonly block: RecordBlock } {
  const piece = pool.take();
  const [block] = blocksIn(piece, '{"id":1}\n{"id":2}\n{"id":3}\n');
  pool.send(block!);
  return { piece, block: block! };
}

describe('The memory of a piece', () => {
  test('is used again when all its records are given back', () => {
    const pool = new PiecePool();
    const { piece, block } = sentFrom(pool);
    pool.decoded(piece);
    pool.giveBack(block);
    expect(pool.take()).toBe(piece);
  });

  test('is used again when its last records come back before it is known that there are no more', () => {
    const pool = new PiecePool();
    const { piece, block } = sentFrom(pool);
    pool.giveBack(block);
    expect(pool.take()).not.toBe(piece);
    pool.decoded(piece);
    expect(pool.take()).toBe(piece);
  });

  test('is used again when each part of a block has come back', () => {
    const pool = new PiecePool();
    const { piece, block } = sentFrom(pool);
    pool.decoded(piece);
    pool.giveBack(block.slice(1, 3));
    expect(pool.take()).not.toBe(piece);
    pool.giveBack(block.slice(0, 1));
    expect(pool.take()).toBe(piece);
  });

  test('is not used again when a record does not come back', () => {
    const pool = new PiecePool();
    const { piece, block } = sentFrom(pool);
    pool.decoded(piece);
    pool.giveBack(block.slice(0, 2));
    expect([pool.take(), pool.take()]).not.toContain(piece);
  });

  test('is used again at once when no record lies in it alone', () => {
    const pool = new PiecePool();
    const piece = pool.take();
    pool.decoded(piece);
    expect(pool.take()).toBe(piece);
  });

  test('is not used again for what is given back of an earlier use', () => {
    const pool = new PiecePool();
    const { piece, block } = sentFrom(pool);
    pool.decoded(piece);
    pool.giveBack(block);
    expect(pool.take()).toBe(piece);
    const [second] = blocksIn(piece, '{"id":4}\n{"id":5}\n{"id":6}\n');
    pool.send(second!);
    pool.decoded(piece);
    pool.giveBack(second!);
    pool.giveBack(block);
    expect([pool.take(), pool.take()].filter((taken) => taken === piece)).toHaveLength(1);
  });

  test('of others is left alone', () => {
    const pool = new PiecePool();
    const [block] = blocksIn(Buffer.alloc(64), '{"id":1}\n');
    pool.send(block!);
    pool.giveBack(createChunk({ index: 0, blocks: [block!] }).blocks[0]!);
    pool.decoded(block!.encoded!.bytes);
    expect(pool.take()).not.toBe(block!.encoded!.bytes);
  });
});

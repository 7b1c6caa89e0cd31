import { describe, expect, test } from 'vitest';
import { Witness } from '../../src/checkpoint/witness.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import { chunkOf } from '../../src/testing/index.ts';

const records = Array.from({ length: 30 }, (_, i) => ({ id: i + 1 }));

/** Records `from` up to, not including, `to`, as one block. */
function block(from: number, to: number, of: readonly unknown[] = records) {
  return new ObjectBlock({
    source: 'list',
    start: { source: 0, records: from },
    end: { source: 0, records: to },
    records: of.slice(from, to),
  });
}

function noted(upTo = 20, tokenOf?: (record: unknown) => unknown) {
  const witness = new Witness({ source: 'list', tokenOf });
  for (let from = 0; from < 30; from += 10) witness.see(block(from, from + 10));
  return witness.at(upTo);
}

describe('Witness', () => {
  test('notes the first record, and the last of a block that lies before the place', () => {
    expect(noted(20).map(({ record }) => record)).toEqual([1, 20]);
    expect(noted(29).map(({ record }) => record)).toEqual([1, 20]);
    expect(noted(30).map(({ record }) => record)).toEqual([1, 30]);
    expect(noted(5).map(({ record }) => record)).toEqual([1]);
  });

  test('lets the same records pass, however they are cut into blocks', () => {
    const witness = new Witness({ source: 'list', known: noted() });
    for (const [from, to] of [
      [0, 1],
      [1, 19],
      [19, 20],
      [20, 30],
    ] as const)
      witness.see(block(from, to));
    witness.end();
    expect(witness.at(30)).toEqual(noted(30));
  });

  test.each([
    ['the first', 0],
    ['the last', 19],
  ])('refuses the records when %s of them is another one', (_, index) => {
    const others = records.with(index, { id: -1 });
    const see = () => new Witness({ source: 'list', known: noted() }).see(block(0, 30, others));
    expect(see).toThrow(`list is not what it was: record ${index + 1} is another one`);
    expect(see).toThrow(expect.objectContaining({ code: 'INPUT_CHANGED' }));
  });

  test('refuses records of which one that it knows has become malformed', () => {
    const witness = new Witness({ source: 'list', known: noted() });
    witness.see(block(0, 19));
    expect(() => witness.see(block(20, 30))).toThrow('record 20 is another one');
  });

  test('refuses an end before the last record that it knows', () => {
    const witness = new Witness({ source: 'list', known: noted() });
    witness.see(block(0, 19));
    expect(() => witness.end()).toThrow('list is not what it was: it ends before record 20');
  });

  test('still knows what it knew when nothing has come yet', () => {
    expect(new Witness({ source: 'list', known: noted() }).at(20)).toEqual(noted());
  });

  test('expects none of the records that the source leaves out', () => {
    const witness = new Witness({ source: 'list', known: noted(), before: 20 });
    witness.see(block(20, 30));
    witness.end();
    expect(witness.at(30)).toEqual(noted(30));
  });

  test('notes what the source calls the place', () => {
    const tokenOf = (record: unknown) => (record as { id: number }).id * 100;
    expect(noted(20, tokenOf).at(-1)).toMatchObject({ record: 20, token: 2_000 });
  });

  test('notes each hundredth record of a large block', () => {
    const many = Array.from({ length: 1_050 }, (_, id) => ({ id }));
    const witness = new Witness({ source: 'list' });
    witness.see(block(0, 1_050, many));
    expect(witness.at(350).map(({ record }) => record)).toEqual([1, 300]);
    expect(witness.at(1_000).map(({ record }) => record)).toEqual([1, 1_000]);
    expect(witness.at(1_050).map(({ record }) => record)).toEqual([1, 1_050]);
  });

  test('takes bytes as they are, and leaves out what has no form as JSON', () => {
    const bytes = new Witness({ source: 'list' });
    const lines = chunkOf(records, { from: 'bytes' });
    bytes.see(lines.blocks[0]!);
    expect(bytes.at(30)).toEqual(noted(30));
    const functions = new Witness({ source: 'list' });
    functions.see(block(0, 2, [() => 1, () => 2]));
    expect(functions.at(2)).toEqual([]);
  });
});

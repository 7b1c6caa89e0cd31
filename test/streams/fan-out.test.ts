import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { many, none } from 'stream-chain';
import { afterAll, describe, expect, test } from 'vitest';
import { BatchProcessor, type BatchProcessorOptions, type Summary } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'fan-out-'));
afterAll(() => rmSync(folder, { recursive: true }));

const COUNT = 16_000;
const file = join(folder, 'in.ndjson');
writeFileSync(file, Array.from({ length: COUNT }, (_, id) => `{"id":${id}}\n`).join(''));

interface Row {
  readonly id: number;
}

/** A run that notes how many records were made before the first were written, and what was. */
async function run(transform: (row: Row) => unknown, options: Partial<BatchProcessorOptions<Row>> = {}) {
  let made = 0;
  let madeBefore: number | undefined;
  const written: number[] = [];
  const summary: Summary = await new BatchProcessor<Row, { id: number }>({
    source: file,
    transform: ((row: Row) => {
      made += 1;
      return transform(row);
    }) as never,
    sink: async (rows) => {
      madeBefore ??= made;
      for (const { id } of rows) written.push(id);
    },
    ...(options as object),
  }).run();
  return { summary, written, madeBefore: madeBefore! };
}

const copies = ({ id }: Row, count: number) => Array.from({ length: count }, (_, i) => ({ id, i }));
const expected = (count: number) => Array.from({ length: COUNT * count }, (_, i) => Math.floor(i / count));

describe('Of records that become many', () => {
  test.each([
    ['many()', (row: Row) => many(copies(row, 20))],
    [
      'a generator',
      function* (row: Row) {
        yield* copies(row, 20);
      },
    ],
    ['a promise of many()', async (row: Row) => many(copies(row, 20))],
    [
      'an asynchronous generator',
      async function* (row: Row) {
        yield* copies(row, 20);
      },
    ],
  ])('few are made before the first are written, by %s', async (_, transform) => {
    const { summary, written, madeBefore } = await run(transform);
    expect(madeBefore).toBeLessThanOrEqual(4_000);
    expect(written).toEqual(expected(20));
    expect(summary).toMatchObject({ read: COUNT, added: 19 * COUNT, written: 20 * COUNT, unaccounted: [] });
  });

  test('all are told, where some are left out, fail, and are set aside', async () => {
    const letters: number[] = [];
    const { summary, written } = await run(
      (row) => {
        if (row.id % 1_000 === 999) throw new Error('no');
        return row.id % 2 === 1 ? none : many(copies(row, 30));
      },
      {
        onInvalid: 'dead-letter',
        deadLetters: {
          add: async ({ position }) => void letters.push(position.record),
          close: async () => {},
        },
      },
    );
    const even = Array.from({ length: COUNT / 2 }, (_, i) => 2 * i);
    expect(written).toEqual(even.flatMap((id) => Array<number>(30).fill(id)));
    expect(letters).toEqual(Array.from({ length: 16 }, (_, i) => (i + 1) * 1_000));
    expect(summary).toMatchObject({ filtered: COUNT / 2 - 16, deadLettered: 16, unaccounted: [] });
  });

  test('none are made behind the one that fails, and those before are written', async () => {
    const failing = run((row) => {
      if (row.id === 5_000) throw new Error('no');
      return many(copies(row, 10));
    });
    await expect(failing).rejects.toThrow(`in.ndjson:5001 (record 5001`);
  });
});

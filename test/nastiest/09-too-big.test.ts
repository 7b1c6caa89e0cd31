/** A chunk, a record or a number of parameters beyond what the sink takes: dropped, cut or tried for ever. */
import { describe, expect, test } from 'vitest';
import type { Sink } from '../../src/core/sink.ts';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { PostgresPlace } from '../sinks/postgres-place.ts';
import { run } from './run.ts';

interface Row {
  readonly id: number;
  readonly text: string;
}

const LIMIT = 1_000;
const sizeOf = (rows: readonly Row[]) =>
  rows.reduce((sum, row) => sum + Buffer.byteLength(JSON.stringify(row)) + 1, 0);
/** A row of so many bytes as a line, of letters that take two bytes. */
const rowOf = (id: number, bytes: number): Row => {
  const room = bytes - sizeOf([{ id, text: '' }]);
  return { id, text: `${'é'.repeat(Math.floor(room / 2))}${room % 2 === 1 ? 'x' : ''}` };
};

/** A sink that refuses more than a kilobyte, and says so before or only when it is asked. */
function small(saysSo: boolean) {
  const chunks: (readonly Row[])[] = [];
  let writes = 0;
  const sink: Sink<Row> = {
    name: 'small',
    guarantee: 'effectively-once',
    ...(saysSo && { limits: { bytes: LIMIT } }),
    async write({ records }) {
      writes += 1;
      if (sizeOf(records) > LIMIT) throw Object.assign(new Error('too large'), { status: 413 });
      chunks.push(records);
    },
  };
  return { sink, chunks, writes: () => writes };
}

describe.each([
  ['says how much it takes', true],
  ['says so only when it is asked', false],
])('Into a sink that %s', (_, saysSo) => {
  test.each<[string, readonly number[]]>([
    ['chunks one byte below the limit', [500, 499, 500, 499]],
    ['chunks at the limit', [500, 500, 500, 500]],
    ['chunks one byte above the limit', [500, 501, 500, 501]],
    ['records at the limit', [LIMIT, LIMIT, LIMIT]],
    ['many small ones', Array.from({ length: 300 }, () => 40)],
  ])('%s are all written', async (_what, sizes) => {
    const { sink, chunks, writes } = small(saysSo);
    const rows = sizes.map((bytes, id) => rowOf(id, bytes));
    const { error } = await run<Row>({ source: rows, batchSize: 100, sink });
    expect(error).toBeUndefined();
    expect(chunks.flat()).toEqual(rows);
    expect(writes()).toBeLessThanOrEqual(2 * rows.length + 2);
  });

  test.each([
    ['alone', 0, 1],
    ['first', 0, 9],
    ['last', 8, 9],
    ['in the middle', 4, 9],
  ])('one record above the limit, %s, is set aside, and the others are written', async (_what, at, count) => {
    const { sink, chunks } = small(saysSo);
    const rows = Array.from({ length: count }, (_each, id) => rowOf(id, id === at ? LIMIT + 1 : 100));
    const letters: { readonly code: string }[] = [];
    const deadLetters = {
      add: async (letter: { readonly code: string }) => void letters.push(letter),
      close: async () => {},
    };
    const { error, summary } = await run<Row>({ source: rows, batchSize: 100, sink, deadLetters });
    expect(error).toBeUndefined();
    expect(chunks.flat()).toEqual(rows.toSpliced(at, 1));
    expect(letters).toHaveLength(1);
    expect(summary).toMatchObject({ read: count, written: count - 1, deadLettered: 1, unaccounted: [] });
  });

  test('without a place for it the first record above the limit ends the run, by its name', async () => {
    const { sink } = small(saysSo);
    const { error } = await run<Row>({ source: [rowOf(0, 100), rowOf(1, LIMIT + 1)], batchSize: 100, sink });
    expect(error?.message).toContain('record 2');
  });
});

const place = await PostgresPlace.reach();

test.each([6_553, 6_554, 10_000])(
  '%i rows of ten columns, at and beyond 65,535 parameters, are all in PostgreSQL',
  async (count) => {
    await place.clear();
    const names = Array.from({ length: 10 }, (_, i) => `c${i}`);
    const source = Array.from({ length: count }, (_, id) =>
      Object.fromEntries(names.map((name, i) => [name, id * 10 + i])),
    );
    const sink = postgresSink({ url: place.url, table: 'wide' });
    const { error, summary } = await run({ source, batchSize: 10_000, sink });
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ written: count, chunks: 1 });
    const [row] = await place.sql('SELECT count(*)::int AS count, sum(c9)::bigint AS sum FROM wide');
    expect(row).toEqual({ count, sum: String(source.reduce((sum, { c9 }) => sum + c9!, 0)) });
  },
);

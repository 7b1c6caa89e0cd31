/** Isolating a record that is refused loses others, or costs too much. On a real database, whose transaction is over then. */
import { describe, expect, test } from 'vitest';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { PostgresPlace } from '../sinks/postgres-place.ts';
import { busy, idsOf, type Numbered, numbered, refused, run } from './run.ts';

/** A place for dead letters that keeps the numbers of the records. */
function lettersTo(set: number[]) {
  const add = async ({ record, raw }: { readonly record?: unknown; readonly raw?: Uint8Array }) =>
    void set.push(
      (raw === undefined ? (record as Numbered) : (JSON.parse(Buffer.from(raw).toString()) as Numbered)).id,
    );
  return { add, close: async () => {} };
}

const mostWrites = (count: number, bad: number) =>
  1 + bad * (2 * Math.ceil(Math.log2(Math.max(count, 2))) + 2);

describe('Whichever records of up to eight are refused', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'of %i the others are written, and each refused one is set aside',
    async (count) => {
      for (let set = 0; set < 2 ** count; set++) {
        const isBad = (id: number) => (set & (1 << (id - 1))) !== 0;
        const [written, aside]: [number[], number[]] = [[], []];
        let writes = 0;
        const { summary, error } = await run({
          source: numbered(count),
          batchSize: 100,
          deadLetters: lettersTo(aside),
          sink: async (records: readonly Numbered[]) => {
            writes += 1;
            if (records.some(({ id }) => isBad(id))) throw refused();
            written.push(...idsOf(records));
          },
        });
        const bad = idsOf(numbered(count)).filter(isBad);
        expect(error).toBeUndefined();
        expect(written).toEqual(idsOf(numbered(count)).filter((id) => !isBad(id)));
        expect(aside).toEqual(bad);
        expect(summary).toMatchObject({ read: count, written: count - bad.length, deadLettered: bad.length });
        expect(writes).toBeLessThanOrEqual(mostWrites(count, bad.length));
      }
    },
  );
});

describe('Of a thousand', () => {
  test.each<[string, readonly number[]]>([
    ['the first', [1]],
    ['the last', [1_000]],
    ['two in a row', [500, 501]],
    ['two across a half', [499, 500, 501, 502]],
    ['some', [1, 17, 18, 333, 999, 1_000]],
  ])('%s are refused for two reasons, while the sink is busy now and then', async (_, bad) => {
    const [written, aside]: [number[], number[]] = [[], []];
    let writes = 0;
    const { error } = await run({
      source: numbered(1_000),
      deadLetters: lettersTo(aside),
      sink: async (records: readonly Numbered[]) => {
        writes += 1;
        if (writes % 5 === 3) throw busy();
        const first = records.find(({ id }) => bad.includes(id));
        if (first !== undefined)
          throw first.id % 2 === 0 ? refused() : Object.assign(new Error('no'), { code: '23505' });
        written.push(...idsOf(records));
      },
    });
    expect(error).toBeUndefined();
    expect(aside.toSorted((a, b) => a - b)).toEqual(bad);
    expect(written.toSorted((a, b) => a - b)).toEqual(
      idsOf(numbered(1_000)).filter((id) => !bad.includes(id)),
    );
    expect(writes).toBeLessThanOrEqual(1.3 * mostWrites(1_000, bad.length) + 1);
  });

  test('all are refused: each is set aside, and no more is asked than that takes', async () => {
    const aside: number[] = [];
    let writes = 0;
    await run({
      source: numbered(1_000),
      deadLetters: lettersTo(aside),
      sink: async () => {
        writes += 1;
        throw refused();
      },
    });
    expect(aside).toHaveLength(1_000);
    expect(writes).toBeLessThan(2 * 1_000 + 2);
  });
});

const place = await PostgresPlace.reach();

describe('PostgreSQL, whose transaction is over with the first refusal,', () => {
  test.each<[string, readonly number[]]>([
    ['two in a row', [4, 5]],
    ['the first and the last', [1, 9]],
    ['one of nine', [3]],
    ['all but one', [1, 2, 3, 4, 6, 7, 8, 9]],
  ])('has the others when it refuses %s', async (_, bad) => {
    await place.clear();
    await place.sql(
      'CREATE TABLE orders (id integer PRIMARY KEY, amount integer NOT NULL CHECK (amount > 0))',
    );
    const aside: number[] = [];
    const { error, summary } = await run({
      source: numbered(9).map(({ id }) => ({
        id,
        amount: bad.includes(id) ? (id % 2 === 0 ? -1 : null) : 7,
      })),
      sink: postgresSink({ url: place.url, table: 'orders', ifExists: 'append' }),
      deadLetters: lettersTo(aside),
    });
    expect(error).toBeUndefined();
    expect(aside.toSorted((a, b) => a - b)).toEqual(bad);
    const rows = await place.sql('SELECT id FROM orders ORDER BY id');
    expect(rows.map(({ id }) => id)).toEqual(idsOf(numbered(9)).filter((id) => !bad.includes(id)));
    expect(summary).toMatchObject({ written: 9 - bad.length, deadLettered: bad.length, unaccounted: [] });
  });
});

test('an error that is about the run and not about records is not looked for in them', async () => {
  const file = `/nowhere/${process.pid}/orders.db`;
  const aside: number[] = [];
  const { error } = await run({
    source: numbered(1_000),
    sink: sqliteSink({ file, table: 't' }),
    deadLetters: lettersTo(aside),
  });
  expect(error).toBeDefined();
  let writes = 0;
  const second = await run({
    source: numbered(1_000),
    deadLetters: lettersTo(aside),
    sink: async () => {
      writes += 1;
      throw Object.assign(new Error('password'), { status: 403 });
    },
  });
  expect(second.error).toMatchObject({ code: 'WRITE_FAILED' });
  expect(writes).toBe(1);
  expect(aside).toEqual([]);
});

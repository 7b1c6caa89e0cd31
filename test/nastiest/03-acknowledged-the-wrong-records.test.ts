/** A batch that was emptied, or an answer with fewer or more items, settles records that it is not about. */
import { describe, expect, test } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import { many, none } from '../../src/index.ts';
import { busy, idsOf, left, type Numbered, numbered, refused, run } from './run.ts';

describe('A transform that empties some chunks and lets others grow', () => {
  /** Of each hundred: none of the first, three for each of the second, all of the third. */
  const uneven = ({ id }: Numbered) => {
    const place = Math.floor((id - 1) / 100) % 3;
    if (place === 0) return none;
    return place === 1 ? many([{ id }, { id }, { id }]) : { id };
  };
  const expected = (ids: readonly number[]) =>
    ids.flatMap((id) => Array.from({ length: [0, 3, 1][Math.floor((id - 1) / 100) % 3]! }, () => id));

  test.each([1, 4])(
    'settles what was written, and nothing else, with %i chunks at once',
    async (concurrency) => {
      const store = memoryCheckpoint();
      const written: number[] = [];
      let isBroken = true;
      const once = () =>
        run<Numbered>({
          source: numbered(1_200),
          batchSize: 100,
          concurrency,
          transform: uneven,
          checkpoint: { store, run: 'uneven' },
          retry: { maxRetries: 0 },
          sink: async (records: readonly Numbered[]) => {
            if (isBroken && records.some(({ id }) => id > 550 && id < 600)) throw busy();
            written.push(...idsOf(records));
          },
        });
      const first = await once();
      expect(first.error).toBeDefined();
      isBroken = false;
      const second = await once();
      expect(second.error).toBeUndefined();
      expect(written.toSorted((a, b) => a - b)).toEqual(expected(idsOf(numbered(1_200))));
    },
  );
});

describe('An answer that speaks of', () => {
  const answering = (refusals: ReadonlyMap<number, unknown>) => async () => {
    throw new PartialWriteError(refusals);
  };
  const five = { source: numbered(5), batchSize: 100 };

  test('some records settles the others', async () => {
    const { summary, error } = await run({
      ...five,
      sink: answering(
        new Map([
          [1, refused()],
          [3, refused()],
        ]),
      ),
    });
    expect(error).toMatchObject({ code: 'WRITE_FAILED' });
    expect(summary).toMatchObject({ read: 5, written: 3, refused: 2 });
    expect(left(summary)).toEqual([2, 4]);
  });

  test('no record settles all of them', async () => {
    const { summary, error } = await run({ ...five, sink: answering(new Map()) });
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ read: 5, written: 5, unaccounted: [] });
  });

  test.each([[-1], [5], [1.5], [Number.NaN]])(
    'record %d, which was not sent, leaves all of them unsettled',
    async (index) => {
      const { summary, error } = await run({
        ...five,
        sink: answering(
          new Map([
            [index, refused()],
            [0, refused()],
          ]),
        ),
      });
      expect(error).toBeDefined();
      expect(summary.written).toBe(0);
      expect(left(summary)).toEqual([1, 2, 3, 4, 5]);
    },
  );

  test('records to be sent again, by their places in what was sent last', async () => {
    const sent: number[][] = [];
    const answers = [
      new Map([
        [1, busy()],
        [3, busy()],
        [4, busy()],
      ]),
      new Map([[1, busy()]]),
    ];
    const { error } = await run({
      ...five,
      sink: async (records: readonly Numbered[]) => {
        sent.push(idsOf(records));
        const refusals = answers.shift();
        if (refusals !== undefined) throw new PartialWriteError(refusals);
      },
    });
    expect(error).toBeUndefined();
    expect(sent).toEqual([[1, 2, 3, 4, 5], [2, 4, 5], [4]]);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PartialWriteError } from '../../src/core/errors.ts';
import { bisecting } from '../../src/delivery/bisecting.ts';
import { retrying } from '../../src/delivery/retrying.ts';
import { UnsentError, WriteError } from '../../src/delivery/write-error.ts';
import { errorWith } from '../failures/cases.ts';
import {
  badRequest,
  busy,
  forbidden,
  type Item,
  items,
  type Manner,
  mostExtra,
  numbersTo,
  type Shop,
  shop,
  write,
} from './shop.ts';

const MANNERS: readonly Manner[] = ['silent', 'naming', 'partial'];

const failureFrom = async (sink: Parameters<typeof write>[0], chunk: Parameters<typeof write>[1]) => {
  const error = await write(sink, chunk);
  if (!(error instanceof WriteError)) throw new Error(`it should have failed with a WriteError: ${error}`);
  return error;
};

const refusedBy = (error: unknown) => [...((error as WriteError | undefined)?.refusals?.keys() ?? [])];

describe.each(MANNERS)('bisecting(), with a sink that is %s about bad records', (manner) => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('finds every set of them among %i records', async (count) => {
    for (let set = 1; set < 2 ** count; set++) {
      const isBad = ({ id }: Item) => (set & (1 << id)) !== 0;
      const place = shop({ isBad, manner });
      const error = await failureFrom(bisecting(place), items(count));

      const bad = numbersTo(count).filter((id) => isBad({ id }));
      expect(refusedBy(error)).toEqual(bad);
      expect(place.taken, 'in the order of the source').toEqual(
        numbersTo(count).filter((id) => !isBad({ id })),
      );
      expect(place.writes.length - 1).toBeLessThanOrEqual(bad.length * mostExtra(count));
      expect(error).toMatchObject({ taken: count - bad.length, refused: bad.length });
    }
  });

  test.each([2, 3, 7, 100, 127, 128, 129, 1_000])(
    'finds one among %i records within 2·⌈log2 n⌉+1 further writes, wherever it is',
    async (count) => {
      const places = count <= 129 ? numbersTo(count) : [0, 1, 499, 500, 501, 998, 999];
      for (const at of places) {
        const place = shop({ isBad: ({ id }) => id === at, manner });
        expect(refusedBy(await write(bisecting(place), items(count)))).toEqual([at]);
        expect(place.taken).toEqual(numbersTo(count).filter((id) => id !== at));
        expect(place.writes.length - 1).toBeLessThanOrEqual(mostExtra(count));
      }
    },
  );
});

describe('bisecting()', () => {
  test('does nothing to a chunk that is taken', async () => {
    const place = shop();
    const chunk = items(10);
    expect(await write(bisecting(place), chunk)).toBeUndefined();
    expect(place.ids).toEqual([chunk.id]);
  });

  test('believes what the sink says of each record, without another write', async () => {
    const place = shop({ isBad: ({ id }) => id % 2 === 0, manner: 'partial' });
    expect(refusedBy(await write(bisecting(place), items(6)))).toEqual([0, 2, 4]);
    expect(place.writes).toHaveLength(1);
  });

  test('tries a record that the sink names alone, and finds the next by the next name', async () => {
    const place = shop({ isBad: ({ id }) => id === 3 || id === 6, manner: 'naming' });
    await write(bisecting(place), items(8));
    expect(place.writes.slice(1)).toEqual([[0, 1, 2], [3], [4, 5, 6, 7], [4, 5], [6], [7]]);
  });

  test('halves, and skips the write of a second half that must hold the record', async () => {
    const place = shop({ isBad: ({ id }) => id === 7 });
    await write(bisecting(place), items(8));
    expect(place.writes.slice(1)).toEqual([[0, 1, 2, 3], [4, 5], [6], [7]]);
  });

  test('gives no record up that was not refused alone, whatever the sink names', async () => {
    for (const named of numbersTo(20)) {
      for (const at of numbersTo(20)) {
        const place = shop({
          before: ({ records }) => {
            if (records.some(({ id }) => id === at)) throw Object.assign(badRequest(), { index: named });
          },
        });
        expect(refusedBy(await write(bisecting(place), items(20)))).toEqual([at]);
        expect(place.taken).toEqual(numbersTo(20).filter((id) => id !== at));
        expect(place.writes.length - 1).toBeLessThanOrEqual(mostExtra(20) + (named === at ? 0 : 1));
      }
    }
  });

  test('writes all records of a chunk that is refused as a whole, when each part of it is taken', async () => {
    const place = shop({
      before: ({ count }) => {
        if (count > 2) throw badRequest();
      },
    });
    expect(await write(bisecting(place), items(9))).toBeUndefined();
    expect(place.taken).toEqual(numbersTo(9));
  });

  test('finds records of two kinds of error, each with its own reason', async () => {
    const reasons = new Map([
      [2, errorWith({ status: 409 }, 'it is there already')],
      [5, errorWith({ code: '22P02' }, 'it is no number')],
    ]);
    const place = shop({
      before: ({ records }) => {
        const found = records.find(({ id }) => reasons.has(id));
        if (found !== undefined) throw reasons.get(found.id);
      },
    });
    const error = await failureFrom(bisecting(place), items(8));
    expect(error.refusals).toEqual(reasons);
    expect(place.taken).toEqual([0, 1, 3, 4, 6, 7]);
  });

  test('names the record, how often it was sent and what is safe', async () => {
    const place = shop({ isBad: ({ id }) => id === 4 });
    const error = await failureFrom(bisecting(place), items(8));
    expect(error).toMatchObject({ code: 'WRITE_FAILED', failure: { kind: 'bad-records', why: 'HTTP 422' } });
    expect(error.message).toBe(
      'items.ndjson:5 (record 5, byte 36) (chunk 1) could not be written to shop: it is bad ' +
        '(3 attempts; 7 of 8 records are safe)',
    );
    expect(error.attemptsWith(4)).toBe(3);
  });

  test('gives each part an id that is the same in every run, and not that of another', async () => {
    const run = async (isBad: (item: Item) => boolean): Promise<Shop> => {
      const place = shop({ isBad });
      await write(bisecting(place), items(16));
      return place;
    };
    const [once, again] = [await run(({ id }) => id === 5), await run(({ id }) => id === 5)];
    expect(again.ids).toEqual(once.ids);
    expect(new Set(once.ids).size).toBe(once.ids.length);
    const other = await run(({ id }) => id === 6);
    const idOf = ({ ids, writes }: Shop, part: readonly number[]) =>
      ids[writes.findIndex((each) => each.join() === part.join())];
    const half = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(idOf(other, half)).toBe(idOf(once, half));
    expect(idOf(other, half)).toMatch(/^[0-9a-f]{64}$/);
  });

  test.each([
    ['bad for the whole run', forbidden()],
    ['unknown', new TypeError('a bug')],
    ['a time over', new DOMException('too long', 'TimeoutError')],
  ])('does not divide a chunk whose failure is %s', async (_, failure) => {
    const place = shop({
      before: () => {
        throw failure;
      },
    });
    expect(await write(bisecting(place), items(8))).toBe(failure);
    expect(place.writes).toHaveLength(1);
  });

  test('stops at once when a part fails for the whole run, and tells what is safe, refused, unsent', async () => {
    const down = forbidden();
    const place = shop({
      isBad: ({ id }) => id === 1,
      before: ({ records }) => {
        if (records[0]!.id === 4) throw down;
      },
    });
    const error = await failureFrom(bisecting(place), items(16));
    expect(place.writes.at(-1)).toEqual([4, 5, 6, 7]);
    expect(place.taken).toEqual([0, 2, 3]);
    expect(error).toMatchObject({ failure: { kind: 'run-wide' }, cause: down, taken: 3, refused: 1 });
    expect(error.message).toMatch(/^5 records, the first items\.ndjson:2 .*it is forbidden/);
    expect(error.refusals?.get(1)).toMatchObject({ status: 422 });
    expect([4, 5, 6, 7].map((index) => error.refusals?.get(index))).toEqual([down, down, down, down]);
    for (const index of numbersTo(16).slice(8))
      expect(error.refusals?.get(index)).toBeInstanceOf(UnsentError);
    expect([...error.undivided]).toEqual(numbersTo(16).slice(4));
  });

  test('stops when what the sink says of one record is about the whole run', async () => {
    const down = forbidden();
    const refusals = new Map([[3, down]]);
    const sink = { ...shop(), write: async () => Promise.reject(new PartialWriteError(refusals)) };
    const error = await failureFrom(bisecting(sink), items(8));
    expect(error).toMatchObject({ failure: { kind: 'run-wide' }, taken: 7, refusals });
  });

  test('sends nothing further when enough records are refused', async () => {
    const place = shop({ isBad: ({ id }) => id >= 5 });
    const error = await failureFrom(bisecting(place, { enough: () => 2 }), items(64));
    expect(place.taken).toEqual([0, 1, 2, 3, 4]);
    expect(error).toMatchObject({ refused: 2, taken: 5 });
    expect(error.message).toMatch(/^2 records, the first items\.ndjson:6 /);
    expect(place.writes.length).toBeLessThanOrEqual(1 + mostExtra(64));
  });
});

describe('bisecting(retrying())', () => {
  beforeEach(() => vi.useFakeTimers({ now: 0 }));
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const deliver = async (place: Shop, count: number) => {
    const outcome = write(bisecting(retrying(place)), items(count));
    await vi.runAllTimersAsync();
    return outcome;
  };

  test('retries a part that fails for a passing reason, with the same id', async () => {
    const failing = new Set([3, 4]);
    const place = shop({
      isBad: ({ id }) => id === 6,
      before: (_, writes) => {
        if (failing.has(writes)) throw busy();
      },
    });
    expect(refusedBy(await deliver(place, 8))).toEqual([6]);
    expect(place.taken).toEqual([0, 1, 2, 3, 4, 5, 7]);
    expect(place.writes.slice(2, 5)).toEqual([
      [4, 5],
      [4, 5],
      [4, 5],
    ]);
    expect(new Set(place.ids.slice(2, 5)).size).toBe(1);
  });

  test('stops when a part goes on failing for a passing reason', async () => {
    const place = shop({
      isBad: ({ id }) => id === 7,
      before: ({ count }) => {
        if (count === 2) throw busy();
      },
    });
    const error = await deliver(place, 8);
    expect(error).toMatchObject({ failure: { kind: 'throttled' }, attempts: 4, taken: 4, refused: 0 });
    expect(place.writes).toHaveLength(2 + 4);
  });

  test('divides what got one answer together, after a part of the chunk was taken', async () => {
    const place = shop({
      isBad: ({ id }) => id === 5,
      before: ({ count }, writes) => {
        if (writes > 1) return;
        for (const id of [0, 2, 4, 6]) place.taken.push(id);
        throw new PartialWriteError(
          new Map(
            numbersTo(count)
              .filter((id) => id % 2 === 1)
              .map((id) => [id, busy()]),
          ),
        );
      },
    });
    const error = await deliver(place, 7);
    expect(place.writes.slice(1)).toEqual([[1, 3, 5], [1, 3], [5]]);
    expect(place.taken).toEqual([0, 2, 4, 6, 1, 3]);
    expect(error).toMatchObject({ refused: 1, taken: 6 });
    expect(refusedBy(error)).toEqual([5]);
  });

  test('stops at an abort, and keeps its code', async () => {
    const stopping = new AbortController();
    const place = shop({
      isBad: ({ id }) => id === 7,
      before: ({ count }) => {
        if (count === 2) stopping.abort(new Error('enough'));
      },
    });
    const outcome = write(bisecting(retrying(place)), items(8), stopping.signal);
    await vi.runAllTimersAsync();
    expect(await outcome).toMatchObject({ code: 'ABORTED' });
    expect(place.writes.at(-1)).toEqual([4, 5]);
  });
});

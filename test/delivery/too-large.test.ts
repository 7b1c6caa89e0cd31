import { describe, expect, test } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import { bisecting } from '../../src/delivery/bisecting.ts';
import { type Item, items, mostExtra, numbersTo, shop, tooLarge, write } from './shop.ts';

/** Records of a given size in bytes, with their line feed. */
const sized = (...sizes: readonly number[]) =>
  items(sizes.length, (id) => 'x'.repeat(sizes[id]! - `{"id":${id},"text":""}\n`.length));

const sameSize = (count: number, size: number) => sized(...Array.from({ length: count }, () => size));

describe('bisecting(), with a chunk that is too large', () => {
  test.each([999, 1_000, 1_001, 2_500, 4_000, 9_999])(
    'writes all of it, in order, in parts that the sink takes: limit %i of 10,000 bytes',
    async (maxBytes) => {
      const place = shop({ maxBytes });
      expect(await write(bisecting(place), sameSize(100, 100))).toBeUndefined();
      expect(place.taken).toEqual(numbersTo(100));
      expect(place.writes.length).toBeLessThanOrEqual(4 * Math.ceil(10_000 / maxBytes) + 4);
    },
  );

  test.each([
    ['records', { records: 30 }, [25, 25, 25, 25]],
    ['bytes', { bytes: 5_000 }, [50, 50]],
  ] as const)(
    'divides it before it is sent when the sink states how many %s it takes',
    async (_, limits, sizes) => {
      const place = { ...shop({ maxBytes: 10_000 }), limits };
      expect(await write(bisecting(place), sameSize(100, 100))).toBeUndefined();
      expect(place.taken).toEqual(numbersTo(100));
      expect(place.writes.map((ids) => ids.length)).toEqual(sizes);
    },
  );

  test('divides it by bytes, not by records', async () => {
    const place = shop({ maxBytes: 1_000 });
    await write(bisecting(place), sized(900, 100, 100, 100, 100, 100, 100, 100));
    expect(place.writes.slice(1)).toEqual([[0], [1, 2, 3, 4, 5, 6, 7]]);
  });

  test('remembers it: a later chunk is divided before it is sent', async () => {
    const place = shop({ maxBytes: 1_000 });
    const sink = bisecting(place);
    await write(sink, sameSize(40, 100));
    const met = place.writes.length;
    expect(await write(sink, sameSize(40, 100))).toBeUndefined();
    expect(place.writes.slice(met).map((ids) => ids.length)).toEqual([10, 10, 10, 10]);
    expect(place.taken).toEqual([...numbersTo(40), ...numbersTo(40)]);
  });

  test('sends a later chunk that is small enough as it is, under its own id', async () => {
    const place = shop({ maxBytes: 1_000 });
    const sink = bisecting(place);
    await write(sink, sameSize(40, 100));
    const small = sameSize(9, 100);
    await write(sink, small);
    expect(place.ids.at(-1)).toBe(small.id);
  });

  test('cuts at places that depend on the chunk alone, so that a part has the same id in another run', async () => {
    const [met, fresh] = [shop({ maxBytes: 1_000 }), shop({ maxBytes: 1_000 })];
    const sink = bisecting(met);
    await write(sink, sameSize(40, 100));
    const chunk = sameSize(40, 90);
    const before = met.ids.length;
    await write(sink, chunk);
    await write(bisecting(fresh), chunk);
    expect(fresh.ids).toEqual(expect.arrayContaining(met.ids.slice(before)));
  });

  test.each([0, 7, 15])(
    'refuses one record that is too large alone, at %i, and takes the others',
    async (at) => {
      const place = shop({ maxBytes: 1_000 });
      const sizes = numbersTo(16).map((id) => (id === at ? 5_000 : 100));
      const error = await write(bisecting(place), sized(...sizes));
      expect(error).toMatchObject({ failure: { kind: 'too-large', why: 'HTTP 413' }, refused: 1, taken: 15 });
      expect(place.taken).toEqual(numbersTo(16).filter((id) => id !== at));
    },
  );

  test('refuses a chunk of one record, and goes on as before', async () => {
    const place = shop({ maxBytes: 1_000 });
    const sink = bisecting(place);
    expect(await write(sink, sized(1_001))).toMatchObject({ refused: 1, taken: 0 });
    await write(sink, sameSize(10, 100));
    expect(place.writes.at(-1)).toHaveLength(10);
  });

  test('is not misled by one small record that is always too large: later chunks stay large', async () => {
    const place = shop({
      before: ({ records }) => {
        if (records.some(({ id }) => id === 77)) throw tooLarge();
      },
    });
    const sink = bisecting(place);
    expect(await write(sink, sameSize(128, 100))).toMatchObject({ refused: 1, taken: 127 });
    const met = place.writes.length;
    expect(await write(sink, sameSize(64, 100))).toBeUndefined();
    expect(place.writes.slice(met)).toHaveLength(1);
  });

  test('finds bad records in it too', async () => {
    const place = shop({ maxBytes: 1_000, isBad: ({ id }) => id === 13 });
    const error = await write(bisecting(place), sameSize(40, 100));
    expect(error).toMatchObject({ failure: { kind: 'bad-records' }, refused: 1, taken: 39 });
    expect(place.taken).toEqual(numbersTo(40).filter((id) => id !== 13));
    expect(place.writes.length).toBeLessThanOrEqual(20 + mostExtra(40));
  });

  test('halves by count what has no size as JSON', async () => {
    const circular: { id: number; self?: unknown } = { id: 0 };
    circular.self = circular;
    const records: Item[] = [circular, { id: 1 }, { id: 2 }, { id: 3 }];
    const range = { source: 'items', start: { source: 0, records: 0 }, end: { source: 0, records: 4 } };
    const chunk = createChunk({ index: 0, id: 'a', blocks: [new ObjectBlock({ ...range, records })] });
    const place = shop({
      before: ({ count }) => {
        if (count > 2) throw tooLarge();
      },
    });
    expect(await write(bisecting(place), chunk)).toBeUndefined();
    expect(place.writes).toEqual([
      [0, 1, 2, 3],
      [0, 1],
      [2, 3],
    ]);
  });
});

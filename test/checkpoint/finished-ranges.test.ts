import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FinishedChunk, FinishedRanges } from '../../src/checkpoint/finished-ranges.ts';
import type { SourceRange } from '../../src/core/chunk.ts';
import type { Cursor } from '../../src/core/position.ts';

const chunk = (index: number, ...ranges: [source: number, from: number, to: number][]): FinishedChunk => ({
  index,
  ranges: ranges.map(([source, from, to]) => range({ source, records: from }, { source, records: to })),
});
const range = (start: Cursor, end: Cursor): SourceRange => ({ source: `s${start.source}`, start, end });

describe('FinishedRanges', () => {
  test('has a cursor behind the last chunk that nothing is missing before', () => {
    const finished = new FinishedRanges();
    expect([finished.cursor, finished.finished]).toEqual([undefined, []]);
    finished.add(chunk(1, [0, 100, 200]));
    expect([finished.cursor, finished.finished]).toEqual([undefined, [{ source: 0, from: 100, to: 200 }]]);
    finished.add(chunk(0, [0, 0, 100]));
    expect([finished.cursor, finished.finished]).toEqual([{ source: 0, records: 200 }, []]);
  });

  test('goes over from one source to the next one', () => {
    const finished = new FinishedRanges();
    finished.add(chunk(2, [1, 50, 150]));
    finished.add(chunk(1, [0, 100, 120], [1, 0, 50]));
    expect(finished.finished).toEqual([
      { source: 0, from: 100, to: 120 },
      { source: 1, from: 0, to: 150 },
    ]);
    finished.add(chunk(0, [0, 0, 100]));
    expect(finished.cursor).toEqual({ source: 1, records: 150 });
    expect(finished.finished).toEqual([]);
    expect(finished.missing(0, 0, 1_000)).toEqual([]);
    expect(finished.missing(1, 100, 160)).toEqual([{ source: 1, from: 150, to: 160 }]);
  });

  test('does not take a record for finished of which a part is missing', () => {
    const finished = new FinishedRanges();
    finished.add({
      index: 1,
      ranges: [range({ source: 0, records: 4, made: 2 }, { source: 0, records: 9, made: 1 })],
    });
    expect(finished.finished).toEqual([{ source: 0, from: 5, to: 9 }]);
    finished.add({
      index: 0,
      ranges: [range({ source: 0, records: 0 }, { source: 0, records: 4, made: 2 })],
    });
    expect(finished.cursor).toEqual({ source: 0, records: 9, made: 1 });
    expect(finished.missing(0, 0, 12)).toEqual([{ source: 0, from: 9, to: 12 }]);
  });

  test('goes on from what an earlier run has left', () => {
    const earlier = {
      cursor: { source: 0, records: 100 },
      finished: [
        { source: 0, from: 200, to: 300 },
        { source: 1, from: 0, to: 10 },
      ],
    };
    const finished = new FinishedRanges(earlier);
    expect({ cursor: finished.cursor, finished: finished.finished }).toEqual(earlier);
    expect(finished.missing(0, 0, 400)).toEqual([
      { source: 0, from: 100, to: 200 },
      { source: 0, from: 300, to: 400 },
    ]);
    expect(finished.missing(1, 5, 8)).toEqual([]);
    finished.add(chunk(0, [0, 100, 200], [0, 300, 350]));
    expect([finished.cursor, finished.finished]).toEqual([
      { source: 0, records: 350 },
      [{ source: 1, from: 0, to: 10 }],
    ]);
  });

  test('never claims a record that is not written, in whatever order chunks finish and runs are cut off', () => {
    const world = fc.record({
      sources: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 3 }),
      sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }),
      orders: fc.array(fc.array(fc.nat({ max: 1_000 }), { maxLength: 30 }), { minLength: 3, maxLength: 3 }),
    });
    const property = fc.property(world, ({ sources, sizes, orders }) => {
      const all = sources.flatMap((count, source) =>
        Array.from({ length: count }, (_, record) => `${source}:${record}`),
      );
      const written = new Set<string>();
      let finished = new FinishedRanges();
      for (const [run, size] of sizes.entries()) {
        const waiting = chunksOf(sources, finished, size);
        for (const choice of orders[run]!) {
          if (waiting.length === 0) break;
          const [next] = waiting.splice(choice % waiting.length, 1);
          for (const record of recordsOf(next!)) {
            expect(written.has(record)).toBe(false);
            written.add(record);
          }
          finished.add(next!);
          expect(claimed(sources, finished)).toEqual([...written].toSorted());
        }
        const { cursor, finished: ranges } = finished;
        finished = new FinishedRanges({ ...(cursor !== undefined && { cursor }), finished: ranges });
      }
      for (const rest of chunksOf(sources, finished, 5)) {
        for (const record of recordsOf(rest)) written.add(record);
        finished.add(rest);
      }
      expect([...written].toSorted()).toEqual(all.toSorted());
      expect(claimed(sources, finished)).toEqual(all.toSorted());
    });
    fc.assert(property, { numRuns: 500 });
  });
});

/** The chunks of a run that leaves out what is finished, as a reader would. */
function chunksOf(sources: readonly number[], finished: FinishedRanges, size: number): FinishedChunk[] {
  const left = sources.flatMap((count, source) =>
    finished
      .missing(source, 0, count)
      .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => [source, from + i] as const)),
  );
  return Array.from({ length: Math.ceil(left.length / size) }, (_, index) =>
    chunk(
      index,
      ...left
        .slice(index * size, (index + 1) * size)
        .map(([source, at]) => [source, at, at + 1] as [number, number, number]),
    ),
  );
}

function recordsOf({ ranges }: FinishedChunk): string[] {
  return ranges.flatMap(({ start, end }) =>
    Array.from({ length: end.records - start.records }, (_, i) => `${start.source}:${start.records + i}`),
  );
}

/** Everything that is not missing. */
function claimed(sources: readonly number[], finished: FinishedRanges): string[] {
  return sources
    .flatMap((count, source) => {
      const missing = finished.missing(source, 0, count);
      return Array.from({ length: count }, (_, record) => record)
        .filter((record) => !missing.some(({ from, to }) => record >= from && record < to))
        .map((record) => `${source}:${record}`);
    })
    .toSorted();
}

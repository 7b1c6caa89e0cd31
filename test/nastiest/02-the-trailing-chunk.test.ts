/** The last chunk is lost, written empty, or written again by the next run of the same object. */
import { describe, expect, test } from 'vitest';
import { none } from '../../src/index.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { activeTimers, expectNoMoreTimers } from '../support/timers.ts';
import { expectNoUnhandled, idsOf, left, type Numbered, numbered, ranBy, run } from './run.ts';

const SIZE = 100;
const COUNTS = [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE, 3 * SIZE + 1];

const collect = () => {
  const chunks: number[][] = [];
  return { chunks, sink: async (records: readonly Numbered[]) => void chunks.push(idsOf(records)) };
};

describe.each(COUNTS)('Of %i records', (count) => {
  test('all are written, in no empty chunk', async () => {
    const { chunks, sink } = collect();
    const { summary } = await run({ source: numbered(count), batchSize: SIZE, sink });
    expect(chunks.flat()).toEqual(idsOf(numbered(count)));
    expect(chunks.map(({ length }) => length)).not.toContain(0);
    expect(summary).toMatchObject({ read: count, written: count, chunks: Math.ceil(count / SIZE) });
  });

  test('none is written when all are filtered, nor when all are set aside', async () => {
    const filtered = collect();
    const { summary } = await run({
      source: numbered(count),
      batchSize: SIZE,
      transform: () => none,
      sink: filtered.sink,
    });
    expect(summary).toMatchObject({ read: count, filtered: count, written: 0, chunks: 0, unaccounted: [] });
    const aside = collect();
    let letters = 0;
    const deadLetters = { add: async () => void letters++, close: async () => {} };
    const second = await run({
      source: numbered(count),
      batchSize: SIZE,
      validate: () => false,
      onInvalid: 'dead-letter',
      deadLetters,
      sink: aside.sink,
    });
    expect(second.summary).toMatchObject({ read: count, deadLettered: count, written: 0, unaccounted: [] });
    expect([...filtered.chunks, ...aside.chunks]).toEqual([]);
    expect(letters).toBe(count);
  });

  test('all are told of when the last chunk fails', async () => {
    const unhandled = expectNoUnhandled();
    const before = activeTimers();
    let written = 0;
    const { summary, error } = await run({
      source: numbered(count),
      batchSize: SIZE,
      maxWaitMs: 60_000,
      sink: async (records: readonly Numbered[]) => {
        if (records.at(-1)!.id === count) throw new Error('at the boundary');
        written += records.length;
      },
    });
    if (count === 0) expect(error).toBeUndefined();
    else expect(error?.message).toContain('at the boundary');
    expect(summary.written).toBe(written);
    expect(left(summary)).toEqual(idsOf(numbered(count)).slice(written));
    await new Promise(setImmediate);
    expect(unhandled).not.toHaveBeenCalled();
    await expectNoMoreTimers(before);
  });

  test('the same object writes all again in a second run, with counts from 0', async () => {
    const { chunks, sink } = collect();
    const processor = new BatchProcessor({ source: numbered(count), batchSize: SIZE, sink: sink as never });
    const first = await ranBy(processor);
    const second = await ranBy(processor);
    const { elapsedMs: _, ...counts } = first.summary;
    expect(second.summary).toMatchObject(counts);
    expect(chunks.flat()).toEqual([...idsOf(numbered(count)), ...idsOf(numbered(count))]);
  });
});

/** Size, bytes, age, key and the end of the input ask for the next chunk while every slot is taken. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { idsOf, type Numbered, run } from './run.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

interface Arrival {
  readonly afterMs: number;
  readonly size: number;
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('every record is written once and in order, whichever triggers fire while the sink is slow', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ afterMs: fc.constantFrom(0, 0, 0, 1, 40), size: fc.constantFrom(0, 10, 200) }), {
        maxLength: 350,
      }),
      fc.record({
        maxBytes: fc.option(fc.constantFrom(300, 5_000), { nil: undefined }),
        maxWaitMs: fc.option(fc.constantFrom(1, 30), { nil: undefined }),
        concurrency: fc.constantFrom(1, 3),
        writeMs: fc.constantFrom(0, 5, 100),
      }),
      async (arrivals, { maxBytes, maxWaitMs, concurrency, writeMs }) => {
        const chunks: number[][] = [];
        async function* source(): AsyncGenerator<Numbered & { readonly text: string }> {
          for (const [id, { afterMs, size }] of (arrivals as Arrival[]).entries()) {
            if (afterMs > 0) await later(afterMs);
            yield { id, text: 'x'.repeat(size) };
          }
        }
        const running = run({
          source: source(),
          batchSize: 100,
          ...(maxBytes !== undefined && { maxBytes }),
          ...(maxWaitMs !== undefined && { maxWaitMs }),
          concurrency,
          sink: async (records: readonly Numbered[]) => {
            chunks.push(idsOf(records));
            if (writeMs > 0) await later(writeMs);
          },
        });
        let settled = false;
        void running.finally(() => (settled = true));
        for (let i = 0; i < 100_000 && !settled; i++) await vi.advanceTimersByTimeAsync(10);
        const { summary, error } = await running;
        expect(error).toBeUndefined();
        expect(summary).toMatchObject({ read: arrivals.length, written: arrivals.length, unaccounted: [] });
        expect(chunks.flat()).toEqual(arrivals.map((_, id) => id));
        expect(chunks.filter((chunk) => chunk.length === 0 || chunk.length > 100)).toEqual([]);
        expect(vi.getTimerCount()).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

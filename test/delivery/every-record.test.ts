import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { protect } from '../../src/delivery/protect.ts';
import { badRequest, busy, type Item, items, mostExtra, numbersTo, tooLarge, write } from './shop.ts';

interface Plan {
  readonly count: number;
  /** Ids of records that are never taken. */
  readonly bad: readonly number[];
  /** Which writes fail for a passing reason: as a whole, or for some of their records. */
  readonly faults: readonly (readonly [write: number, how: 'whole' | 'some'])[];
  /** How the sink speaks of bad records: a silent or misleading one takes all of a chunk or nothing. */
  readonly manner: 'silent' | 'partial' | 'naming' | 'misleading';
  /** Most records of a write. */
  readonly mostRecords: number;
  readonly seed: number;
}

const plans: fc.Arbitrary<Plan> = fc.integer({ min: 1, max: 64 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    bad: fc.uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: count }),
    faults: fc.array(
      fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('whole' as const, 'some' as const)),
      { maxLength: 8 },
    ),
    manner: fc.constantFrom('silent', 'partial', 'naming', 'misleading'),
    mostRecords: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: count })),
    seed: fc.nat(1_000),
  }),
);

/** A sink as the plan has it, and what it has taken in truth. */
function sinkOf({ bad, faults, manner, mostRecords, seed }: Plan) {
  const taken: number[] = [];
  const contents = new Map<string, string>();
  let writes = 0;
  const refuse = (chunk: Chunk<Item>, indexes: readonly number[], error: () => unknown) => {
    for (const [index, { id }] of chunk.records.entries()) if (!indexes.includes(index)) taken.push(id);
    throw new PartialWriteError(new Map(indexes.map((index) => [index, error()])));
  };
  const sink: Sink<Item> = {
    name: 'faulty',
    guarantee: 'at-least-once',
    async write(chunk) {
      writes++;
      const content = Buffer.from(chunk.ndjson()).toString();
      expect(contents.get(chunk.id) ?? content, 'one id, one content').toBe(content);
      contents.set(chunk.id, content);
      const fault = faults.find(([at]) => at === writes)?.[1];
      if (fault === 'whole') throw busy();
      const indexes = chunk.records.flatMap(({ id }, index) => (bad.includes(id) ? [index] : []));
      if (fault === 'some' && indexes.length === 0) refuse(chunk, [seed % chunk.count], busy);
      if (chunk.count > mostRecords) throw tooLarge();
      if (indexes.length === 0) taken.push(...chunk.records.map(({ id }) => id));
      else if (manner === 'partial') refuse(chunk, indexes, badRequest);
      else if (manner === 'silent') throw badRequest();
      else {
        const index = manner === 'naming' ? indexes[0]! : (seed * writes) % chunk.count;
        throw Object.assign(badRequest(), { index });
      }
    },
  };
  return { sink, taken, writes: () => writes };
}

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

async function deliver(plan: Plan, withLetters: boolean) {
  const letters: DeadLetter[] = [];
  let retries = 0;
  const { sink, taken, writes } = sinkOf(plan);
  const deadLetters = { add: async (letter: DeadLetter) => void letters.push(letter), close: async () => {} };
  const onRetry = () => void retries++;
  const options = { maxRetries: 20, initialDelayMs: 1, maxDelayMs: 1, onRetry };
  const outcome = write(
    protect(sink, withLetters ? { ...options, deadLetters } : options),
    items(plan.count),
  );
  await vi.runAllTimersAsync();
  const error = await outcome;
  return {
    error,
    letters: letters.map(({ position }) => position.record - 1),
    taken,
    writes: writes(),
    retries,
  };
}

/** By the plan, without retries: each bad record on its own, what is too large, and one lie. */
function mostWrites({ count, bad, mostRecords }: Plan): number {
  const forSize = mostRecords >= count ? 0 : 4 * Math.ceil(count / mostRecords) + 2;
  return 1 + Math.min(2 * count, bad.length * mostExtra(Math.max(count, 2)) + forSize + 1);
}

const inOrder = (ids: readonly number[]) => ids.toSorted((a, b) => a - b);

/** Sinks that name one wrong record after another. */
const LIARS: [Plan][] = [
  [
    {
      count: 49,
      bad: [9],
      faults: [],
      manner: 'misleading',
      mostRecords: Number.POSITIVE_INFINITY,
      seed: 94,
    },
  ],
  [
    {
      count: 6,
      bad: [0],
      faults: [],
      manner: 'misleading',
      mostRecords: Number.POSITIVE_INFINITY,
      seed: 737,
    },
  ],
];

describe('protect(), whatever is bad, fails for a while, is too large or answered in part', () => {
  test('writes every record exactly once, or makes it a dead letter exactly once, in bounded writes', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { error, letters, taken, writes, retries } = await deliver(plan, true);
        expect(error).toBeUndefined();
        expect(inOrder([...taken, ...letters])).toEqual(numbersTo(plan.count));
        if (plan.faults.every(([, how]) => how === 'whole'))
          expect(taken, 'in order').toEqual(inOrder(taken));
        expect(letters).toEqual(inOrder(plan.bad));
        expect(writes - retries).toBeLessThanOrEqual(mostWrites(plan));
      }),
      { numRuns: 1_000, examples: LIARS },
    );
  });

  test('without a place for dead letters fails at the first bad record, which it names, and tells what is safe', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { error, taken } = await deliver(plan, false);
        expect(new Set(taken).size).toBe(taken.length);
        if (plan.bad.length === 0) {
          expect(error).toBeUndefined();
          return;
        }
        const first = Math.min(...plan.bad);
        const { refusals, undivided } = error as { refusals: Map<number, unknown>; undivided: Set<number> };
        const refused = [...refusals.keys()].filter((index) => !undivided.has(index));
        expect(refused).toContain(first);
        expect(refused.every((index) => plan.bad.includes(index))).toBe(true);
        expect(inOrder([...taken, ...refusals.keys()])).toEqual(numbersTo(plan.count));
        expect((error as Error).message).toContain(`items.ndjson:${first + 1} `);
      }),
      { numRuns: 1_000 },
    );
  });
});

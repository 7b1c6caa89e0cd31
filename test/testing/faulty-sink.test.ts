import { describe, expect, test, vi } from 'vitest';
import type { DeadLetters } from '../../src/core/dead-letter.ts';
import { classify } from '../../src/failures/index.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import {
  chunkOf,
  collectingSink,
  type FaultStyle,
  type FaultySinkOptions,
  faultySink,
} from '../../src/testing/index.ts';
import { errorOf } from '../failures/expect-failure.ts';

interface Order {
  readonly id: number;
}

const STYLES: readonly FaultStyle[] = ['http', 'postgres', 'mysql'];
const CHUNK = chunkOf<Order>(Array.from({ length: 10 }, (_, id) => ({ id })));
const never = new AbortController().signal;

describe('faultySink', () => {
  test('writes as the sink does when no rate is given', async () => {
    const inner = collectingSink<Order>();
    const sink = faultySink(inner);
    await sink.write(CHUNK, { attempt: 1, signal: never });
    expect(inner.records).toEqual(CHUNK.records);
    expect(sink.log).toEqual([]);
  });

  const KINDS = {
    unreachable: ['not-applied', 0],
    refuse: ['bad-records', 0],
    timeOut: ['unknown-outcome', 0],
    cut: ['unknown-outcome', 0],
    applyThenFail: ['unknown-outcome', 10],
  } as const;

  test.each(
    STYLES.flatMap((style) =>
      Object.entries(KINDS).map(([fault, [kind, applied]]) => ({ style, fault, kind, applied })),
    ),
  )('raises for $fault what means $kind, as $style does', async ({ style, fault, kind, applied }) => {
    const inner = collectingSink<Order>();
    const sink = faultySink(inner, { [fault]: 1, style });
    const error = await errorOf(() => sink.write(CHUNK, { attempt: 1, signal: never }));
    expect(classify(error)).toMatchObject({ kind });
    expect(inner.records).toHaveLength(applied);
    expect(sink.log).toEqual([{ fault, chunk: CHUNK.id, attempt: 1, records: 10, applied }]);
  });

  test.each([
    ['http', 'throttled'],
    ['postgres', 'not-applied'],
    ['mysql', 'not-applied'],
  ] as const)('raises for throttle what a busy server answers, as %s does', async (style, kind) => {
    const sink = faultySink(collectingSink(), { throttle: 1, style });
    expect(classify(await errorOf(() => sink.write(CHUNK, { attempt: 1, signal: never })))).toMatchObject({
      kind,
    });
  });

  test('writes some records and says of the others that it is busy', async () => {
    const inner = collectingSink<Order>();
    const sink = faultySink(inner, { partial: 1 });
    const error = (await errorOf(() => sink.write(CHUNK, { attempt: 1, signal: never }))) as {
      refusals: ReadonlyMap<number, unknown>;
    };
    const { applied } = sink.log[0]!;
    expect(inner.records).toEqual(CHUNK.records.slice(0, applied));
    expect([...error.refusals.keys()]).toEqual(Array.from({ length: 10 - applied }, (_, i) => applied + i));
  });

  test('waits as it is told to, and no longer than until the signal aborts', async () => {
    const wait = vi.fn(async () => {});
    const sink = faultySink(collectingSink(), { delay: 1, delayMs: 50, wait });
    await sink.write(CHUNK, { attempt: 1, signal: never });
    expect(wait).toHaveBeenCalledExactlyOnceWith(
      expect.toSatisfy((ms: number) => ms >= 0 && ms <= 50),
      never,
    );
    const slow = faultySink(collectingSink(), { delay: 1, delayMs: 2 ** 31 - 1 });
    const stop = new AbortController();
    const write = slow.write(CHUNK, { attempt: 1, signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(write).rejects.toThrow('enough');
  });

  test('meets about as many faults as the rate says', async () => {
    const sink = faultySink(collectingSink(), { cut: 0.2 });
    for (let index = 0; index < 1_000; index++)
      await sink
        .write(chunkOf([{ index }], { before: index }), { attempt: 1, signal: never })
        .catch(() => {});
    expect(sink.log.length).toBeGreaterThan(150);
    expect(sink.log.length).toBeLessThan(250);
  });

  test.each([
    [{ cut: 1.1 }, 'cut must be a number from 0 to 1, got 1.1'],
    [{ seed: 0.5 }, 'seed must be an integer'],
    [{ style: 'oracle' }, 'style must be one of http, postgres, mysql, got "oracle"'],
    [{ delayMs: -1 }, 'delayMs must be a number from 0'],
  ])('refuses %j', (options, message) => {
    expect(() => faultySink(collectingSink(), options as FaultySinkOptions)).toThrow(message);
  });
});

describe('a run into a faultySink', () => {
  const ORDERS: readonly Order[] = Array.from({ length: 2_000 }, (_, id) => ({ id }));
  const RATES = {
    unreachable: 0.08,
    throttle: 0.08,
    refuse: 0.04,
    timeOut: 0.08,
    cut: 0.08,
    applyThenFail: 0.08,
    partial: 0.08,
    delay: 0.2,
    delayMs: 1,
  };

  test.each(
    Array.from({ length: 20 }, (_, i) => ({ seed: i + 1, concurrency: 1 + (i % 4), style: STYLES[i % 3]! })),
  )('loses no record: $seed', async ({ seed, concurrency, style }) => {
    const { summary, written, letters, log } = await run({ ...RATES, seed, style }, concurrency);
    expect(log.length).toBeGreaterThan(0);
    expect(summary.read).toBe(2_000);
    expect(summary.written + summary.deadLettered).toBe(2_000);
    expect(letters).toHaveLength(summary.deadLettered);
    const settled = new Set([...written, ...letters].map(({ id }) => id));
    expect(settled.size).toBe(2_000);
    const twice = written.length - new Set(written).size;
    expect(twice).toBeLessThanOrEqual(log.filter(({ fault }) => fault === 'applyThenFail').length * 100);
  });

  test('meets every fault', async () => {
    const { log } = await run({ ...RATES, seed: 1 }, 1);
    expect(new Set(log.map(({ fault }) => fault)).size).toBe(8);
  });

  test('meets the same faults with the same seed, whatever the order, and others with another', async () => {
    const faultsOf = async (seed: number, concurrency: number) => {
      const { log } = await run({ ...RATES, seed }, concurrency);
      return log.map((fault) => JSON.stringify(fault)).sort();
    };
    const faults = await faultsOf(1, 1);
    expect(await faultsOf(1, 4)).toEqual(faults);
    expect(await faultsOf(2, 1)).not.toEqual(faults);
  });

  async function run(options: FaultySinkOptions, concurrency: number) {
    const inner = collectingSink<Order>();
    const sink = faultySink(inner, options);
    const letters: Order[] = [];
    const deadLetters: DeadLetters = {
      async add({ record }) {
        letters.push(record as Order);
      },
      async close() {},
    };
    const summary = await new BatchProcessor({
      source: ORDERS,
      sink,
      batchSize: 100,
      concurrency,
      deadLetters,
      retry: { maxRetries: 20, initialDelayMs: 0 },
    }).run();
    return { summary, written: inner.records, letters, log: sink.log };
  }
});

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { type Summary, summaryOf } from '../../src/pipeline/summary.ts';
import { many, stop } from '../../src/streams/transform.ts';

const COUNT = 400;

interface Row {
  readonly id: number;
  readonly part?: number;
}

/** What becomes of record `id` when nothing fails: filtered, invalid, or that many records. */
const isInvalid = ({ id }: Row) => id % 23 === 5;
const isFiltered = ({ id }: Row) => id % 7 === 3;
const partsOf = ({ id }: Row) => (id % 10 === 0 ? 3 : 1);

function toRows(row: Row) {
  if (isFiltered(row)) return null;
  return partsOf(row) === 1 ? row : many([0, 1, 2].map((part) => ({ ...row, part })));
}

interface Plan {
  readonly concurrency: number | 'adaptive';
  readonly batchSize: number | 'adaptive';
  readonly orderBy: BatchProcessorOptions<Row, Row>['orderBy'];
  readonly transformConcurrency: number;
  readonly isAsync: boolean;
  readonly withMany: boolean;
  readonly stopAt: number;
  readonly faults: readonly { readonly where: string; readonly at: number }[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  concurrency: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant('adaptive' as const)),
  batchSize: fc.constantFrom<(number | 'adaptive')[]>(100, 100, 'adaptive'),
  orderBy: fc.constantFrom(undefined, 'id', ({ id }: Row) => id % 150),
  transformConcurrency: fc.integer({ min: 1, max: 5 }),
  isAsync: fc.boolean(),
  withMany: fc.boolean(),
  stopAt: fc.oneof(fc.constant(COUNT), fc.integer({ min: 0, max: COUNT })),
  faults: fc.array(
    fc.record({
      where: fc.constantFrom(
        'source',
        'transform',
        'write',
        'partial',
        'letters',
        'abort',
        'progress',
        'close',
      ),
      at: fc.integer({ min: 0, max: COUNT }),
    }),
    { maxLength: 3 },
  ),
});

/** One run with faults at given records, and what it did in truth. */
async function runWith(plan: Plan) {
  const stopping = new AbortController();
  const failures: Error[] = [];
  const stored = new Map<number, number>();
  const letters: DeadLetter[] = [];
  const closed: boolean[] = [];
  let openWrites = 0;
  let wasOpenAtClose = 0;
  const hits = (where: string, id: number) =>
    plan.faults.some((fault) => fault.where === where && fault.at === id);
  const fail = (where: string, id: number) => {
    if (!hits(where, id)) return;
    const failure = new Error(`fault in ${where} at ${id}`);
    if (where !== 'transform') failures.push(failure); // that one becomes a dead letter
    throw failure;
  };
  async function* source() {
    for (let id = 0; id < COUNT; id++) {
      fail('source', id);
      if (id % 90 === 0) await new Promise(setImmediate);
      yield { id };
    }
  }
  const sink: Sink<Row> = {
    name: 'faulty',
    guarantee: 'at-least-once',
    async write(chunk) {
      openWrites++;
      try {
        await new Promise(setImmediate);
        for (const { id } of chunk.records) if (hits('abort', id)) stopping.abort(new Error('enough'));
        for (const { id } of chunk.records) fail('write', id);
        const refused = chunk.records.findIndex(({ id }) => hits('partial', id));
        for (const [i, { id }] of chunk.records.entries())
          if (i !== refused) stored.set(id, (stored.get(id) ?? 0) + 1);
        if (refused >= 0) throw new PartialWriteError(new Map([[refused, new Error('refused')]]));
      } finally {
        openWrites--;
      }
    },
    async close({ complete }) {
      closed.push(complete);
      wasOpenAtClose = openWrites;
      fail('close', 0);
    },
  };
  const decide = (row: Row) => {
    fail('transform', row.id);
    if (row.id === plan.stopAt) return stop;
    const made = toRows(row);
    return plan.withMany || made === null ? made : row;
  };
  const options: BatchProcessorOptions<Row, Row> = {
    source: source(),
    sink,
    validate: (row) => !isInvalid(row),
    transform: (plan.isAsync ? async (row: Row) => decide(row) : decide) as (row: Row) => Row,
    onInvalid: 'dead-letter',
    deadLetters: {
      async add(letter) {
        fail('letters', letter.position.record - 1);
        letters.push(letter);
      },
      async close() {},
    },
    batchSize: plan.batchSize,
    concurrency: plan.concurrency,
    orderBy: plan.orderBy,
    transformConcurrency: plan.transformConcurrency,
    signal: stopping.signal,
    onProgress: ({ chunks }) => {
      if (chunks > 0) fail('progress', chunks);
    },
  };
  const outcome = await new BatchProcessor(options).run().then(
    (summary) => ({ summary, error: undefined }),
    (error: unknown) => ({ summary: summaryOf(error), error }),
  );
  return {
    ...outcome,
    stored,
    letters,
    closed,
    wasOpenAtClose,
    failures,
    isAborted: stopping.signal.aborted,
  };
}

function expectTruth(plan: Plan, { summary, stored, letters }: Awaited<ReturnType<typeof runWith>>): void {
  const { read, written, deadLettered, unaccounted } = summary!;
  expect(written).toBe([...stored.values()].reduce((sum, parts) => sum + parts, 0));
  expect(deadLettered).toBe(letters.length);
  const lost = new Set(
    unaccounted.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from - 1 + i)),
  );
  const setAside = new Set(letters.map(({ position }) => position.record - 1));
  for (let id = 0; id < COUNT; id++) {
    const parts = plan.withMany ? partsOf({ id }) : 1;
    const isSafe = setAside.has(id) || stored.get(id) === parts;
    if (isSafe) expect(lost.has(id), `record ${id + 1} is safe`).toBe(false);
    else if (id < Math.min(read, plan.stopAt) && !isFiltered({ id }))
      expect(lost.has(id), `record ${id + 1} is not safe`).toBe(true);
  }
}

function expectBalanced({ read, added, written, filtered, deadLettered, unaccounted }: Summary): void {
  const lost = unaccounted.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  expect(written + filtered + deadLettered + lost).toBe(read + added);
}

function causesOf(error: unknown): readonly unknown[] {
  return error === undefined ? [] : [error, ...causesOf((error as Error).cause)];
}

describe('A run with faults at random places', () => {
  const unhandled = vi.fn();
  beforeEach(() => void process.on('unhandledRejection', unhandled));
  afterEach(() => {
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('tells the truth of every record, ends with one of the faults, and closes the sink once', async () => {
    const property = fc.asyncProperty(plans, async (plan) => {
      const outcome = await runWith(plan);
      const { summary, error, closed, failures, isAborted, wasOpenAtClose } = outcome;
      expect(summary).toBeDefined();
      expectTruth(plan, outcome);
      if (!plan.withMany) expectBalanced(summary!);
      expect(closed.length).toBe(1);
      expect(wasOpenAtClose).toBe(0);
      if (error === undefined) {
        expectBalanced(summary!);
        expect([closed, summary!.unaccounted]).toEqual([[true], []]);
        return;
      }
      const isPartial = (error as Error).message.includes('refused');
      const known = causesOf(error).some((cause) => failures.includes(cause as Error));
      expect(known || isPartial || (isAborted && (error as { code?: string }).code === 'ABORTED')).toBe(true);
    });
    await fc.assert(property, { numRuns: 400 });
  });

  test('always fails when a fault was met, and never otherwise', async () => {
    const single = plans.map((plan) => ({ ...plan, stopAt: COUNT, faults: plan.faults.slice(0, 1) }));
    const property = fc.asyncProperty(single, async (plan) => {
      const { error, failures, isAborted } = await runWith(plan);
      const isRefused = plan.faults.some(({ where }) => where === 'partial');
      if (failures.length > 0 || isAborted) expect(error).toBeDefined();
      else if (!isRefused) expect(error).toBeUndefined();
      if (failures.length > 0) expect(causesOf(error)).toContain(failures[0]);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

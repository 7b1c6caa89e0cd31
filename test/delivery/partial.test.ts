import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Chunk, createChunk } from '../../src/core/chunk.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import { retrying } from '../../src/delivery/retrying.ts';
import { WriteError } from '../../src/delivery/write-error.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { errorWith } from '../failures/cases.ts';
import { type Act, begin, CHUNK, deliver, done, failureOf, sinkThat, throws } from './deliveries.ts';

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const busy = errorWith({ status: 429 });
const bad = errorWith({ status: 400 }, 'a field is missing');
const closed = new DOMException('stop', 'AbortError');

const partial = (...refusals: [number, unknown][]) => throws(new PartialWriteError(new Map(refusals)));

describe('retrying(), when a sink takes a part of a chunk', () => {
  test('sends again only what was refused for a passing reason', async () => {
    // Refused in another order than that of the records.
    const sink = sinkThat(partial([2, busy], [0, busy]), partial([1, busy]), done);
    const { outcome } = await deliver(sink);
    expect(outcome).toBe('written');
    expect(sink.attempts.map(({ chunk }) => chunk.records)).toEqual([
      [{ id: 1 }, { id: 2 }, { id: 3 }],
      [{ id: 1 }, { id: 3 }],
      [{ id: 3 }],
    ]);
  });

  test('does not send again what was refused for good, and reports it at the end', async () => {
    const sink = sinkThat(partial([2, busy], [0, bad]), done);
    const error = failureOf(await deliver(sink));
    expect(sink.attempts.map(({ chunk }) => chunk.count)).toEqual([3, 1]);
    expect(error).toMatchObject({
      code: 'WRITE_FAILED',
      attempts: 2,
      taken: 2,
      cause: bad,
      failure: { kind: 'bad-records' },
    });
    expect(error.refusals).toEqual(new Map([[0, bad]]));
    expect(error.message).toBe(
      'orders.ndjson (record 1) (chunk 1) could not be written to shop: ' +
        'a field is missing (2 attempts; 2 of 3 records are safe)',
    );
  });

  test('fails after one attempt when everything it refused was refused for good', async () => {
    const sink = sinkThat(partial([2, bad], [1, bad]));
    const error = failureOf(await deliver(sink));
    expect(error).toMatchObject({ attempts: 1, taken: 1 });
    expect([...error.refusals!.keys()]).toEqual([1, 2]);
    expect(error.message).toBe(
      '2 records, the first orders.ndjson (record 2) (chunk 1) could not be written to shop: ' +
        'a field is missing (1 attempt; 1 of 3 records are safe)',
    );
  });

  test('reports what is still refused after the last attempt', async () => {
    const sink = sinkThat(partial([1, busy]), partial([0, busy]));
    const error = failureOf(await deliver(sink));
    expect(error).toMatchObject({ attempts: 4, taken: 2, failure: { kind: 'throttled' } });
    expect(error.refusals).toEqual(new Map([[1, busy]]));
  });

  test('reports what is left, and what was refused before, when a later attempt fails as a whole', async () => {
    const down = errorWith({ status: 403 });
    const sink = sinkThat(partial([0, bad], [1, busy]), throws(down));
    const error = failureOf(await deliver(sink));
    expect(error).toMatchObject({ attempts: 2, taken: 1, failure: { kind: 'run-wide' } });
    expect(error.refusals).toEqual(
      new Map<number, unknown>([
        [0, bad],
        [1, down],
      ]),
    );
  });

  test('sends the whole chunk again, under its own id, when a sink lists all of its records', async () => {
    const sink = sinkThat(partial([0, busy], [1, busy], [2, busy]), done);
    expect((await deliver(sink)).outcome).toBe('written');
    expect(sink.attempts[1]?.chunk).toBe(CHUNK);
  });

  test('takes a list of none for success', async () => {
    expect((await deliver(sinkThat(partial()))).outcome).toBe('written');
    const error = failureOf(await deliver(sinkThat(partial([0, bad], [1, busy]), partial())));
    expect(error).toMatchObject({ attempts: 2, taken: 2, refusals: new Map([[0, bad]]) });
  });

  test('waits as long as the one that asks for the longest wait', async () => {
    const asking = (seconds: number) => errorWith({ status: 429, retryAfterMs: seconds * 1_000 });
    const { events } = await deliver(sinkThat(partial([0, asking(5)], [1, asking(9)], [2, busy]), done));
    expect(events[0]?.delayMs).toBe(9_000);
  });

  test('does not mind how long those ask to wait that will never be taken', async () => {
    const never = errorWith({ status: 400, retryAfterMs: 900_000 });
    const { events } = await deliver(sinkThat(partial([0, never], [1, busy]), done));
    expect(events.map(({ delayMs }) => delayMs)).toEqual([1_000]);
  });

  test('stops when one of them was refused because the reader is gone', async () => {
    const sink = sinkThat(partial([0, closed], [1, busy]));
    const error = failureOf(await deliver(sink));
    expect(sink.attempts).toHaveLength(1);
    expect(error).toMatchObject({ failure: { kind: 'aborted' }, taken: 1 });
  });

  test('tells onRetry what is sent again for, not what is given up', async () => {
    const { events } = await deliver(sinkThat(partial([0, bad], [1, busy]), done));
    expect(events).toMatchObject([{ failure: { kind: 'throttled', why: 'HTTP 429' } }]);
  });

  test.each([-1, 3, 1.5, Number.NaN])('fails when the sink refuses record %d of three', async (index) => {
    const sink = sinkThat(partial([0, busy], [index, busy]));
    const error = failureOf(await deliver(sink));
    expect(error).toMatchObject({ attempts: 1, taken: 0, failure: { kind: 'unrecognised' } });
    expect(error.message).toContain(`The sink refused record ${index} of a chunk of 3`);
  });

  test('keeps what it knows to be safe when the sink later refuses a record that there is not', async () => {
    const sink = sinkThat(partial([0, busy]), partial([1, busy]));
    const error = failureOf(await deliver(sink));
    expect(error.taken).toBe(2);
    expect(error.message).toContain('The sink refused record 1 of a chunk of 1');
  });

  test('asks the option classify about each record', async () => {
    const classify = (error: unknown) =>
      error === bad ? ({ kind: 'throttled', why: 'it passes' } as const) : undefined;
    const sink = sinkThat(partial([1, bad]), done);
    expect((await deliver(sink, { classify })).outcome).toBe('written');
    expect(sink.attempts[1]?.chunk.records).toEqual([{ id: 2 }]);
  });
});

describe('retrying() gives the part that it sends again an id', () => {
  const idsOf = async (...acts: readonly Act[]) => {
    const sink = sinkThat(...acts);
    await deliver(sink);
    return sink.attempts.map(({ chunk }) => chunk.id);
  };

  test('that stays while the part does, and differs from that of the chunk and of other parts', async () => {
    const [whole, first, again, smaller] = await idsOf(
      partial([0, busy], [1, busy]),
      throws(busy),
      partial([1, busy]),
      done,
    );
    expect(whole).toBe(CHUNK.id);
    expect(again).toBe(first);
    expect(new Set([whole, first, smaller]).size).toBe(3);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });

  test('that is the same in another run, and another one for the same part of another chunk', async () => {
    const once = await idsOf(partial([1, busy]), done);
    expect(await idsOf(partial([1, busy]), done)).toEqual(once);
    const other = sinkThat(partial([1, busy]), done);
    await deliver(other, {}, chunkOf([{ id: 0 }, { id: 2 }, { id: 3 }], { source: 'orders.ndjson' }));
    expect(other.attempts[1]?.chunk.id).not.toBe(once[1]);
  });

  test('and its records keep their places and their bytes', async () => {
    const records = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }];
    const left = chunkOf(records.slice(0, 2), { source: 'a.ndjson', from: 'bytes' });
    const right = chunkOf(records.slice(2), { source: 'b.ndjson', from: 'bytes', before: 10 });
    const chunk = createChunk({ index: 4, blocks: [...left.blocks, ...right.blocks] });
    const sink = sinkThat(partial([1, busy], [3, busy]), done);
    await deliver(sink, {}, chunk);
    const again = sink.attempts[1]!.chunk;
    expect(again.index).toBe(4);
    expect([0, 1].map((i) => again.describe(i))).toEqual([
      'a.ndjson:2 (record 2, byte 11)',
      'b.ndjson:12 (record 12, byte 11)',
    ]);
    expect(Buffer.from(again.ndjson()).toString()).toBe('{"id":"b"}\n{"id":"d"}\n');
    expect(Buffer.from(again.jsonArray()).toString()).toBe('[{"id":"b"},{"id":"d"}]');
  });
});

describe('retrying(), whatever a sink takes and refuses', () => {
  /** What the sink does with a record at each attempt at it: takes it, refuses it for now or for good. */
  const fate = fc.array(fc.constantFrom('take', 'take', 'busy', 'bad'), { maxLength: 5 });
  const wholeFailures = fc.array(fc.constantFrom(undefined, undefined, busy), { maxLength: 4 });
  const plan = fc.record({
    fates: fc.array(fate, { minLength: 1, maxLength: 12 }),
    wholeFailures,
    maxRetries: fc.integer({ min: 0, max: 4 }),
    from: fc.constantFrom('objects' as const, 'bytes' as const),
  });

  test('each record is either safe exactly once or reported', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ fates, wholeFailures, maxRetries, from }) => {
        const chunk = chunkOf(
          fates.map((_, id) => ({ id })),
          { from },
        );
        const { sink, taken, sent } = sinkOf(fates, wholeFailures);
        const delivery = await deliver(sink, { maxRetries, initialDelayMs: 0 }, chunk);

        const { outcome } = delivery;
        const refusals = outcome instanceof WriteError ? outcome.refusals : new Map();
        const reported = refusals === undefined ? fates.map((_, id) => id) : [...refusals.keys()];
        expect([...taken, ...reported].sort((a, b) => a - b)).toEqual(fates.map((_, id) => id));
        expect(outcome === 'written').toBe(reported.length === 0);
        expect(sent.length).toBeLessThanOrEqual(maxRetries + 1);
        expect(delivery.events).toHaveLength(sent.length - 1);
        if (outcome instanceof WriteError) expect(outcome.taken).toBe(taken.length);
        expectOneIdForOneContent(sent, chunk.id);
      }),
      { numRuns: 500 },
    );
  });

  function sinkOf(fates: readonly (readonly string[])[], wholeFailures: readonly unknown[]) {
    const taken: number[] = [];
    const sent: Chunk<{ id: number }>[] = [];
    const seen = new Map<number, number>();
    const sink = sinkThat<{ id: number }>((chunk) => {
      sent.push(chunk);
      const failure = wholeFailures[sent.length - 1];
      if (failure !== undefined) throw failure;
      const refusals = new Map<number, unknown>();
      for (const [i, { id }] of chunk.records.entries()) {
        const turn = seen.get(id) ?? 0;
        seen.set(id, turn + 1);
        const what = fates[id]![turn] ?? 'take';
        if (what === 'take') taken.push(id);
        else refusals.set(i, what === 'bad' ? bad : busy);
      }
      if (refusals.size > 0) throw new PartialWriteError(refusals);
    });
    return { sink, taken, sent };
  }

  function expectOneIdForOneContent(sent: readonly Chunk[], wholeId: string): void {
    expect(sent[0]?.id).toBe(wholeId);
    const contents = new Map(sent.map((chunk) => [chunk.id, Buffer.from(chunk.ndjson()).toString()]));
    for (const chunk of sent) expect(Buffer.from(chunk.ndjson()).toString()).toBe(contents.get(chunk.id));
    expect(new Set(contents.values()).size).toBe(contents.size);
  }
});

test('retrying() keeps deliveries of several chunks at once apart', async () => {
  const seen = new Map<string, number>();
  const sink = sinkThat<{ id: number }>((chunk) => {
    const { source } = chunk;
    seen.set(source, (seen.get(source) ?? 0) + 1);
    if (seen.get(source) === 1) throw new PartialWriteError(new Map([[source === 'a' ? 0 : 1, busy]]));
    expect(chunk.records).toEqual([{ id: source === 'a' ? 1 : 2 }]);
  });
  const full = retrying(sink);
  const context = { attempt: 1, signal: new AbortController().signal };
  const written = ['a', 'b'].map((source) =>
    full.write(chunkOf([{ id: 1 }, { id: 2 }], { source }), context),
  );
  await vi.advanceTimersByTimeAsync(1_000);
  await Promise.all(written);
  expect(sink.attempts).toHaveLength(4);
});

test('retrying() does not wait for records that ask for longer than allowed', async () => {
  const asking = errorWith({ status: 429, retryAfterMs: 600_000 }, 'slow down');
  const delivery = begin(sinkThat(partial([1, asking])));
  await vi.advanceTimersByTimeAsync(0);
  expect(failureOf(delivery).message).toBe(
    'orders.ndjson (record 2) (chunk 1) could not be written to shop: slow down ' +
      '(1 attempt; 2 of 3 records are safe; asked to wait 600 s, longer than maxRetryAfterMs)',
  );
});

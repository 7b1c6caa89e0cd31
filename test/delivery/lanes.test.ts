import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { RetryOptions } from '../../src/delivery/retry-options.ts';
import { retrying } from '../../src/delivery/retrying.ts';
import type { WriteError } from '../../src/delivery/write-error.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';
import { errorWith } from '../failures/cases.ts';
import { pause } from './deliveries.ts';

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const busy = errorWith({ status: 503 });
const refused = errorWith({ code: 'ECONNREFUSED' });

/** When which chunk was sent, and its attempt: `1000: 3.2` is the second attempt at chunk 3. */
type Entry = readonly [at: number, chunk: number, attempt: number];

/** What the sink makes of one write: throws or not, by when, which and how often. */
type Answer = (entry: Entry) => unknown;

/** Lanes that write one chunk after another into a sink that takes 100 ms for each. */
function drive({ answer, lanes, chunks = lanes, ...options }: DriveOptions) {
  const log: Entry[] = [];
  const failures: WriteError[] = [];
  const stop = new AbortController();
  const sink = retrying(
    {
      name: 'shop',
      guarantee: 'at-least-once' as const,
      write: async ({ index }: Chunk, { attempt }) => {
        const entry = [Date.now(), index, attempt] as const;
        log.push(entry);
        await pause(100);
        const error = answer(entry);
        if (error !== undefined) throw error;
      },
    },
    options,
  );
  const state = { log, failures, stop, written: 0, endedAt: 0, next: 0 };
  const lane = async () => {
    while (state.next < chunks && failures.length === 0) {
      const chunk = chunkOf([{ id: 1 }], { index: state.next++ });
      await sink.write(chunk, { attempt: 1, signal: stop.signal }).then(
        () => state.written++,
        (error: unknown) => failures.push(error as WriteError),
      );
    }
  };
  const ended = Promise.all(Array.from({ length: lanes }, lane)).then(() => {
    state.endedAt = Date.now();
  });
  return { state, ended };
}

interface DriveOptions extends RetryOptions {
  readonly answer: Answer;
  readonly lanes: number;
  /** @default one for each lane */
  readonly chunks?: number;
}

async function driven(options: DriveOptions) {
  const { state, ended } = drive(options);
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) await vi.advanceTimersToNextTimerAsync();
  return state;
}

const timesOf = (log: readonly Entry[]) => log.map(([at]) => at);
const until = (ms: number, error: unknown) => (entry: Entry) => (entry[0] < ms ? error : undefined);

describe('Lanes before a sink that asks for time', () => {
  test('wait together; one goes as a probe, then two, then four', async () => {
    const { log, written } = await driven({ lanes: 8, answer: until(1, busy) });
    expect(timesOf(log.slice(8))).toEqual([1_100, 1_200, 1_200, 1_300, 1_300, 1_300, 1_300, 1_400]);
    expect(written).toBe(8);
  });

  test('wait also with what was not sent yet, which uses up no attempt', async () => {
    const answer: Answer = ([at, chunk]) => (chunk === 0 && at < 1_000 ? busy : undefined);
    const { log, failures } = await driven({ lanes: 2, chunks: 5, answer, maxRetries: 1 });
    expect(log).toEqual([
      [0, 0, 1],
      [0, 1, 1],
      [1_100, 0, 2],
      [1_200, 2, 1],
      [1_200, 3, 1],
      [1_300, 4, 1],
    ]);
    expect(failures).toEqual([]);
  });

  test('let go first what was tried most often', async () => {
    const answer: Answer = ([, chunk, attempt]) => (chunk === 0 && attempt < 3 ? busy : undefined);
    const { log } = await driven({ lanes: 4, chunks: 8, answer });
    expect(log.slice(4)).toEqual([
      [1_100, 0, 2],
      [3_200, 0, 3],
      [3_300, 4, 1],
      [3_300, 5, 1],
      [3_400, 6, 1],
      [3_400, 7, 1],
    ]);
  });

  test('wait for the longest time that one of them was told', async () => {
    const answer: Answer = ([at, chunk]) =>
      at === 0 ? errorWith({ status: 429, retryAfterMs: chunk * 1_000 }) : undefined;
    const { log } = await driven({ lanes: 8, answer });
    expect(timesOf(log.slice(8))).toEqual([7_100, 7_200, 7_200, 7_300, 7_300, 7_300, 7_300, 7_400]);
  });

  test.each([429, 500, 408])('never go before Retry-After, whatever the jitter (HTTP %i)', async (status) => {
    const asking = errorWith({ status, retryAfterMs: 5_000 });
    const { log } = await driven({ lanes: 8, answer: until(1, asking), jitter: 'full', random: () => 0 });
    expect(Math.min(...timesOf(log.slice(8)))).toBe(5_100);
  });

  test.each([1, 1_099, 1_150])('end at once when they are aborted, after %i ms', async (ms) => {
    const { state, ended } = drive({ lanes: 8, answer: () => busy });
    await vi.advanceTimersByTimeAsync(ms);
    const sent = state.log.length;
    state.stop.abort(new Error('enough'));
    await vi.advanceTimersByTimeAsync(101); // a write of the test ends in its time
    await ended;
    expect(state.failures.map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 'ABORTED'));
    expect(state.log).toHaveLength(sent);
  });

  test('let the others go on when the probe is aborted', async () => {
    let isDown = true;
    const sink = retrying({
      name: 'shop',
      guarantee: 'at-least-once',
      write: async (_chunk: Chunk, { signal }) => {
        if (isDown) throw busy;
        await pause(100);
        signal.throwIfAborted();
      },
    });
    const stops = Array.from({ length: 3 }, () => new AbortController());
    const outcomes = stops.map(({ signal }, index) =>
      sink.write(chunkOf([1], { index }), { attempt: 1, signal }).then(
        () => 'written',
        ({ code }: WriteError) => code,
      ),
    );
    await vi.advanceTimersByTimeAsync(999);
    isDown = false;
    await vi.advanceTimersByTimeAsync(20);
    stops[0]!.abort(new Error('enough'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(outcomes)).toEqual(['ABORTED', 'written', 'written']);
  });

  test('fail together when all probes do: with the answer of the last, and those that were not sent as well', async () => {
    const answer: Answer = ([, chunk]) => (chunk === 7 ? undefined : busy);
    const { log, failures, written } = await driven({ lanes: 8, chunks: 100, answer });
    expect(written).toBe(1);
    expect(log).toHaveLength(8 + 3);
    expect(timesOf(log.slice(8))).toEqual([1_100, 3_200, 7_300]);
    expect(failures).toHaveLength(8);
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'WRITE_FAILED', failure: { kind: 'throttled' }, cause: busy });
      expect(failure.message).toContain('the circuit is open after 4 failures in a row');
    }
    expect(failures.map(({ attempts }) => attempts).sort()).toEqual([0, 1, 1, 1, 1, 1, 1, 4]);
  });

  test('fail at once while it rests, and probe it after that', async () => {
    let isDown = true;
    const write = vi.fn<() => Promise<void>>(async () => {
      if (isDown) throw busy;
    });
    const sink = retrying({ name: 'shop', guarantee: 'at-least-once', write }, { maxRetries: 1 });
    const send = () => sink.write(chunkOf([1]), { attempt: 1, signal: new AbortController().signal });
    const failed = expect(send()).rejects.toMatchObject({ attempts: 2 });
    await vi.advanceTimersByTimeAsync(1_002);
    await failed;
    await expect(send()).rejects.toMatchObject({ attempts: 0, cause: busy });
    expect(write).toHaveBeenCalledTimes(2);
    isDown = false;
    await vi.advanceTimersByTimeAsync(2_000);
    await send();
    expect(write).toHaveBeenCalledTimes(3);
  });

  test('fail together when it asks for more time than it may', async () => {
    const asking = errorWith({ status: 429, retryAfterMs: 301_000 });
    const answer: Answer = ([, chunk]) => (chunk === 1 ? asking : busy);
    const { log, failures } = await driven({ lanes: 4, answer });
    expect(log).toHaveLength(4);
    for (const { message } of failures)
      expect(message).toContain('asked to wait 301 s, longer than maxRetryAfterMs');
  });

  test('come to an end with one that takes 5 chunks a second, of 16 that are sent at once', async () => {
    let tokens = 5;
    let before = 0;
    const answer: Answer = () => {
      tokens = Math.min(tokens + (Date.now() - before) / 200, 5);
      before = Date.now();
      if (tokens < 1) return errorWith({ status: 429 });
      tokens--;
      return undefined;
    };
    const { log, written, endedAt } = await driven({ lanes: 16, chunks: 400, answer });
    expect(written).toBe(400);
    expect(log.length).toBeLessThan(600);
    expect(endedAt).toBeLessThan(120_000); // 80 s, if it were never asked in vain
  });

  test('tell onPause how long, and why, once for all of them', async () => {
    const onPause = vi.fn();
    await driven({ lanes: 8, answer: until(2_000, busy), onPause });
    expect(onPause.mock.calls).toEqual([
      [{ sink: 'shop', delayMs: 1_000, failure: { kind: 'throttled', why: 'HTTP 503' }, error: busy }],
      [{ sink: 'shop', delayMs: 2_000, failure: { kind: 'throttled', why: 'HTTP 503' }, error: busy }],
    ]);
  });

  test('fail the chunk for which onPause throws', async () => {
    const bug = new Error('a bug in the option');
    const onPause = () => {
      throw bug;
    };
    const { failures } = await driven({ lanes: 1, answer: until(1, busy), onPause });
    expect(failures).toMatchObject([{ cause: bug, attempts: 1, failure: { kind: 'unrecognised' } }]);
  });
});

describe('Lanes before a dead sink', () => {
  test('retry each for itself, as long as the budget lasts', async () => {
    const { log, failures, endedAt } = await driven({ lanes: 64, chunks: 10_000, answer: () => refused });
    expect(log).toHaveLength(64 + 100);
    expect(endedAt).toBeLessThanOrEqual(7_000 + 4 * 100);
    expect(failures).toHaveLength(64);
    const [first] = failures.filter(({ message }) => message.includes('tokens'));
    expect(first?.message).toContain('(2 attempts; the retry budget of 500 tokens is used up)');
    expect(first).toMatchObject({ cause: refused, failure: { kind: 'not-applied' } });
  });

  test.each([
    [10, 4 + 2],
    [0, 4],
    [false, 4 * 4],
  ] as const)('retry with a budget of %s: %i writes', async (retryBudget, writes) => {
    const { log } = await driven({ lanes: 4, answer: () => refused, retryBudget });
    expect(log).toHaveLength(writes);
  });

  test('pay twice as much for a retry after an attempt that took too long', async () => {
    const write = vi.fn(async (_: Chunk, { signal }: { signal: AbortSignal }) => {
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const sink = retrying(
      { name: 'shop', guarantee: 'at-least-once', write },
      { timeoutMs: 1_000, retryBudget: 20 },
    );
    const failed = expect(
      sink.write(chunkOf([1]), { attempt: 1, signal: new AbortController().signal }),
    ).rejects.toThrow('(3 attempts; the retry budget of 20 tokens is used up)');
    await vi.advanceTimersByTimeAsync(10_000);
    await failed;
  });

  test('do not go on for ever with one that takes each chunk at its last attempt', async () => {
    const answer: Answer = ([, , attempt]) => (attempt < 4 ? refused : undefined);
    const { failures, written } = await driven({ lanes: 1, chunks: 10_000, answer });
    expect(written).toBe(49); // each costs 15 tokens, and gives 5 back
    expect(failures[0]?.message).toContain('the retry budget of 500 tokens is used up');
    const unbounded = await driven({ lanes: 1, chunks: 200, answer, retryBudget: false });
    expect(unbounded.written).toBe(200);
  });

  test('spread their retries with full jitter', async () => {
    const chances = [0, 0.25, 0.5, 0.75];
    let drawn = 0;
    const random = () => chances[drawn++ % 4]!;
    const { log } = await driven({ lanes: 4, answer: until(1, refused), jitter: 'full', random });
    expect(timesOf(log.slice(4))).toEqual([100, 350, 600, 850]);
  });
});

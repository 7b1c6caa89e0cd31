import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DeadLetter } from '../../src/core/dead-letter.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { protect } from '../../src/delivery/protect.ts';
import { errorWith } from '../failures/cases.ts';
import { CHUNK, done, sinkThat, throws } from './deliveries.ts';
import { type Item, items, mostExtra, shop, write } from './shop.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('protect() retries what may pass', async () => {
  const sink = sinkThat(throws(errorWith({ code: 'ECONNREFUSED' })), done);
  const written = protect(sink).write(CHUNK, { attempt: 1, signal: new AbortController().signal });
  await vi.advanceTimersByTimeAsync(1_000);
  await written;
  expect(sink.attempts.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test('protect() checks its options at once', () => {
  expect(() => protect(sinkThat(done), { maxRetries: -1 })).toThrow(RangeError);
  const notAPlace = 'letters.ndjson' as never;
  expect(() => protect(sinkThat(done), { deadLetters: notAPlace })).toThrow(
    'deadLetters must be a place for dead letters, got "letters.ndjson"',
  );
});

const deliverAll = (sink: Sink<Item>) => write(sink, items(64));

test('protect() stops at the first refused record when there is no place for it', async () => {
  const place = shop({ isBad: ({ id }) => id >= 40 });
  expect(await deliverAll(protect(place))).toMatchObject({ refused: 1, taken: 40 });
  expect(place.writes.length).toBeLessThanOrEqual(1 + mostExtra(64));
});

test('protect() divides no chunk further when its letters have no room', async () => {
  const place = shop({ isBad: () => true });
  const full = new PipelineError({ code: 'TOO_MANY_INVALID', message: 'enough' });
  const kept: DeadLetter[] = [];
  const deadLetters = {
    room: () => 3 - kept.length,
    add: async (letter: DeadLetter) => {
      if (kept.length === 3) throw full;
      kept.push(letter);
    },
    close: async () => {},
  };
  const error = await deliverAll(protect(place, { deadLetters }));
  expect(error).toMatchObject({ code: 'TOO_MANY_INVALID', message: 'enough', cause: full });
  expect(kept.map(({ position }) => position.record)).toEqual([1, 2, 3]);
  expect(place.writes.length).toBeLessThanOrEqual(1 + 4 * 2 + mostExtra(64));
});

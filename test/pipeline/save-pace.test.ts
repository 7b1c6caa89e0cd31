import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SavePace } from '../../src/pipeline/save-pace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const taking = (ms: number) => async () => {
  vi.advanceTimersByTime(ms);
};

test('The first time is a second from the beginning, or as soon as it is said', () => {
  const pace = new SavePace();
  expect(new SavePace(0).isDue).toBe(true);
  vi.advanceTimersByTime(999);
  expect(pace.isDue).toBe(false);
  vi.advanceTimersByTime(1);
  expect(pace.isDue).toBe(true);
});

test.each([
  [0, 1_000],
  [9, 1_000],
  [30, 3_000],
  [99, 9_900],
  [5_000, 10_000],
])('What takes %i ms is done again %i ms later', async (takes, later) => {
  const pace = new SavePace(0);
  await pace.time(taking(takes));
  vi.advanceTimersByTime(later - 1);
  expect(pace.isDue).toBe(false);
  vi.advanceTimersByTime(1);
  expect(pace.isDue).toBe(true);
});

test('What fails is due as before', async () => {
  const pace = new SavePace(0);
  await expect(pace.time(() => Promise.reject(new Error('full')))).rejects.toThrow('full');
  expect(pace.isDue).toBe(true);
});

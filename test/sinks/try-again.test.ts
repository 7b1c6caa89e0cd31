import { beforeEach, describe, expect, test, vi } from 'vitest';
import { tryAgain } from '../../src/sinks/try-again.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  return () => vi.useRealTimers();
});

const lost = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** Fails so often, and notes when. */
function failing(times: number, error: () => Error) {
  const at: number[] = [];
  const work = async (failures: number) => {
    at.push(Date.now());
    if (failures < times) throw error();
    return 'done';
  };
  return { at, work };
}

describe('tryAgain()', () => {
  test('waits longer and longer, and gives what came of it', async () => {
    const { at, work } = failing(3, lost);
    const result = tryAgain(work);
    await vi.runAllTimersAsync();
    expect(await result).toBe('done');
    expect(at).toEqual([0, 250, 750, 1_750]);
  });

  test('gives up after three retries', async () => {
    const { at, work } = failing(4, lost);
    const result = tryAgain(work).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await result).toMatchObject({ code: 'ECONNRESET' });
    expect(at).toHaveLength(4);
  });

  test('retries a name that is not found only once', async () => {
    const { at, work } = failing(4, () => Object.assign(new Error('no name'), { code: 'ENOTFOUND' }));
    const result = tryAgain(work).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    expect(await result).toMatchObject({ code: 'ENOTFOUND' });
    expect(at).toHaveLength(2);
  });

  test.each([
    ['a bug', new TypeError('x is not a function')],
    ['a missing table', Object.assign(new Error('no table'), { code: '42P01' })],
  ])('fails at once at %s', async (_, error) => {
    const { at, work } = failing(1, () => error);
    await expect(tryAgain(work)).rejects.toBe(error);
    expect(at).toEqual([0]);
  });

  test('does not wait once it is told to stop', async () => {
    const stopping = new AbortController();
    const { at, work } = failing(1, lost);
    const result = tryAgain(work, stopping.signal).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    stopping.abort(new Error('stopped'));
    expect(await result).toBe(stopping.signal.reason);
    expect(at).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Screen } from '../../src/cli/screen.ts';

const said: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  said.length = 0;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('A run whose source has not answered yet', () => {
  test.each([
    ['log', 3],
    ['json', 0],
    ['off', 0],
  ] as const)('shows in %s mode, after 30 s, as %i lines', (progress, count) => {
    const screen = new Screen({ progress, color: 'never' });
    screen.begin();
    vi.advanceTimersByTime(30_000);
    screen.end();
    expect(said).toHaveLength(count);
    for (const line of said) expect(line).toMatch(/^0 records {2}.*\n$/);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('shows as a bar at once', () => {
    const screen = new Screen({ progress: 'bar', color: 'never' });
    screen.begin();
    expect(said.join('')).toContain('0 records');
    screen.end();
  });

  test('shows nothing when it is to be quiet', () => {
    const screen = new Screen({ progress: 'bar', quiet: true, color: 'never' });
    screen.begin();
    vi.advanceTimersByTime(30_000);
    expect(said).toEqual([]);
  });
});

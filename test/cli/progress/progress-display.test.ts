import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { aged, ProgressDisplay } from '../../../src/cli/progress/progress-display.ts';
import { modeOf, type ProgressMode } from '../../../src/cli/progress/progress-mode.ts';
import type { Progress } from '../../../src/pipeline/summary.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const PROGRESS: Progress = {
  read: 0,
  added: 0,
  written: 100,
  filtered: 0,
  invalid: 0,
  refused: 0,
  deadLettered: 0,
  chunks: 1,
  retries: 0,
  possibleDuplicates: 0,
  bytes: 50,
  totalBytes: 100,
  elapsedMs: 1_000,
  recordsPerSecond: 100,
  remainingMs: 1_000,
};

function shown(mode: ProgressMode) {
  const written: string[] = [];
  const stream = { columns: 120, write: (text: string) => written.push(text) };
  return { display: new ProgressDisplay(stream, mode), written };
}

describe('ProgressDisplay', () => {
  test('redraws a bar at most ten times a second, however often the run reports', () => {
    const { display, written } = shown('bar');
    for (let ms = 0; ms < 1_000; ms++) {
      display.update({ ...PROGRESS, written: ms });
      vi.advanceTimersByTime(1);
    }
    expect(written.length).toBeGreaterThanOrEqual(9);
    expect(written.length).toBeLessThanOrEqual(11);
    display.end();
  });

  test('draws the first state at once', () => {
    const { display, written } = shown('bar');
    display.update(PROGRESS);
    expect(written).toHaveLength(1);
    expect(written[0]).toContain('100 records');
    display.end();
  });

  test('goes on while nothing happens, as in the wait before a retry', () => {
    const { display, written } = shown('bar');
    display.update(PROGRESS);
    vi.advanceTimersByTime(3_000);
    expect(written.length).toBeGreaterThan(1);
    expect(written.at(-1)).toContain('25/s');
    display.end();
  });

  test('writes one line every ten seconds into a log, the first after ten', () => {
    const { display, written } = shown('log');
    display.update(PROGRESS);
    expect(written).toEqual([]);
    vi.advanceTimersByTime(30_000);
    expect(written).toHaveLength(3);
    for (const line of written) expect(line).toMatch(/^[^\r\u001b]*\n$/);
    display.end();
  });

  test('writes one object a line as JSON', () => {
    const { display, written } = shown('json');
    display.update(PROGRESS);
    expect(JSON.parse(written[0]!)).toMatchObject({ progress: { written: 100, totalBytes: 100 } });
    display.end();
  });

  test('writes nothing when it is off, and starts no timer', () => {
    const { display, written } = shown('off');
    display.update(PROGRESS);
    vi.advanceTimersByTime(60_000);
    expect(written).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('takes the bar away, so that what follows has its line, and leaves no timer behind', () => {
    const { display, written } = shown('bar');
    display.update(PROGRESS);
    display.end();
    expect(written.at(-1)).toBe('\r\u001b[2K');
    expect(vi.getTimerCount()).toBe(0);
    display.clear();
    expect(written).toHaveLength(2);
  });
});

describe('aged', () => {
  test('counts the time that has passed into speed and rest', () => {
    expect(aged(PROGRESS, 1_000)).toMatchObject({
      elapsedMs: 2_000,
      recordsPerSecond: 50,
      remainingMs: 2_000,
    });
  });
});

describe('modeOf', () => {
  test.each([
    ['bar', { progress: 'auto' }, { isTTY: true }, {}],
    ['log', { progress: 'auto' }, {}, {}],
    ['log', { progress: 'auto' }, { isTTY: true }, { CI: 'true' }],
    ['log', { progress: 'auto' }, { isTTY: true }, { TERM: 'dumb' }],
    ['bar', { progress: 'bar' }, {}, { CI: 'true' }],
    ['json', { progress: 'json' }, { isTTY: true }, {}],
    ['off', { progress: 'off' }, { isTTY: true }, {}],
    ['off', { progress: 'bar', quiet: true }, { isTTY: true }, {}],
  ] as const)('is %s for %j on %j with %j', (mode, flags, stream, env) => {
    expect(modeOf(flags, stream, env)).toBe(mode);
  });
});

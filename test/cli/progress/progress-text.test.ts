import { describe, expect, test } from 'vitest';
import { progressText } from '../../../src/cli/progress/progress-text.ts';
import type { Progress } from '../../../src/pipeline/summary.ts';

const PROGRESS: Progress = {
  read: 112_000,
  added: 0,
  written: 110_000,
  filtered: 0,
  invalid: 0,
  refused: 0,
  deadLettered: 0,
  chunks: 110,
  possibleDuplicates: 0,
  retries: 2,
  bytes: 5_200_000,
  totalBytes: 10_800_000,
  elapsedMs: 1_000,
  recordsPerSecond: 110_040,
  remainingMs: 1_076,
};
const { totalBytes: _totalBytes, remainingMs: _remainingMs, ...UNKNOWN_SIZE } = PROGRESS;

describe('progressText', () => {
  test('shows share, records, bytes, speed, chunks, retries and the time that is left', () => {
    expect(progressText(PROGRESS, 200)).toBe(
      '██████████░░░░░░░░░░  48%  110,000 records  5.2 MB of 10.8 MB  110,000/s  110 chunks  2 retries  1.1 s left',
    );
  });

  test('shows no share of an unknown whole', () => {
    expect(progressText(UNKNOWN_SIZE, 200)).toBe('110,000 records  5.2 MB  110,000/s  110 chunks  2 retries');
  });

  test.each([
    [{ inFlight: 1, concurrency: 1 }, '110 chunks  2 retries'],
    [{ inFlight: 3, concurrency: 4 }, '110 chunks  2 retries  3 of 4 in flight'],
    [{ inFlight: 1, concurrency: 1, batchSize: 1_250 }, '110 chunks  2 retries  1,250 a chunk'],
    [
      { inFlight: 12, concurrency: 13, batchSize: 900 },
      '110 chunks  2 retries  12 of 13 in flight  900 a chunk',
    ],
  ])('shows how chunks are written where that is not one after another, all of one size: %j', (pace, end) => {
    expect(progressText({ ...UNKNOWN_SIZE, ...pace }, 200)).toBe(
      `110,000 records  5.2 MB  110,000/s  ${end}`,
    );
  });

  test.each([
    [15, ['110,000 records']],
    [30, ['110,000 records', '48%']],
    [45, ['110,000 records', '48%', '1.1 s left', '110,000/s']],
    [70, ['110,000 records', '48%', '1.1 s left', '110,000/s', '5.2 MB of 10.8 MB']],
  ])('keeps in %i columns what matters most', (columns, kept) => {
    for (const part of kept) expect(progressText(PROGRESS, columns)).toContain(part);
  });

  test('is never wider than the terminal, whatever the state', () => {
    for (let columns = 0; columns < 130; columns++)
      for (const bytes of [0, 1, 10_800_000, 99_999_999_999])
        expect(progressText({ ...PROGRESS, bytes }, columns).length).toBeLessThanOrEqual(columns);
  });

  test('stops at 100 % when a source grows, and at the end promises no further time', () => {
    const text = progressText({ ...PROGRESS, bytes: 20_000_000 }, 200);
    expect(text).toContain('████████████████████  100%');
    expect(text).not.toContain('left');
  });

  test('shows no share of nothing', () => {
    expect(progressText({ ...PROGRESS, bytes: 0, totalBytes: 0 }, 200)).not.toContain('%');
  });
});

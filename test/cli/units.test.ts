import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.ts';
import {
  counted,
  parseCount,
  parseCountOrAdaptive,
  parseDuration,
  parseSize,
  showBytes,
  showCount,
  showDuration,
  showRate,
} from '../../src/cli/units.ts';

describe('parseSize', () => {
  test.each([
    ['500', 500],
    ['20MB', 20_000_000],
    ['20 mb', 20_000_000],
    ['16MiB', 16_777_216],
    ['1.5kB', 1_500],
    ['1GiB', 1_073_741_824],
    ['0', 0],
  ])('takes %s for %i bytes', (text, bytes) => {
    expect(parseSize('--max-bytes', text)).toBe(bytes);
  });

  test.each(['', 'MB', '-5', '5XB', '1e6', '5 MB ', '٥', 'Infinity'])(
    'refuses %j and names the flag',
    (text) => {
      const parse = () => parseSize('--max-bytes', text);
      expect(parse).toThrow(UsageError);
      expect(parse).toThrow(`--max-bytes must be a size such as 20MB or 16MiB, got ${JSON.stringify(text)}`);
    },
  );
});

describe('parseDuration', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
  ])('takes %s for %i ms', (text, ms) => {
    expect(parseDuration('--timeout', text)).toBe(ms);
  });

  test.each(['30 days', '', 's', '-1s'])('refuses %j', (text) => {
    expect(() => parseDuration('--timeout', text)).toThrow(UsageError);
  });

  test('wants a unit: a bare number could be seconds or milliseconds', () => {
    expect(() => parseDuration('--timeout', '30')).toThrow('must be a time such as 30s or 500ms, got "30"');
  });
});

describe('parseCount', () => {
  test('takes whole numbers', () => {
    expect(parseCount('--batch-size', '1000')).toBe(1_000);
  });

  test.each(['1.5', '-1', '1e3', '', '1_000', '9999999999999'])('refuses %j', (text) => {
    expect(() => parseCount('--batch-size', text)).toThrow(UsageError);
  });
});

describe('parseCountOrAdaptive', () => {
  test('takes whole numbers, and one word', () => {
    expect(parseCountOrAdaptive('--concurrency', '8')).toBe(8);
    expect(parseCountOrAdaptive('--concurrency', 'adaptive')).toBe('adaptive');
  });

  test.each(['Adaptive', 'auto', '', '1.5', '-1'])('refuses %j', (text) => {
    expect(() => parseCountOrAdaptive('--concurrency', text)).toThrow(UsageError);
  });
});

describe('What people read', () => {
  test.each([
    [showBytes(0), '0 B'],
    [showBytes(999), '999 B'],
    [showBytes(1_000), '1.0 kB'],
    [showBytes(160_000_000), '160 MB'],
    [showBytes(9_860_000), '9.9 MB'],
    [showBytes(2_500_000_000), '2.5 GB'],
    [showDuration(850), '850 ms'],
    [showDuration(2_100), '2.1 s'],
    [showDuration(999.7), '1.0 s'],
    [showDuration(200_000), '3 min 20 s'],
    [showDuration(7_500_000), '2 h 5 min'],
    [showDuration(59_960), '1 min 0 s'],
    [showDuration(119_700), '2 min 0 s'],
    [showCount(231_083), '231,083'],
    [showRate(110_040), '110,000'],
    [showRate(998.6), '999'],
    [showRate(0), '0'],
    [counted(1, 'chunk'), '1 chunk'],
    [counted(1_000, 'chunk'), '1,000 chunks'],
  ])('is %s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});

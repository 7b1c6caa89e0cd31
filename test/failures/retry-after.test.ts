import { expect, test } from 'vitest';
import { retryAfterOf } from '../../src/failures/index.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 7);

test.each([
  ['0', 0],
  ['120', 120_000],
  ['  7  ', 7_000],
  ['00010', 10_000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
  ['Sun Nov  6 08:49:37 1994', 30_000],
  ['Mon Nov 16 08:49:07 1994', 864_000_000],
  ['Sun, 06 Nov 1994 08:49:06 GMT', 0],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
])('retryAfterOf() reads %j', (value, expected) => {
  expect(retryAfterOf(new Headers({ 'retry-after': value }), NOW)).toBe(expected);
  expect(retryAfterOf({ 'Retry-After': value }, NOW)).toBe(expected);
});

test.each([
  '',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  'soon',
  '10s',
  '120, 60',
  'Infinity',
  '2026-11-23T08:49:37Z',
  'Sun, 06 Nov 1994 08:49:37',
  'Sun, 06 Nov 1994 08:49:37 CET',
  'Sun, 31 Feb 1994 08:49:37 GMT',
  'Sun, 06 Foo 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:00:00 GMT',
  'Sun, 06 Nov 1994 08:60:00 GMT',
])('retryAfterOf() makes nothing of %j', (value) => {
  expect(retryAfterOf(new Headers({ 'retry-after': value }), NOW)).toBeUndefined();
});

test('retryAfterOf() of no header is undefined', () => {
  expect(retryAfterOf(new Headers())).toBeUndefined();
  expect(retryAfterOf({})).toBeUndefined();
  expect(retryAfterOf({ 'retry-after': undefined })).toBeUndefined();
});

test('retryAfterOf() of more seconds than a number holds is still a number', () => {
  const huge = retryAfterOf(new Headers({ 'retry-after': '9'.repeat(400) }));
  expect(huge).toBe(Number.MAX_SAFE_INTEGER);
});

test('retryAfterOf() measures a date by the date of the answer, not by the clock here', () => {
  const headers = new Headers({
    date: 'Sun, 06 Nov 1994 08:49:07 GMT',
    'retry-after': 'Sun, 06 Nov 1994 08:50:07 GMT',
  });
  expect(retryAfterOf(headers)).toBe(60_000);
});

test('retryAfterOf() measures a date by the clock here when the answer has none', () => {
  const inAMinute = new Date(Date.now() + 60_000).toUTCString();
  const waits = retryAfterOf(new Headers({ 'retry-after': inAMinute }))!;
  expect(waits).toBeGreaterThan(50_000);
  expect(waits).toBeLessThanOrEqual(60_000);
});

test('retryAfterOf() takes two digits of a year for the one within 50 years', () => {
  const ahead = (new Date().getUTCFullYear() + 10) % 100;
  const digits = String(ahead).padStart(2, '0');
  expect(retryAfterOf({ 'retry-after': `Sunday, 06-Nov-${digits} 08:49:37 GMT` })).toBeGreaterThan(0);
  expect(retryAfterOf({ 'retry-after': 'Sunday, 06-Nov-94 08:49:37 GMT' })).toBe(0);
});

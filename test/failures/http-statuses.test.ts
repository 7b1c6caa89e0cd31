import { describe, test } from 'vitest';
import { httpError } from '../../src/failures/index.ts';
import { expectFailure } from './expect-failure.ts';
import { serve } from './servers.ts';

/** The table of statuses once more, as people would write it down. */
const STATUSES = {
  'not-applied': [408, 421, 425, 521, 523],
  'unknown-outcome': [500, 502, 504, 520, 522, 524, 598, 599],
  throttled: [429, 503, 529],
  'too-large': [413],
  'bad-records': [400, 409, 415, 422],
  'run-wide': [
    300, 301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 406, 410, 411, 412, 414, 417, 418, 423, 426, 428,
    431, 451, 501, 505, 506, 507, 508, 509, 510, 511, 525, 526,
  ],
} as const;

describe('an answer of a server', () => {
  const rows = Object.entries(STATUSES).flatMap(([kind, statuses]) =>
    statuses.map((status) => ({ status, kind: kind as keyof typeof STATUSES })),
  );

  test.for(rows)('with status $status: $kind', async ({ status, kind }) => {
    await expectFailure(await answerOf(status), { kind, why: `HTTP ${status}` });
  });

  test.for(rows)('with status $status and Retry-After: $kind', async ({ status, kind }) => {
    const error = await answerOf(status, { 'retry-after': '3' });
    await expectFailure(error, { kind, why: `HTTP ${status}`, retryAfterMs: 3_000 });
  });

  test.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
    ['Sun, 06 Nov 1994 08:44:07 GMT', 0],
    ['300', 300_000],
  ])('that asks to wait until %s is obeyed', async (retryAfter, retryAfterMs) => {
    const error = await answerOf(503, { 'retry-after': retryAfter, date: 'Sun, 06 Nov 1994 08:49:07 GMT' });
    await expectFailure(error, { kind: 'throttled', retryAfterMs });
  });

  test('that asks to wait longer than people should not know is not retried', async () => {
    const error = await answerOf(503, { 'retry-after': '301' });
    await expectFailure(error, { kind: 'throttled', retryAfterMs: 301_000, attempts: 1 });
  });
});

async function answerOf(status: number, headers: Record<string, string> = {}): Promise<Error> {
  const url = await serve((_, response) => response.writeHead(status, headers).end('no'));
  return httpError(await fetch(url, { method: 'POST', body: '{}', redirect: 'manual' }));
}

import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { FailureKind } from '../../src/failures/index.ts';
import { httpSink } from '../../src/sinks/http-sink.ts';
import type { Toxic } from '../../src/testing/index.ts';
import { listen } from '../failures/servers.ts';
import { CHUNKS, expectConserved, kindsOf, proxyTo, rehearse } from './rehearsal.ts';

/** Bytes of the answer up to the end of its head; behind them its status is known. */
const HEAD = Buffer.byteLength('HTTP/1.1 200 OK\r\nx-filler: ');

interface Scenario {
  readonly toxics: readonly Toxic[];
  /** What is retried; nothing when the toxics only take time. */
  readonly kind?: FailureKind;
  /** Requests that the server is given beyond one a chunk. @default 0 */
  readonly again?: number;
  /** Milliseconds that an attempt may take. */
  readonly timeoutMs?: number;
}

const first = { connections: [1] } as const;

/** Cuts before the server has been given the whole request: it does no work. */
const ON_THE_WAY_THERE: readonly Scenario[] = [0, 1, 100, 250, 400, 1_000].flatMap((at): Scenario[] => [
  { toxics: [{ kind: 'reset', direction: 'upstream', afterBytes: at, ...first }], kind: 'unknown-outcome' },
  { toxics: [{ kind: 'limit', direction: 'upstream', bytes: at, ...first }], kind: 'unknown-outcome' },
]);

/** Cuts before the client has been given the status: the work is done, and is asked for again. */
const ON_THE_WAY_BACK: readonly Scenario[] = [0, 1, 5, 12, 17, HEAD].flatMap((at): Scenario[] => [
  { toxics: [{ kind: 'reset', afterBytes: at, ...first }], kind: 'unknown-outcome', again: 1 },
  { toxics: [{ kind: 'limit', bytes: at, ...first }], kind: 'unknown-outcome', again: 1 },
]);

const SILENCES: readonly Scenario[] = [
  {
    toxics: [{ kind: 'timeout', direction: 'upstream', ...first }],
    kind: 'unknown-outcome',
    timeoutMs: 1_500,
  },
  { toxics: [{ kind: 'timeout', ...first }], kind: 'unknown-outcome', again: 1, timeoutMs: 1_500 },
  {
    toxics: [{ kind: 'timeout', direction: 'upstream', afterBytes: 300, ...first }],
    kind: 'unknown-outcome',
    timeoutMs: 1_500,
  },
  {
    toxics: [{ kind: 'timeout', direction: 'upstream', closeAfterMs: 20, ...first }],
    kind: 'unknown-outcome',
  },
  { toxics: [{ kind: 'timeout', closeAfterMs: 20, ...first }], kind: 'unknown-outcome', again: 1 },
];

const SLOW: readonly Scenario[] = [
  { toxics: [{ kind: 'latency', ms: 10, jitterMs: 10 }] },
  { toxics: [{ kind: 'latency', direction: 'upstream', ms: 10, jitterMs: 10 }] },
  { toxics: [{ kind: 'bandwidth', bytesPerSecond: 20_000 }] },
  { toxics: [{ kind: 'bandwidth', direction: 'upstream', bytesPerSecond: 50_000 }] },
  { toxics: [{ kind: 'slice', bytes: 1 }] },
  { toxics: [{ kind: 'slice', bytes: 3, direction: 'upstream' }] },
  { toxics: [{ kind: 'slow-close', ms: 30 }] },
  {
    toxics: [
      { kind: 'latency', ms: 5 },
      { kind: 'slice', bytes: 11, direction: 'upstream' },
    ],
  },
];

const SCENARIOS = [...ON_THE_WAY_THERE, ...ON_THE_WAY_BACK, ...SILENCES, ...SLOW];

describe.each([
  { server: 'honours keys', keysHonoured: true, concurrency: 1 },
  { server: 'knows no keys', keysHonoured: false, concurrency: 1 },
  { server: 'knows no keys, and is given several chunks at once', keysHonoured: false, concurrency: 3 },
])('httpSink, to a server that $server,', ({ keysHonoured, concurrency }) => {
  test.for(SCENARIOS)('loses nothing to $toxics', async ({ toxics, kind, again = 0, timeoutMs = 5_000 }) => {
    const { url, requests, stored } = await api(keysHonoured);
    const proxy = await proxyTo(url, toxics);
    const run = await rehearse(httpSink({ url: proxy.url, keysHonoured }), { concurrency, timeoutMs });

    expect(run.error).toBeUndefined();
    expect(kindsOf(run)).toEqual(kind === undefined ? [] : [kind]);
    expect(run.retries).toHaveLength(kind === undefined ? 0 : 1);
    expectConserved(stored, run, keysHonoured);
    expect(requests).toHaveLength(CHUNKS + again);
    expect(new Set(requests).size).toBe(CHUNKS);
    // a chunk of unknown outcome counts, whether or not it was written
    const risked = run.retries[0]?.chunk.count ?? 0;
    expect(run.summary.possibleDuplicates).toBe(keysHonoured ? 0 : risked);
  });

  test('has written when the status has come, whatever becomes of the rest of the answer', async () => {
    const { url, requests, stored } = await api(keysHonoured, 'x'.repeat(10_000));
    const proxy = await proxyTo(url, [{ kind: 'reset', afterBytes: 5_000 }]);
    const run = await rehearse(httpSink({ url: proxy.url, keysHonoured }), { concurrency });
    expect(run).toMatchObject({ error: undefined, retries: [] });
    expectConserved(stored, run, keysHonoured);
    expect(requests).toHaveLength(CHUNKS);
  });

  test('waits for a server that is down for a while, and risks no duplicates', async () => {
    const { url, requests, stored } = await api(keysHonoured);
    const proxy = await proxyTo(url);
    await proxy.down();
    const sink = httpSink({ url: proxy.url, keysHonoured });
    const run = await rehearse(
      {
        ...sink,
        write: (chunk, context) => (context.attempt === 3 ? up(chunk, context) : sink.write(chunk, context)),
      },
      { concurrency },
    );
    expect(run.error).toBeUndefined();
    expect(kindsOf(run)).toEqual(['not-applied']);
    expect(run.summary.possibleDuplicates).toBe(0);
    expectConserved(stored, run, true);
    expect(requests).toHaveLength(CHUNKS);

    async function up(...write: Parameters<typeof sink.write>): Promise<void> {
      await proxy.up();
      await sink.write(...write);
    }
  });

  test('fails after the last retry when the server stays down, and nothing counts as written', async () => {
    const { url, stored } = await api(keysHonoured);
    const proxy = await proxyTo(url);
    await proxy.down();
    const run = await rehearse(httpSink({ url: proxy.url, keysHonoured }), { concurrency });
    expect(run.error).toMatchObject({ code: 'WRITE_FAILED', attempts: 4, failure: { kind: 'not-applied' } });
    expect(run.summary).toMatchObject({ written: 0, possibleDuplicates: 0 });
    expect(stored).toEqual([]);
  });

  test('fails after the last retry when every answer gets lost, and says how much may be there', async () => {
    const { url, requests, stored } = await api(keysHonoured);
    const proxy = await proxyTo(url, [{ kind: 'reset' }]);
    const run = await rehearse(httpSink({ url: proxy.url, keysHonoured }));
    expect(run.error).toMatchObject({
      code: 'WRITE_FAILED',
      attempts: 4,
      failure: { kind: 'unknown-outcome' },
    });
    expect(run.summary).toMatchObject({ written: 0, retries: 3, possibleDuplicates: keysHonoured ? 0 : 100 });
    expect(requests).toHaveLength(4);
    expect(new Set(requests).size).toBe(1);
    expect(new Set(stored).size).toBe(100);
  });

  test("with onUnknownOutcome: 'fail' asks again only where that is safe", async () => {
    const { url, requests, stored } = await api(keysHonoured);
    const proxy = await proxyTo(url, [{ kind: 'reset', connections: [1] }]);
    const sink = httpSink({ url: proxy.url, keysHonoured });
    const run = await rehearse(sink, { onUnknownOutcome: 'fail' });
    expect(run.summary.possibleDuplicates).toBe(0);
    if (keysHonoured) {
      expect(run.error).toBeUndefined();
      expectConserved(stored, run, true);
      return;
    }
    expect(run.error).toMatchObject({ attempts: 1, failure: { kind: 'unknown-outcome' } });
    expect(requests).toHaveLength(1);
  });
});

/** A server that notes the key of every request that has come whole, and does the work of it – or of each key once. */
async function api(keysHonoured: boolean, answer = '') {
  const requests: string[] = [];
  const stored: number[] = [];
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const key = request.headers['idempotency-key'] as string;
        if (!keysHonoured || !requests.includes(key))
          stored.push(...(JSON.parse(body) as { id: number }[]).map(({ id }) => id));
        requests.push(key);
        response.setHeader('x-filler', 'x'.repeat(50)).end(answer);
      },
      () => response.destroy(),
    );
  });
  return { url: `http://127.0.0.1:${await listen(server)}/orders`, requests, stored };
}

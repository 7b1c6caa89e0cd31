import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { PipelineError } from '../../src/core/errors.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { type Summary, summaryOf } from '../../src/pipeline/summary.ts';
import { httpSource } from '../../src/sources/http-source.ts';
import { collectingSink, type Toxic } from '../../src/testing/index.ts';
import { listen } from '../failures/servers.ts';
import { proxyTo } from './rehearsal.ts';

const RECORDS = Array.from({ length: 3_000 }, (_, id) => ({ id, name: `order ${id}`, note: 'ünïcödé' }));
const BODY = Buffer.from(RECORDS.map((record) => `${JSON.stringify(record)}\n`).join(''));
const HEAD = 300; // no head of an answer here is longer
const first = { connections: [1] } as const;

/** Within the head, at its end, within records, between them, one byte before the end. */
const CUTS = [0, 1, 20, 100, HEAD, 401, 1_000, 4_096, 16_384, 65_536, 100_001, BODY.length - 1];

const ENDS: readonly ((at: number) => Toxic)[] = [
  (at) => ({ kind: 'reset', afterBytes: at, ...first }),
  (at) => ({ kind: 'limit', bytes: at, ...first }),
];

const SLOW: readonly (readonly Toxic[])[] = [
  [{ kind: 'latency', ms: 5, jitterMs: 5 }],
  [{ kind: 'bandwidth', bytesPerSecond: 2_000_000 }],
  [{ kind: 'slice', bytes: 997 }],
  [{ kind: 'slow-close', ms: 20 }],
];

const RESUMABLE: readonly (readonly Toxic[])[] = [
  ...CUTS.flatMap((at) => ENDS.map((end) => [end(at)])),
  // cut again and again, each time a little further on
  [{ kind: 'limit', bytes: 30_000, connections: [1, 2, 3, 4, 5, 6, 7, 8] }],
  [{ kind: 'reset', afterBytes: 30_000, connections: [1, 2, 3, 4, 5, 6, 7, 8] }],
  // silent in the middle, and closed after a while
  [{ kind: 'timeout', afterBytes: 50_000, ...first }],
  [{ kind: 'timeout', afterBytes: 50_000, closeAfterMs: 20, ...first }],
  [{ kind: 'timeout', ...first }],
  ...SLOW,
];

describe('httpSource, from a server that takes Range and has an ETag,', () => {
  test.for(RESUMABLE)('reads everything through %j', async (toxics) => {
    const { run, requests } = await read(serveRanges, toxics);
    expect(run.error).toBeUndefined();
    expect(run.records).toEqual(RECORDS);
    expect(run.summary).toMatchObject({ read: 3_000, written: 3_000, bytes: BODY.length, unaccounted: [] });
    expect(
      requests.slice(1).every(({ headers }) => isResumed(headers.range) || headers.range === undefined),
    ).toBe(true);
  });

  test.for(ENDS.map((end) => end(0)))('gives up when no answer ever comes: %j', async (toxic) => {
    const { connections: _, ...always } = toxic;
    const { run, requests } = await read(serveRanges, [always as Toxic]);
    expect(run.error).toMatchObject({ code: 'SOURCE_FAILED' });
    expect(run.summary).toMatchObject({ read: 0, written: 0 });
    expect(requests).toHaveLength(4);
  });
});

describe('httpSource, from a server that cannot go on in the middle,', () => {
  /** Once a part of the body has come, nothing else may be read in its place. */
  const inTheBody = CUTS.filter((at) => at > HEAD);

  test.for(inTheBody.flatMap((at) => ENDS.map((end) => end(at))))(
    'never takes a part for the whole: %j',
    async (toxic) => {
      const { run, requests } = await read(serveWhole, [toxic]);
      expect(run.error).toMatchObject({ code: 'SOURCE_TRUNCATED' });
      expect(requests).toHaveLength(1);
      expect(run.records).toEqual(RECORDS.slice(0, run.records.length));
      expect(run.summary.written).toBe(run.records.length);
      expect(run.records.length).toBeLessThan(3_000);
    },
  );

  const beforeTheBody = CUTS.filter((at) => at < HEAD / 2);

  test.for(beforeTheBody.flatMap((at) => ENDS.map((end) => end(at))))(
    'asks again before the body: %j',
    async (toxic) => {
      const { run, requests } = await read(serveWhole, [toxic]);
      expect(run.error).toBeUndefined();
      expect(run.records).toEqual(RECORDS);
      expect(requests).toHaveLength(2);
    },
  );

  test.for(SLOW)('reads everything through %j', async (toxics) => {
    const { run, requests } = await read(serveWhole, toxics);
    expect(run.error).toBeUndefined();
    expect(run.records).toEqual(RECORDS);
    expect(requests).toHaveLength(1);
  });
});

describe('httpSource, with the chunked coding,', () => {
  test.for([401, 20_000, 100_001].flatMap((at) => ENDS.map((end) => end(at))))(
    'never takes a part for the whole: %j',
    async (toxic) => {
      const { run } = await read(
        (_request, response) => void response.write(BODY, () => response.end()),
        [toxic],
      );
      expect(run.error).toMatchObject({ code: 'SOURCE_TRUNCATED' });
      expect(run.records).toEqual(RECORDS.slice(0, run.records.length));
    },
  );
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

function serveRanges({ headers }: IncomingMessage, response: ServerResponse): void {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  response.writeHead(headers.range === undefined ? 200 : 206, {
    etag: '"v1"',
    'content-length': BODY.length - from,
    ...(headers.range !== undefined && {
      'content-range': `bytes ${from}-${BODY.length - 1}/${BODY.length}`,
    }),
  });
  response.end(BODY.subarray(from));
}

function serveWhole(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': BODY.length }).end(BODY);
}

function isResumed(range: string | undefined): boolean {
  return /^bytes=[1-9]\d*-$/.test(range ?? '');
}

async function read(answer: Answer, toxics: readonly Toxic[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    void buffer(request).then(() => answer(request, response));
  });
  const proxy = await proxyTo(`http://127.0.0.1:${await listen(server)}/orders.ndjson`, toxics);
  const sink = collectingSink();
  // a short time where nothing comes; else long enough for a machine that is busy with other tests
  const inactivityMs = toxics.some(({ kind }) => kind === 'timeout') ? 150 : 10_000;
  const source = httpSource(proxy.url, { inactivityMs, backoff: { initialDelayMs: 1, maxDelayMs: 5 } });
  const processor = new BatchProcessor({ source, format: 'ndjson', sink, batchSize: 500 });
  const run: { error?: PipelineError; summary: Summary } = await processor.run().then(
    (summary) => ({ summary }),
    (error: unknown) => ({ error: error as PipelineError, summary: summaryOf(error)! }),
  );
  return { run: { ...run, records: sink.records }, requests };
}

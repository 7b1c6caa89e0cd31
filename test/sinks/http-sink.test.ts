import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { classify } from '../../src/failures/index.ts';
import { type HttpSinkOptions, httpSink } from '../../src/sinks/http-sink.ts';
import { chunkOf, sinkContract } from '../../src/testing/index.ts';
import { context, writeOne } from './writing.ts';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let url: string;
let requests: Request[] = [];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      requests.push({ method, url: target, headers, body: Buffer.concat(pieces).toString() });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  requests = [];
  answer = (response) => response.end();
});

describe.each(['json', 'ndjson'] as const)('the contract with %s', (body) => {
  const recordsOf = (text: string) =>
    body === 'json'
      ? (JSON.parse(text) as unknown[])
      : text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as unknown);
  const contract = sinkContract({
    create: () => httpSink({ url, body, keysHonoured: true }),
    clear: () => {
      requests = [];
    },
    // As a server does that honours keys.
    stored: async () =>
      [...new Map(requests.map((request) => [request.headers['idempotency-key'], request])).values()].flatMap(
        (request) => recordsOf(request.body),
      ),
    without: ['big-integers'],
  });
  for (const { name, run } of contract) test(`httpSink() ${name}`, run);
});

test('keeps nothing of a chunk, unless another function than the built-in fetch is given it', () => {
  const isGivenBack = (options: Partial<HttpSinkOptions>) => httpSink({ url, ...options }).keepsNothing;
  expect(
    [{}, { body: 'ndjson' }, { headers: { a: 'b' } }].map((each) => isGivenBack(each as object)),
  ).toEqual([true, true, true]);
  const functions = [{ fetch }, { body: () => '' }, { headers: () => ({}) }, { readAnswer: () => {} }];
  expect(functions.map(isGivenBack)).toEqual([false, false, false, false]);
  vi.stubGlobal('fetch', async () => new Response());
  const isGivenBackToAnother = isGivenBack({});
  vi.unstubAllGlobals();
  expect(isGivenBackToAnother).toBe(false);
});

test.each<[Partial<HttpSinkOptions>, string, string, string]>([
  [{}, 'POST', 'application/json', '[{"a":1},{"a":18446744073709551616}]'],
  [{ method: 'PUT', body: 'ndjson' }, 'PUT', 'application/x-ndjson', '{"a":1}\n{"a":18446744073709551616}\n'],
  [
    { method: 'PATCH', contentType: 'application/merge-patch+json' },
    'PATCH',
    'application/merge-patch+json',
    '[{"a":1},{"a":18446744073709551616}]',
  ],
  [{ body: (chunk) => `count ${chunk.count}` }, 'POST', 'text/plain;charset=UTF-8', 'count 2'],
  [{ body: async () => new Uint8Array([104, 105]), contentType: 'x/y' }, 'POST', 'x/y', 'hi'],
  [{ body: () => new Blob(['streamed']).stream(), contentType: 'x/y' }, 'POST', 'x/y', 'streamed'],
])('httpSink(%o) sends the chunk in one request', async (options, method, type, body) => {
  await writeOne(httpSink({ url: `${url}/orders?x=1`, ...options }), chunkOf([{ a: 1 }, { a: 2n ** 64n }]));
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({ method, url: '/orders?x=1', body });
  expect(requests[0]!.headers['content-type']).toBe(type);
});

test('httpSink() sends the same key and bytes at every attempt, and another key for another chunk', async () => {
  const sink = httpSink({ url });
  const chunk = chunkOf([1]);
  await sink.write(chunk, context);
  await sink.write(chunk, { ...context, attempt: 2 });
  await sink.write(chunkOf([2]), context);
  const keys = requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys[0]).toMatch(/^"[0-9a-f]{64}"$/);
  expect(keys[0]).toBe(`"${chunk.id}"`);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
  expect(requests[1]!.body).toBe(requests[0]!.body);
});

test('httpSink({ idempotencyKey: false }) sends no key', async () => {
  await writeOne(httpSink({ url, idempotencyKey: false }), chunkOf([1]));
  expect(requests[0]!.headers).not.toHaveProperty('idempotency-key');
});

test('httpSink() asks for headers at each attempt, and lets them win', async () => {
  const headers = vi.fn(async (_, { attempt }: { attempt: number }) => ({
    Authorization: `Bearer ${attempt}`,
    'Idempotency-Key': 'own',
    'Content-Type': 'x/y',
  }));
  const sink = httpSink({ url, headers });
  const chunk = chunkOf([1]);
  for (const attempt of [1, 2]) await sink.write(chunk, { ...context, attempt });
  expect(headers).toHaveBeenNthCalledWith(2, chunk, { ...context, attempt: 2 });
  expect(requests.map(({ headers: { authorization } }) => authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  expect(requests[0]!.headers).toMatchObject({ 'idempotency-key': 'own', 'content-type': 'x/y' });
});

test('httpSink() sends the user and password of its URL as Basic authentication', async () => {
  const sink = httpSink({ url: url.replace('//', '//us%40er:p%C3%A4ss@') });
  await writeOne(sink, chunkOf([1]));
  const [, encoded] = requests[0]!.headers.authorization!.split(' ');
  expect(Buffer.from(encoded!, 'base64').toString()).toBe('us@er:päss');
});

test.each([200, 201, 202, 204])('httpSink() takes %d for success', async (status) => {
  answer = (response) => response.writeHead(status).end();
  await writeOne(httpSink({ url }), chunkOf([1]));
});

test.each([301, 302, 303, 304, 307, 308])('httpSink() does not follow %d', async (status) => {
  answer = (response) => response.writeHead(status, { location: `${url}/elsewhere` }).end();
  const error: unknown = await writeOne(httpSink({ url: `${url}/a` }), chunkOf([1])).catch((e: unknown) => e);
  expect(error).toMatchObject({
    status,
    message: `${url}/a answered ${status}: a write does not follow redirects, give the address it leads to`,
  });
  expect(classify(error).kind).toBe('run-wide');
  expect(requests).toHaveLength(1);
});

async function hiding(): Promise<Response> {
  return Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' });
}

test('httpSink() takes a hidden redirect for one', async () => {
  await expect(writeOne(httpSink({ url, fetch: hiding }), chunkOf([1]))).rejects.toThrow(
    /does not follow redirects/,
  );
});

test.each([
  [400, 'bad-records'],
  [401, 'run-wide'],
  [413, 'too-large'],
  [429, 'throttled'],
  [503, 'throttled'],
])('httpSink() fails with the status %d', async (status, kind) => {
  answer = (response) => response.writeHead(status, { 'retry-after': '7' }).end('because');
  const error: unknown = await writeOne(httpSink({ url }), chunkOf([1])).catch((e: unknown) => e);
  expect(error).toMatchObject({ status, retryAfterMs: 7_000, message: expect.stringContaining('because') });
  expect(classify(error).kind).toBe(kind);
});

test.each([
  [true, 409, 'throttled'],
  [false, 409, 'bad-records'],
  [true, 422, 'bad-records'],
])('httpSink() with keysHonoured %s takes %d as %s', async (keysHonoured, status, kind) => {
  answer = (response) => response.writeHead(status, { 'retry-after': '7' }).end();
  const error: unknown = await writeOne(httpSink({ url, keysHonoured }), chunkOf([1])).catch(
    (e: unknown) => e,
  );
  expect(classify(error)).toMatchObject({ kind, retryAfterMs: 7_000 });
});

test('httpSink() uses connections again after a short answer', async () => {
  const connected = vi.fn();
  server.on('connection', connected);
  answer = (response) => response.end('thank you');
  const sink = httpSink({ url });
  for (let i = 0; i < 20; i++) await writeOne(sink, chunkOf([i]));
  server.off('connection', connected);
  expect(connected.mock.calls.length).toBeLessThan(10);
});

test('httpSink() succeeds without the rest of an answer that is long or cut off', async () => {
  answer = (response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  };
  await writeOne(httpSink({ url }), chunkOf([1]));
  answer = (response) => {
    response.writeHead(200, { 'content-length': '100' }).write('part');
    setImmediate(() => response.destroy());
  };
  await writeOne(httpSink({ url }), chunkOf([1]));
});

test('httpSink() gives up a request when its signal is aborted', async () => {
  const stopping = new AbortController();
  const closed = Promise.withResolvers<void>();
  answer = (response) => {
    response.on('close', closed.resolve);
    stopping.abort(new Error('stopped'));
  };
  await expect(
    httpSink({ url }).write(chunkOf([1]), { attempt: 1, signal: stopping.signal }),
  ).rejects.toThrow('stopped');
  await closed.promise;
});

describe('secrets', () => {
  const secret = 's3cr3t';

  test('httpSink() shows neither credentials nor query in its name, nor in its errors', async () => {
    answer = (response) => response.writeHead(500).end();
    const sink = httpSink({
      url: `${url.replace('//', `//user:${secret}@`)}/a?token=${secret}`,
      headers: { 'x-key': secret },
    });
    const error: unknown = await writeOne(sink, chunkOf([1])).catch((e: unknown) => e);
    expect(requests[0]!.headers['x-key']).toBe(secret);
    expect(sink.name).toBe(`${url}/a`);
    expect(inspect([sink, error], { depth: 9 }) + JSON.stringify([sink, error])).not.toContain(secret);
  });

  test.each<[string, () => unknown]>([
    ['a URL that is none', () => httpSink({ url: `user:${secret}@nowhere` })],
    ['another protocol', () => httpSink({ url: `ftp://user:${secret}@host/` })],
    ['a header value with a line break', () => httpSink({ url, headers: { 'x-key': `${secret}\r\nx: y` } })],
  ])('httpSink() keeps them out of the error about %s', (_, make) => {
    expect(make).toThrow(TypeError);
    try {
      make();
    } catch (error) {
      expect(inspect(error)).not.toContain(secret);
    }
  });
});

test.each([
  ['x-key', 'a\r\nb: c'],
  ['x-key', 'a\nb'],
  ['x-key', 'trailing\n'],
  ['x-key', 'nul\0'],
  ['x-key', 'wide ✓'],
  ['x key', 'a'],
  ['x:key', 'a'],
  ['x-key\r\nb', 'a'],
  ['', 'a'],
  ['Content-Length', '5'],
  ['transfer-encoding', 'chunked'],
  ['x-key', 7 as unknown as string],
])('httpSink() refuses the header %j: %j, given or made', async (name, value) => {
  expect(() => httpSink({ url, headers: { [name]: value } })).toThrow(TypeError);
  const made = httpSink({ url, headers: () => ({ [name]: value }) });
  await expect(writeOne(made, chunkOf([1]))).rejects.toThrow(TypeError);
  expect(requests).toHaveLength(0);
});

test.each<[Partial<HttpSinkOptions>, string]>([
  [{ method: 'GET' as 'PUT' }, 'method must be one of POST, PUT, PATCH, got "GET"'],
  [{ body: 'xml' as 'json' }, 'body must be one of json, ndjson, got "xml"'],
  [
    { keysHonoured: true, idempotencyKey: false },
    'keysHonoured must be false without idempotencyKey, got true',
  ],
])('httpSink(%j) is a TypeError', (options, message) => {
  expect(() => httpSink({ url, ...options })).toThrow(new TypeError(message));
});

test('httpSink() states its limits and its guarantee', () => {
  expect(httpSink({ url, limits: { records: 5 } }).limits).toEqual({ records: 5 });
  expect(httpSink({ url }).guarantee).toBe('at-least-once');
  expect(httpSink({ url, keysHonoured: true }).guarantee).toBe('effectively-once');
});

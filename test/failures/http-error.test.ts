import { afterEach, expect, test, vi } from 'vitest';
import { HttpError, httpError } from '../../src/failures/index.ts';

afterEach(() => vi.useRealTimers());

const messageOf = async (body: string | null, init: ResponseInit = { status: 503 }) =>
  (await httpError(new Response(body, init))).message;

test('httpError() tells the status, its name and the beginning of the body', async () => {
  const headers = { 'retry-after': '7' };
  const response = new Response('down for repairs', {
    status: 503,
    statusText: 'Service Unavailable',
    headers,
  });
  const error = await httpError(response);
  expect(error).toBeInstanceOf(HttpError);
  expect(error.message).toBe('HTTP 503 Service Unavailable: down for repairs');
  expect(error.status).toBe(503);
  expect(error.retryAfterMs).toBe(7_000);
});

test('httpError() names a status that came without a name, as in HTTP/2', async () => {
  expect(await messageOf('x', { status: 429 })).toBe('HTTP 429 Too Many Requests: x');
  expect(await messageOf('x', { status: 599 })).toBe('HTTP 599: x');
});

test('httpError() of no body is the status alone', async () => {
  expect(await messageOf(null)).toBe('HTTP 503 Service Unavailable');
  expect(await messageOf('  \n ')).toBe('HTTP 503 Service Unavailable');
  expect((await httpError(new Response(null, { status: 503 }))).retryAfterMs).toBeUndefined();
});

test('httpError() shows 200 characters, none of them cut in half', async () => {
  const message = await messageOf('😀'.repeat(300));
  expect(message).toBe(`HTTP 503 Service Unavailable: ${'😀'.repeat(200)}`);
});

test('httpError() leaves out what could rewrite a terminal', async () => {
  const message = await messageOf('\u001B[31mred\u001B[0m\r\n\u0000a\u0007b\u202Ec\u200B\td');
  expect(message).toBe('HTTP 503 Service Unavailable: red a bc d');
});

test('httpError() shows a detail instead of the body, which it lets go', async () => {
  let isCancelled = false;
  const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
  const error = await httpError(new Response(body, { status: 400 }), 'the header is missing');
  expect(error.message).toBe('HTTP 400 Bad Request: the header is missing');
  expect(isCancelled).toBe(true);
});

test('httpError() reads an endless body no further than it shows, and lets it go', async () => {
  let pieces = 0;
  let isCancelled = false;
  const body = new ReadableStream({
    pull: (controller) => {
      pieces++;
      controller.enqueue(new Uint8Array(64).fill(0x61));
    },
    cancel: () => void (isCancelled = true),
  });
  const error = await httpError(new Response(body, { status: 500 }));
  expect(error.message).toBe(`HTTP 500 Internal Server Error: ${'a'.repeat(200)}`);
  expect(isCancelled).toBe(true);
  expect(pieces).toBeLessThan(10);
});

test('httpError() waits a second for a body that stalls', async () => {
  vi.useFakeTimers();
  let isCancelled = false;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('so far')),
    cancel: () => void (isCancelled = true),
  });
  const made = httpError(new Response(body, { status: 500 }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect((await made).message).toBe('HTTP 500 Internal Server Error: so far');
  expect(isCancelled).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('httpError() of a body that breaks off is still about the status', async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) });
  expect((await httpError(new Response(body, { status: 502 }))).message).toBe('HTTP 502 Bad Gateway');
  const used = new Response('x', { status: 502 });
  await used.text();
  expect((await httpError(used)).message).toBe('HTTP 502 Bad Gateway');
});

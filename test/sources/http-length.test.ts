import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type HttpSourceOptions, httpSource } from '../../src/sources/http-source.ts';

const BODY = 'x'.repeat(1_000);
const CHUNKED = 'HTTP/1.1 200 OK\r\netag: "v1"\r\ntransfer-encoding: chunked\r\n\r\n';

/** A server that answers each connection with the next text, and then ends it or cuts it off. */
async function server(...answers: readonly string[]): Promise<string> {
  let next = 0;
  const listener = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answers[Math.min(next++, answers.length - 1)]!));
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => void listener.close());
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}/data.txt`;
}

async function read(url: string, options: HttpSourceOptions = {}): Promise<string> {
  const source = httpSource(url, { backoff: { initialDelayMs: 1 }, maxRetries: 1, ...options });
  const content = await source.open({ signal: new AbortController().signal });
  if (content.kind !== 'bytes') throw new Error('not bytes');
  const pieces: Uint8Array[] = [];
  for await (const piece of content.pieces) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const rest = (from: number, to: number, total: number | string, more = 'etag: "v1"\r\n') =>
  `HTTP/1.1 206 Partial Content\r\n${more}content-range: bytes ${from}-${to - 1}/${total}\r\ncontent-length: ${to - from}\r\nconnection: close\r\n\r\n${BODY.slice(from, to)}`;

test('a body of unknown length that is cut is read to the length that the rest tells, however small the parts', async () => {
  const url = await server(
    CHUNKED + chunk(BODY.slice(0, 100)),
    rest(100, 150, 1_000),
    rest(150, 1_000, 1_000),
  );
  expect(await read(url)).toBe(BODY);
});

test('a rest that ends before the body does is never the end', async () => {
  const url = await server(
    CHUNKED + chunk(BODY.slice(0, 100)),
    rest(100, 150, 1_000),
    'HTTP/1.1 500 No\r\nconnection: close\r\n\r\n',
  );
  await expect(read(url)).rejects.toMatchObject({ code: 'SOURCE_TRUNCATED' });
});

test.each([
  ['does not say how long the content is', rest(100, 150, '*'), 'does not say how long'],
  ['does not say of which version it is', rest(100, 1_000, 1_000, ''), 'of which version'],
  ['is of another version', rest(100, 1_000, 1_000, 'etag: "v2"\r\n'), 'another ETag'],
  ['begins elsewhere', rest(101, 1_000, 1_000), 'another part'],
])('a rest that %s is an error', async (_what, answer, message) => {
  const url = await server(CHUNKED + chunk(BODY.slice(0, 100)), answer);
  await expect(read(url)).rejects.toMatchObject({
    code: 'SOURCE_CHANGED',
    message: expect.stringContaining(message) as string,
  });
});

test('a body that ends before its length, and cannot be resumed, is an error', async () => {
  const url = await server(
    `HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n${BODY.slice(0, 100)}`,
  );
  await expect(read(url)).rejects.toMatchObject({
    code: 'SOURCE_TRUNCATED',
    message: expect.stringContaining('byte 100') as string,
  });
});

test('a rest that is longer than the body should be is an error', async () => {
  const long = `HTTP/1.1 206 Partial Content\r\netag: "v1"\r\ncontent-range: bytes 100-149/150\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chunk('y'.repeat(60))}0\r\n\r\n`;
  const url = await server(CHUNKED + chunk(BODY.slice(0, 100)), long);
  await expect(read(url)).rejects.toMatchObject({
    code: 'SOURCE_TRUNCATED',
    message: expect.stringContaining('longer than the 150 bytes') as string,
  });
});

test.each(['', 'connection: close\r\n'])(
  'a body whose end nothing tells is refused, unless that is allowed (%j)',
  async (header) => {
    const answer = `HTTP/1.1 200 OK\r\n${header}\r\n${BODY}`;
    await expect(read(await server(answer))).rejects.toMatchObject({
      code: 'SOURCE_TRUNCATED',
      message: expect.stringContaining('without saying how long') as string,
    });
    expect(await read(await server(answer), { allowUnknownLength: true })).toBe(BODY);
  },
);

test('fetch is the function that sends requests', async () => {
  const asked: string[] = [];
  const fetch = async (url: string | URL) => {
    asked.push(url.toString());
    return new Response(BODY, { headers: { 'content-length': String(BODY.length) } });
  };
  expect(await read('http://example.com/a.txt', { fetch: fetch as typeof globalThis.fetch })).toBe(BODY);
  expect(asked).toEqual(['http://example.com/a.txt']);
});

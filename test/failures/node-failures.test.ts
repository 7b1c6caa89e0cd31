import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { request } from 'node:http';
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { request as requestHttps } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, onTestFinished, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from './expect-failure.ts';
import { deadPort, listen, serveRaw } from './servers.ts';

type Row = readonly [what: string, fail: () => Promise<unknown>, Expected];

const passing = (why: string | RegExp): Expected => ({ kind: 'not-applied', why });
const unknown = (why: string | RegExp): Expected => ({ kind: 'unknown-outcome', why });
const wrong = (why: string | RegExp): Expected => ({ kind: 'run-wide', why });
const aborted: Expected = { kind: 'aborted', why: 'abort' };

const NET: readonly Row[] = [
  ['nobody listens', async () => connected(connect(await deadPort(), '127.0.0.1')), passing('ECONNREFUSED')],
  [
    'no address of the host listens',
    async () => connected(connect(await deadPort(), 'localhost')),
    passing('ECONNREFUSED'),
  ],
  ['the port is taken', async () => listening(await listen(createServer())), passing('EADDRINUSE')],
  ['the address is of another machine', () => listening(0, '203.0.113.1'), passing('EADDRNOTAVAIL')],
  [
    'the other side hangs up while we write',
    () => write((socket) => socket.resetAndDestroy()),
    unknown(/^(?:ECONNRESET|EPIPE)$/),
  ],
  ['a stream ends too early', brokenPipeline, unknown('ERR_STREAM_PREMATURE_CLOSE')],
  ['the name server is silent', () => resolveAt(() => undefined), passing('ETIMEOUT')],
  ['the name server fails', () => resolveAt((reply) => reply(2)), passing('ESERVFAIL')],
  [
    'the name server knows no such host',
    () => resolveAt((reply) => reply(3)),
    { kind: 'not-applied', why: 'ENOTFOUND', attempts: 2 },
  ],
  ['a signal aborts a wait', () => pause(10_000, undefined, { signal: AbortSignal.abort() }), aborted],
  [
    'a signal times a wait out',
    () => pause(10_000, undefined, { signal: AbortSignal.timeout(1) }),
    unknown('timeout'),
  ],
];

const HTTP: readonly Row[] = [
  [
    'nobody listens',
    async () => answered(request({ port: await deadPort(), host: '127.0.0.1' })),
    passing('ECONNREFUSED'),
  ],
  ['the connection is closed', () => ask((socket) => socket.end()), unknown('ECONNRESET')],
  ['the connection is reset', () => ask((socket) => socket.resetAndDestroy()), unknown('ECONNRESET')],
  [
    'the answer is of another protocol',
    () => ask((socket) => socket.end('220 smtp ready\r\n')),
    { ...unknown('HPE_INVALID_CONSTANT'), attempts: 2 },
  ],
  [
    'the answer has no number for a length',
    () => ask((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n')),
    { ...unknown('HPE_INVALID_CONTENT_LENGTH'), attempts: 2 },
  ],
  [
    'the head of the answer is too long',
    () => ask((socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)),
    { ...unknown('HPE_HEADER_OVERFLOW'), attempts: 2 },
  ],
  [
    'the connection ends during the TLS handshake',
    () => ask((socket) => socket.end(), requestHttps),
    passing(/^ECONNRESET \(Client network socket disconnected/),
  ],
  [
    'the server speaks no TLS',
    () => ask((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), requestHttps),
    wrong('EPROTO'),
  ],
];

const HTTP2: readonly Row[] = [
  [
    'the server refuses the stream',
    () => askHttp2((stream) => stream.close(7)),
    passing(/NGHTTP2_REFUSED_STREAM/),
  ],
  ['the server has an error', () => askHttp2((stream) => stream.close(2)), unknown('ERR_HTTP2_STREAM_ERROR')],
  ['the server is too busy', () => askHttp2((stream) => stream.close(11)), unknown('ERR_HTTP2_STREAM_ERROR')],
  ['the session has gone away', afterGoaway, passing('ERR_HTTP2_GOAWAY_SESSION')],
];

describe.each([
  ['node', NET],
  ['node:http', HTTP],
  ['node:http2', HTTP2],
])('%s fails because', (_, rows) => {
  test.for(rows)('%s', async ([, fail, expected]) => {
    await expectFailure(await errorOf(fail), expected);
  });
});

function connected(socket: Socket): Promise<unknown> {
  onTestFinished(() => void socket.destroy());
  return once(socket, 'connect');
}

async function listening(port: number, host = '127.0.0.1'): Promise<void> {
  await once(createServer().listen(port, host), 'listening');
}

async function write(happen: (socket: Socket) => void): Promise<unknown> {
  const { port } = new URL(await serveRaw(happen));
  const socket = connect(Number(port), '127.0.0.1');
  const failed = once(socket, 'close');
  socket.write('x'.repeat(1_000_000));
  return failed;
}

async function brokenPipeline(): Promise<void> {
  const from = new PassThrough();
  const all = pipeline(from, new PassThrough());
  from.destroy();
  await all;
}

/** Asks a name server that is silent, or replies with the code. */
async function resolveAt(answer: (reply: (code: number) => void) => void): Promise<unknown> {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  server.on('message', (question, { port, address }) =>
    answer((code) => {
      const reply = Buffer.from(question);
      reply.writeUInt16BE(0x8180 | code, 2);
      server.send(reply, port, address);
    }),
  );
  const resolver = new Resolver({ timeout: 20, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.address().port}`]);
  return resolver.resolve4('example.com');
}

async function answered(asked: ReturnType<typeof request>): Promise<unknown> {
  const answer = once(asked, 'response');
  asked.end();
  return answer;
}

async function ask(happen: (socket: Socket) => void, how = request): Promise<unknown> {
  const { port } = new URL(await serveRaw(happen));
  return answered(how({ host: '127.0.0.1', port, method: 'POST' }));
}

async function askHttp2(happen: (stream: ServerHttp2Stream) => void): Promise<unknown> {
  const server = createHttp2Server();
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    happen(stream);
  });
  return once(
    await clientOf(server).then((client) => client.request({ ':method': 'POST' }).end('{}')),
    'response',
  );
}

async function afterGoaway(): Promise<unknown> {
  const server = createHttp2Server();
  server.on('session', (session) => session.goaway());
  const client = await clientOf(server);
  await once(client, 'goaway');
  return once(client.request({ ':method': 'POST' }), 'response');
}

async function clientOf(server: ReturnType<typeof createHttp2Server>) {
  server.on('sessionError', () => undefined);
  const client = connectHttp2(`http://127.0.0.1:${await listen(server as unknown as Server)}`);
  onTestFinished(() => client.destroy());
  return client.on('error', () => undefined);
}

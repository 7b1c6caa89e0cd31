import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What the server does with one request. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface HostileServer {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
}

/** A server on loopback that goes through its behaviours, one a request; the last one stays. It ends with the test. */
export async function hostileServer(
  ...behaviours: readonly [Behaviour, ...Behaviour[]]
): Promise<HostileServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const behaviour = behaviours[Math.min(requests.length, behaviours.length - 1)]!;
    requests.push(request);
    behaviour(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.ndjson`, requests };
}

/** The whole body, with a strong ETag, or the part that is asked for. */
export const whole =
  (body: Buffer, etag = '"v1"'): Behaviour =>
  (request, response) => {
    const from = rangeOf(request);
    if (from === undefined) response.writeHead(200, { etag, 'content-length': body.length }).end(body);
    else if (from >= body.length)
      response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    else
      part(body.subarray(from), `bytes ${from}-${body.length - 1}/${body.length}`, etag)(request, response);
  };

export const part =
  (body: Buffer, contentRange: string, etag = '"v1"'): Behaviour =>
  (_request, response) =>
    void response
      .writeHead(206, { etag, 'content-range': contentRange, 'content-length': body.length })
      .end(body);

/** Says that the body is whole, and destroys the connection after `bytes` of it. */
export const cutAfter =
  (body: Buffer, bytes: number, headers: Record<string, string> = { etag: '"v1"' }): Behaviour =>
  (request, response) => {
    const from = rangeOf(request) ?? 0;
    const status = from > 0 ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, {
      ...headers,
      ...status,
      'content-length': String(body.length - from),
    });
    response.write(body.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 5));
  };

/** Sends a part of the body and then nothing, for ever. */
export const stallAfter =
  (body: Buffer, bytes: number): Behaviour =>
  (_request, response) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': body.length });
    response.write(body.subarray(0, bytes));
  };

export const status =
  (code: number, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    void response.writeHead(code, headers).end(`status ${code}`);

function rangeOf({ headers }: IncomingMessage): number | undefined {
  const from = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
  return from === undefined ? undefined : Number(from);
}

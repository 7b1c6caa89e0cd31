import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { type HttpSourceOptions, httpSource } from '../../src/sources/http-source.ts';
import { readRecords } from '../../src/streams/read-records.ts';
import {
  type Behaviour,
  cutAfter,
  hostileServer,
  part,
  stallAfter,
  status,
  whole,
} from '../support/hostile-server.ts';

const body = Buffer.from(Array.from({ length: 5_000 }, (_, id) => `{"id":${id}}\n`).join(''));
const fast: HttpSourceOptions = { backoff: { initialDelayMs: 1 } };

/** The whole body, whatever part is asked for. */
const all =
  (etag?: string, whole = body): Behaviour =>
  (_request, response) =>
    void response.writeHead(200, { 'content-length': whole.length, ...(etag && { etag }) }).end(whole);

/** The beginning of the body, without a length, whatever part is asked for. */
const chunked =
  (bytes: number, isCut: boolean): Behaviour =>
  (_request, response) => {
    response.writeHead(200, { etag: '"v1"' });
    response.write(body.subarray(0, bytes), () =>
      setTimeout(() => (isCut ? response.destroy() : response.end()), 5),
    );
  };

async function read(
  url: string,
  options: HttpSourceOptions = fast,
  signal = new AbortController().signal,
): Promise<string> {
  const content = await httpSource(url, options).open({ signal });
  if (content.kind !== 'bytes') throw new Error('not bytes');
  const pieces: Uint8Array[] = [];
  for await (const piece of content.pieces) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('httpSource()', () => {
  test('reads a body, and asks for it as it is stored', async () => {
    const { url, requests } = await hostileServer(whole(body));
    expect(await read(url)).toBe(body.toString());
    expect(requests[0]!.headers['accept-encoding']).toBe('identity');
  });

  test.each([0, 1, 1_000, body.length - 1])(
    'goes on behind byte %i, where the body was cut',
    async (bytes) => {
      const { url, requests } = await hostileServer(cutAfter(body, bytes), whole(body));
      expect(await read(url)).toBe(body.toString());
      expect(requests).toHaveLength(2);
      expect(requests[1]!.headers).toMatchObject({
        range: expect.stringMatching(/^bytes=\d+-$/) as string,
        'if-match': '"v1"',
      });
    },
  );

  test('goes on as often as there is progress, also with no retry left', async () => {
    const { url, requests } = await hostileServer(
      ...([1, 2, 3, 4, 5, 6].map(() => cutAfter(body, 9_000)) as [ReturnType<typeof cutAfter>]),
      whole(body),
    );
    expect(await read(url, { ...fast, maxRetries: 1 })).toBe(body.toString());
    expect(requests.length).toBeGreaterThan(5);
  });

  test('goes on when no byte has come for a while', async () => {
    const { url } = await hostileServer(stallAfter(body, 500), whole(body));
    expect(await read(url, { ...fast, inactivityMs: 60 })).toBe(body.toString());
  });

  test.each([408, 429, 500, 502, 503, 504])('asks again after HTTP %i', async (code) => {
    const { url, requests } = await hostileServer(
      status(code, { 'retry-after': '0' }),
      status(code),
      whole(body),
    );
    expect(await read(url)).toBe(body.toString());
    expect(requests).toHaveLength(3);
  });

  test.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2_000).toUTCString()],
  ])('never asks before Retry-After, in %s', async (_form, value) => {
    const times: number[] = [];
    const busy = status(503, { 'retry-after': value() });
    const { url } = await hostileServer(
      (request, response) => {
        times.push(Date.now());
        busy(request, response);
      },
      (request, response) => {
        times.push(Date.now());
        whole(body)(request, response);
      },
    );
    await read(url);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(900);
  });

  test.each([0, 1, 1_000, body.length - 1])(
    'leaves out what it has when the server sends the whole body again (cut behind byte %i)',
    async (bytes) => {
      const { url, requests } = await hostileServer(cutAfter(body, bytes), all('"v1"'));
      expect(await read(url)).toBe(body.toString());
      expect(requests).toHaveLength(2);
    },
  );

  test('leaves out what it has of a body of unknown length', async () => {
    const { url } = await hostileServer(
      chunked(30_000, true),
      chunked(20_000, true),
      chunked(body.length, false),
    );
    expect(await read(url)).toBe(body.toString());
  });

  test('takes no end for that of the body that lies before what it has', async () => {
    const { url, requests } = await hostileServer(chunked(30_000, true), chunked(20_000, false));
    await expect(read(url)).rejects.toMatchObject({
      code: 'SOURCE_TRUNCATED',
      message: /asked for again, and ended after 20000 bytes$/,
    });
    expect(requests).toHaveLength(4);
  });

  test('takes a body that comes again without a told end for incomplete', async () => {
    const { url } = await hostileServer(chunked(30_000, true), (_request, response) => {
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { etag: '"v1"', connection: 'close' }).end(body.subarray(0, 40_000));
    });
    await expect(read(url)).rejects.toMatchObject({ code: 'SOURCE_TRUNCATED' });
  });

  test('gives up a server that begins anew again and again, and never comes further', async () => {
    const again: Behaviour = (_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': body.length });
      response.write(body.subarray(0, 100), () => setTimeout(() => response.destroy(), 5));
    };
    const { url, requests } = await hostileServer(again);
    await expect(read(url)).rejects.toMatchObject({ code: 'SOURCE_TRUNCATED' });
    expect(requests).toHaveLength(4);
  });

  test('takes a body of unknown length for complete when there is nothing behind its cut (416)', async () => {
    const { url, requests } = await hostileServer((_request, response) => {
      response.writeHead(200, { etag: '"v1"' });
      response.write(body, () => setTimeout(() => response.destroy(), 5));
    }, whole(body));
    expect(await read(url)).toBe(body.toString());
    expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${body.length}-`]);
  });

  test.each([
    ['another ETag (412)', [cutAfter(body, 100), status(412)], 'SOURCE_CHANGED'],
    [
      'another ETag on the rest',
      [cutAfter(body, 100), part(body.subarray(100), `bytes 100-${body.length - 1}/${body.length}`, '"v2"')],
      'SOURCE_CHANGED',
    ],
    [
      'the whole body of another version instead of the rest',
      [cutAfter(body, 100), all('"v2"')],
      'SOURCE_CHANGED',
    ],
    ['the whole body of no version instead of the rest', [cutAfter(body, 100), all()], 'SOURCE_CHANGED'],
    [
      'another length of the whole body instead of the rest',
      [cutAfter(body, 100), all('"v1"', body.subarray(1))],
      'SOURCE_CHANGED',
    ],
    [
      'another part than the rest',
      [cutAfter(body, 100), part(body.subarray(50), `bytes 50-${body.length - 1}/${body.length}`)],
      'SOURCE_CHANGED',
    ],
    [
      'another total',
      [cutAfter(body, 100), part(body.subarray(100), `bytes 100-${body.length - 1}/${body.length + 5}`)],
      'SOURCE_CHANGED',
    ],
    [
      'a shorter body (416)',
      [cutAfter(body, 100), status(416, { 'content-range': 'bytes */50' })],
      'SOURCE_CHANGED',
    ],
    ['a weak ETag', [cutAfter(body, 100, { etag: 'W/"v1"' })], 'SOURCE_TRUNCATED'],
    ['no ETag', [cutAfter(body, 100, {})], 'SOURCE_TRUNCATED'],
    ['nothing but cuts', [cutAfter(body, 100), cutAfter(body, 0)], 'SOURCE_TRUNCATED'],
    ['HTTP 404', [status(404)], 'SOURCE_FAILED'],
    ['HTTP 401', [status(401)], 'SOURCE_FAILED'],
    ['HTTP 503 for ever', [status(503)], 'SOURCE_FAILED'],
    ['Retry-After beyond the maximum', [status(503, { 'retry-after': '100000' })], 'SOURCE_FAILED'],
  ] as const)('fails on %s, and never reads short', async (_what, behaviours, code) => {
    const { url } = await hostileServer(...(behaviours as unknown as Parameters<typeof hostileServer>));
    await expect(read(url)).rejects.toMatchObject({ code, message: expect.stringContaining(url) as string });
  });

  test('takes a body that the server compressed on the way, but does not resume it', async () => {
    const zipped = gzipSync(body);
    const headers = { etag: '"v1"', 'content-encoding': 'gzip', 'content-length': String(zipped.length) };
    const { url } = await hostileServer(
      (_request, response) => void response.writeHead(200, headers).end(zipped),
    );
    expect(await read(url)).toBe(body.toString());
    const cut = await hostileServer((_request, response) => {
      response.writeHead(200, headers);
      response.write(zipped.subarray(0, 2_000), () => setTimeout(() => response.destroy(), 5));
    });
    await expect(read(cut.url)).rejects.toMatchObject({ code: 'SOURCE_TRUNCATED' });
  });

  test('does not decompress again by the name what came decompressed', async () => {
    const { url } = await hostileServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('{"id":1}\n'));
    });
    const records: unknown[] = [];
    for await (const block of readRecords(`${url}/a.ndjson.br`))
      records.push(...(block as RecordBlock).records);
    expect(records).toEqual([{ id: 1 }]);
  });

  test('does not ask again for what will not pass', async () => {
    const { url, requests } = await hostileServer(status(404));
    await expect(read(url)).rejects.toThrow('HTTP 404 Not Found: status 404');
    expect(requests).toHaveLength(1);
  });

  test('gives headers anew for each request', async () => {
    let token = 0;
    const { url, requests } = await hostileServer(cutAfter(body, 100), whole(body));
    await read(url, { ...fast, headers: () => ({ authorization: `Bearer ${++token}` }) });
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });

  test('shows no credentials', async () => {
    const { url, requests } = await hostileServer(status(403));
    const secret = `${url.replace('//', '//user:canary@')}?token=canary&page=1`;
    const error = await read(secret).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('page=1');
    expect(`${String(error)} ${JSON.stringify(error)} ${httpSource(secret).name}`).not.toContain('canary');
    expect(requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('user:canary').toString('base64')}`);
  });

  test.each(['request', 'body', 'wait'] as const)(
    'ends when it is aborted in the middle of a %s',
    async (place) => {
      const stopping = new AbortController();
      const behaviour = {
        request: () => stopping.abort(new Error('enough')),
        body: (request: unknown, response: unknown) => {
          stallAfter(body, 10)(request as never, response as never);
          setTimeout(() => stopping.abort(new Error('enough')), 20);
        },
        wait: (request: unknown, response: unknown) => {
          status(503)(request as never, response as never);
          setTimeout(() => stopping.abort(new Error('enough')), 20);
        },
      }[place];
      const { url } = await hostileServer(behaviour as never);
      await expect(read(url, {}, stopping.signal)).rejects.toThrow('enough');
    },
  );

  test.each([
    ['ftp://example.com/x', {}, TypeError, 'url must be an http: or https: URL'],
    ['http://user:canary@[bad', {}, TypeError, 'url must be'],
    ['http://example.com', { inactivityMs: 0 }, RangeError, 'inactivityMs must be an integer from 1'],
    ['http://example.com', { maxRetries: -1 }, RangeError, 'maxRetries must be an integer from 0'],
  ])('refuses %s with %j', (url, options, kind, message) => {
    expect(() => httpSource(url, options)).toThrow(kind);
    expect(() => httpSource(url, options)).toThrow(message);
    expect(() => httpSource(url, options)).not.toThrow('canary');
  });
});

describe('A redirect', () => {
  const headers = { authorization: 'canary', cookie: 'canary', 'x-api-key': 'canary' };

  test.each([301, 302, 303, 307, 308])(
    '(HTTP %i) to another origin takes no header of the user along',
    async (code) => {
      const target = await hostileServer(whole(body));
      const origin = await hostileServer(status(code, { location: target.url }));
      expect(await read(origin.url, { ...fast, headers })).toBe(body.toString());
      expect(origin.requests[0]!.headers).toMatchObject(headers);
      for (const name of Object.keys(headers)) expect(target.requests[0]!.headers).not.toHaveProperty(name);
      expect(target.requests[0]!.headers).toHaveProperty('accept-encoding', 'identity');
    },
  );

  test.each([301, 302, 303, 307, 308])('(HTTP %i) within the origin keeps them', async (code) => {
    const { url, requests } = await hostileServer(status(code, { location: '/other' }), whole(body));
    await read(url, { ...fast, headers });
    expect(requests[1]).toMatchObject({ url: '/other', headers });
  });

  test.each([
    ['in circles', '/data.ndjson', 'more than 5 times'],
    ['to a file', 'file:///etc/passwd', 'no http(s) URL'],
    ['to nonsense', 'http://[', 'no http(s) URL'],
  ])('%s is refused', async (_what, location, message) => {
    const { url } = await hostileServer(status(302, { location }));
    await expect(read(url)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining(message) as string,
    });
  });
});

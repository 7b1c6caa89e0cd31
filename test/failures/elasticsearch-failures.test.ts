import type { RequestListener } from 'node:http';
import { Client, type ClientOptions } from '@elastic/elasticsearch';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { PartialWriteError } from '../../src/core/errors.ts';
import { deliver, done, failureOf, sinkThat, throws } from '../delivery/deliveries.ts';
import { type Expected, errorOf, expectFailure } from './expect-failure.ts';
import { deadPort, serve, serveRaw } from './servers.ts';

type Row = readonly [what: string, node: () => Promise<string>, Expected, options?: Partial<ClientOptions>];

const HEADERS = {
  'content-type': 'application/vnd.elasticsearch+json;compatible-with=9',
  'x-elastic-product': 'Elasticsearch',
};

/** An answer to the whole request, as servers word it. */
const answer = (status: number, type: string, headers: Record<string, string> = {}) =>
  serving((request, response) => {
    const body = { error: { root_cause: [{ type, reason: 'because' }], type, reason: 'because' }, status };
    request
      .resume()
      .on('end', () => response.writeHead(status, { ...HEADERS, ...headers }).end(JSON.stringify(body)));
  });
const serving = (listener: RequestListener) => () => serve(listener);

const throttled = (why: string): Expected => ({ kind: 'throttled', why });
const unknown = (why: string): Expected => ({ kind: 'unknown-outcome', why });
const wrong = (why: string): Expected => ({ kind: 'run-wide', why });
const passing: Expected = { kind: 'not-applied', why: 'ConnectionError' };

const ROWS: readonly Row[] = [
  [
    'it is asked too much',
    answer(429, 'es_rejected_execution_exception'),
    throttled('es_rejected_execution_exception'),
  ],
  [
    'it says for how long',
    answer(429, 'es_rejected_execution_exception', { 'retry-after': '9' }),
    { ...throttled('es_rejected_execution_exception'), retryAfterMs: 9_000 },
  ],
  ['its memory is short', answer(429, 'circuit_breaking_exception'), throttled('circuit_breaking_exception')],
  [
    'its disk is nearly full',
    answer(429, 'cluster_block_exception'),
    { ...throttled('cluster_block_exception'), retryAfterMs: 30_000 },
  ],
  ['it has no master', answer(503, 'master_not_discovered_exception'), throttled('HTTP 503')],
  ['it fails', answer(500, 'exception'), unknown('HTTP 500')],
  ['a proxy lost it', answer(502, 'bad_gateway'), unknown('HTTP 502')],
  ['a proxy did not wait for it', answer(504, 'gateway_timeout'), unknown('HTTP 504')],
  ['the request is too large', answer(413, 'content_too_long'), { kind: 'too-large', why: 'HTTP 413' }],
  [
    'the request makes no sense',
    answer(400, 'x_content_parse_exception'),
    { kind: 'bad-records', why: 'HTTP 400' },
  ],
  ['the index is not there', answer(404, 'index_not_found_exception'), wrong('index_not_found_exception')],
  ['the index is closed', answer(400, 'index_closed_exception'), wrong('index_closed_exception')],
  ['we are not known', answer(401, 'security_exception'), wrong('security_exception')],
  ['we must not write', answer(403, 'security_exception'), wrong('security_exception')],
  ['nobody listens', async () => `http://127.0.0.1:${await deadPort()}`, passing],
  ['the connection is closed', () => serveRaw((socket) => socket.end()), unknown('ConnectionError')],
  [
    'the connection is reset',
    () => serveRaw((socket) => socket.resetAndDestroy()),
    unknown('ConnectionError'),
  ],
  ['no answer comes in time', () => serveRaw(() => undefined), unknown('timeout'), { requestTimeout: 20 }],
  [
    'the answer is cut',
    serving((_, response) => response.writeHead(200, HEADERS).end('{"items":[')),
    unknown('DeserializationError'),
  ],
  [
    'it is another server',
    serving((_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')),
    wrong('ProductNotSupportedError'),
  ],
  [
    'it speaks no TLS',
    async () => (await serve((_, response) => response.end())).replace('http:', 'https:'),
    wrong('ConnectionError'),
  ],
  [
    'the connection ends during the TLS handshake',
    async () => (await serveRaw((socket) => socket.end())).replace('http:', 'https:'),
    passing,
  ],
];

describe('the Elasticsearch client fails because', () => {
  test.for(ROWS)('%s', async ([, node, expected, options]) => {
    await expectFailure(await errorOf(async () => bulk(await node(), [{ id: 1 }], options)), expected);
  });

  test('a record cannot be written as JSON', async () => {
    const error = await errorOf(() => bulk('http://127.0.0.1:1', [{ id: 1n }]));
    await expectFailure(error, { kind: 'bad-records', why: 'SerializationError' });
  });
});

/** Items of replies to a bulk, as they were recorded. */
const item = (status: number, type: string, reason: string) => ({
  create: { _index: 'orders', _id: '7', status, error: { type, reason, index: 'orders', shard: '0' } },
});

const ITEMS: readonly (readonly [ReturnType<typeof item>, Expected])[] = [
  [
    item(429, 'es_rejected_execution_exception', 'rejected execution of coordinating operation'),
    throttled('es_rejected_execution_exception'),
  ],
  [
    item(429, 'rejected_execution_exception', 'rejected execution of primary operation'),
    throttled('rejected_execution_exception'),
  ],
  [
    item(429, 'circuit_breaking_exception', '[parent] Data too large, data for [<transport_request>]'),
    throttled('circuit_breaking_exception'),
  ],
  [
    item(
      429,
      'cluster_block_exception',
      'index [orders] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];',
    ),
    { ...throttled('cluster_block_exception'), retryAfterMs: 30_000 },
  ],
  [
    item(
      403,
      'cluster_block_exception',
      'index [orders] blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];',
    ),
    { ...throttled('cluster_block_exception'), retryAfterMs: 30_000 },
  ],
  [
    item(503, 'unavailable_shards_exception', '[orders][0] primary shard is not active Timeout: [1m]'),
    { kind: 'not-applied', why: 'unavailable_shards_exception' },
  ],
  [item(503, 'no_shard_available_action_exception', 'no shard available'), throttled('HTTP 503')],
  [item(500, 'exception', 'something went wrong'), unknown('HTTP 500')],
  [
    item(
      400,
      'mapper_parsing_exception',
      "failed to parse field [price] of type [long] in document with id '7'",
    ),
    { kind: 'bad-records', why: 'mapper_parsing_exception' },
  ],
  [
    item(
      400,
      'document_parsing_exception',
      "[1:10] failed to parse field [price] of type [long] in document with id '7'",
    ),
    { kind: 'bad-records', why: 'document_parsing_exception' },
  ],
  [
    item(
      400,
      'strict_dynamic_mapping_exception',
      'mapping set to strict, dynamic introduction of [more] within [_doc] is not allowed',
    ),
    { kind: 'bad-records', why: 'strict_dynamic_mapping_exception' },
  ],
  [
    item(400, 'illegal_argument_exception', 'Limit of total fields [1000] has been exceeded'),
    { kind: 'bad-records', why: 'illegal_argument_exception' },
  ],
  [
    item(
      409,
      'version_conflict_engine_exception',
      '[7]: version conflict, document already exists (current version [1])',
    ),
    { kind: 'bad-records', why: 'version_conflict_engine_exception' },
  ],
  [item(404, 'index_not_found_exception', 'no such index [orders]'), wrong('index_not_found_exception')],
  [
    item(403, 'security_exception', 'action [indices:data/write/bulk[s]] is unauthorized'),
    wrong('security_exception'),
  ],
];

describe('an item of a bulk that says', () => {
  test.for(ITEMS)('$0.create.status $0.create.error.type', async ([{ create }, expected]) => {
    await expectFailure(create, expected);
  });

  test('to wait is sent again, alone, and one that is refused for good is not', async () => {
    vi.useFakeTimers({ now: 0 });
    onTestFinished(() => void vi.useRealTimers());
    const [busy, bad] = [ITEMS[0]![0].create, ITEMS[8]![0].create];
    const sink = sinkThat(
      throws(
        new PartialWriteError(
          new Map([
            [0, busy],
            [2, bad],
          ]),
        ),
      ),
      done,
    );
    const delivery = await deliver(sink);
    expect(sink.attempts.map(({ chunk }) => chunk.records)).toEqual([
      [{ id: 1 }, { id: 2 }, { id: 3 }],
      [{ id: 1 }],
    ]);
    expect(delivery.events.map(({ delayMs }) => delayMs)).toEqual([1_000]);
    expect([...failureOf(delivery).refusals!]).toEqual([[2, bad]]);
  });
});

async function bulk(
  node: string,
  records: readonly object[],
  options: Partial<ClientOptions> = {},
): Promise<void> {
  const client = new Client({ node, maxRetries: 0, ...options });
  onTestFinished(() => client.close());
  await client.bulk({ operations: records.flatMap((record) => [{ index: { _index: 'orders' } }, record]) });
}

/** The second attempt is not the first: changed, consumed, under another key, or more than failed. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type HttpSinkOptions, httpSink } from '../../src/sinks/http-sink.ts';
import { listen } from '../failures/servers.ts';
import { busy, type Numbered, numbered, run } from './run.ts';

interface Sent {
  readonly body: string;
  readonly key: string | undefined;
}

/** A server that is busy for the first two requests of each chunk. */
async function busyServer() {
  const sent: Sent[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      sent.push({ body, key: request.headers['idempotency-key'] as string | undefined });
      response.writeHead(sent.length % 3 === 0 ? 200 : 503).end();
    });
  });
  return { url: `http://127.0.0.1:${await listen(server)}/`, sent };
}

const bodies: readonly [string, HttpSinkOptions<Numbered>['body']][] = [
  ['JSON', 'json'],
  ['NDJSON', 'ndjson'],
  ['a function', ({ records }) => records.map(({ id }) => id).join()],
  ['a stream', ({ records }) => new Blob([JSON.stringify(records)]).stream()],
];

test.each(bodies)('every attempt sends the same %s under the same key', async (_, body) => {
  const { url, sent } = await busyServer();
  const { error, summary } = await run<Numbered>({
    source: numbered(250),
    batchSize: 100,
    sink: httpSink<Numbered>({ url, ...(body !== undefined && { body }) }),
  });
  expect(error).toBeUndefined();
  expect(summary).toMatchObject({ written: 250, retries: 6 });
  expect(sent).toHaveLength(9);
  for (const chunk of [0, 3, 6]) {
    expect(sent[chunk]!.body.length).toBeGreaterThan(100);
    expect(sent.slice(chunk, chunk + 3)).toEqual([sent[chunk], sent[chunk], sent[chunk]]);
  }
  expect(new Set(sent.map(({ key }) => key)).size).toBe(3);
});

test('a sink that changes and consumes what it is given is given all of it again', async () => {
  const seen: string[] = [];
  const { error } = await run({
    source: numbered(250),
    batchSize: 100,
    sink: async (records: readonly Numbered[], { chunk }) => {
      seen.push(`${JSON.stringify(records)} ${chunk.id}`);
      for (const record of records as { id: number }[]) record.id = -1;
      (records as Numbered[]).length = 0;
      if (seen.length % 3 !== 0) throw busy();
    },
  });
  expect(error).toBeUndefined();
  expect(seen).toHaveLength(9);
  for (const first of [0, 3, 6]) expect(new Set(seen.slice(first, first + 3)).size).toBe(1);
});

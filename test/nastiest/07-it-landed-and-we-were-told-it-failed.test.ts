/** The work was done, and the answer cut off, lost or wrong. (At every byte, and of databases: test/faults.) */
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { httpSink } from '../../src/sinks/http-sink.ts';
import { listen } from '../failures/servers.ts';
import { idsOf, type Numbered, numbered, run } from './run.ts';

type Ending = (response: ServerResponse) => void;

/** Does the work of each request – of each key once where it honours keys – and ends the first answer in some way. */
async function server(honoursKeys: boolean, ending: Ending) {
  const stored: number[] = [];
  const keys = new Set<unknown>();
  let requests = 0;
  const api = createServer((request, response) => {
    void text(request).then((body) => {
      const key = request.headers['idempotency-key'];
      if (!honoursKeys || !keys.has(key)) stored.push(...idsOf(JSON.parse(body) as Numbered[]));
      keys.add(key);
      if (requests++ === 0) ending(response);
      else response.end();
    });
  });
  return { url: `http://127.0.0.1:${await listen(api)}/`, stored };
}

const endings: readonly [string, Ending][] = [
  ['cut off', (response) => void response.destroy()],
  ['cut off in its head', (response) => void response.socket!.end('HTTP/1.1 20')],
  ['never given', () => {}],
  ['a 502', (response) => void response.writeHead(502).end()],
  ['a 504', (response) => void response.writeHead(504).end()],
  ['a 500', (response) => void response.writeHead(500).end()],
];

describe.each(endings)('When the answer is %s', (_, ending) => {
  test('a server that honours keys has one copy', async () => {
    const { url, stored } = await server(true, ending);
    const { error, summary } = await run({
      source: numbered(250),
      batchSize: 100,
      sink: httpSink({ url, keysHonoured: true }),
      retry: { timeoutMs: 300 },
    });
    expect(error).toBeUndefined();
    expect(stored).toEqual(idsOf(numbered(250)));
    expect(summary).toMatchObject({ written: 250, possibleDuplicates: 0 });
  });

  test('another one may have two, and the summary says of how many', async () => {
    const { url, stored } = await server(false, ending);
    const { error, summary } = await run({
      source: numbered(250),
      batchSize: 100,
      sink: httpSink({ url }),
      retry: { timeoutMs: 300 },
    });
    expect(error).toBeUndefined();
    expect(stored).toHaveLength(350);
    expect(summary).toMatchObject({ written: 250, possibleDuplicates: 100 });
  });

  test('the run ends and says that it is not known, when asked to', async () => {
    const { url, stored } = await server(false, ending);
    const { error, summary } = await run({
      source: numbered(250),
      batchSize: 100,
      sink: httpSink({ url }),
      retry: { timeoutMs: 300, onUnknownOutcome: 'fail' },
    });
    expect(error?.message).toContain('it may be written or not');
    expect(stored).toHaveLength(100);
    expect(summary).toMatchObject({ written: 0, possibleDuplicates: 0 });
    expect(summary.unaccounted[0]).toMatchObject({ from: 1 });
  });
});

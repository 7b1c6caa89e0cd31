/**
 * The HTTP sink and the bulk helper of the Elasticsearch client, side by side, before the same server, in situations in
 * which the helper loses documents. Should a later version of it lose none any more, the expectation of it says so here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@elastic/elasticsearch';
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { summaryOf } from '../../src/pipeline/summary.ts';
import { httpSink } from '../../src/sinks/http-sink.ts';
import { bulkServer, type Operation } from './bulk-server.ts';

interface Change {
  readonly id: string;
  readonly isDeleted?: boolean;
}

const actionOf = ({ id, isDeleted }: Change): object => ({
  [isDeleted ? 'delete' : 'index']: { _index: 'orders', _id: id },
});

/** The sink that the docs show. */
function bulkSink(url: string) {
  return httpSink<Change>({
    url: `${url}_bulk`,
    contentType: 'application/x-ndjson',
    idempotencyKey: false,
    body: ({ records }) =>
      records
        .map(
          (change) =>
            `${JSON.stringify(actionOf(change))}\n${change.isDeleted ? '' : `${JSON.stringify(change)}\n`}`,
        )
        .join(''),
    async readAnswer(response: Response, chunk: Chunk<Change>) {
      const { items } = (await response.json()) as { items: Record<string, { status: number }>[] };
      if (items.length !== chunk.count)
        throw new Error(`${items.length} answers to ${chunk.count} operations`);
      const answers = items.map((item) => Object.values(item)[0]!);
      const refused = answers.flatMap((answer, i) => (answer.status < 300 ? [] : [[i, answer] as const]));
      if (refused.length > 0) throw new PartialWriteError(new Map(refused));
    },
  });
}

async function runOurs(
  url: string,
  source: BatchProcessorOptions<Change>['source'],
  options: Partial<BatchProcessorOptions<Change>> = {},
) {
  const processor = new BatchProcessor<Change>({
    source,
    sink: bulkSink(url),
    retry: { initialDelayMs: 1, maxDelayMs: 2 },
    ...options,
  });
  return processor.run().then(
    (summary) => ({ summary, error: undefined }),
    (error: unknown) => ({ summary: summaryOf(error)!, error: error as Error }),
  );
}

describe('When a request is under way and both time and size ask for the next one', () => {
  const COUNT = 30;
  const bytesOf = (change: Change) => JSON.stringify(actionOf(change)).length + JSON.stringify(change).length;

  /** Ten documents that fill a request, ten that wait until their time is up, ten that fill the next one. */
  async function* paced(size: number, waitMs: number): AsyncGenerator<Change, void> {
    for (let i = 0; i < COUNT; i++) {
      if (i === size + 5) await sleep(4 * waitMs);
      yield { id: String(i).padStart(4, '0') };
    }
  }

  /** Its first request is answered when all else has been asked for. */
  async function slowServer() {
    const { promise, resolve } = Promise.withResolvers<void>();
    return {
      ...(await bulkServer(undefined, async (request) => (request === 0 ? promise : undefined))),
      release: resolve,
    };
  }

  test('the helper of the client loses the documents whose time was up', async () => {
    const { url, done, release } = await slowServer();
    const helper = new Client({ node: url }).helpers.bulk<Change>({
      datasource: paced(10, 20),
      onDocument: (change) => actionOf(change) as { index: { _index: string } },
      flushBytes: 10 * bytesOf({ id: '0000' }),
      flushInterval: 20,
      concurrency: 1,
    });
    await sleep(300);
    release();
    const { successful, failed } = await helper;
    const whatItDid = { lost: COUNT - new Set(done).size > 0, told: successful + failed === COUNT };
    expect(whatItDid, 'the helper lost documents and did not tell').toEqual({ lost: true, told: false });
  });

  test('ours loses none', async () => {
    const { url, done, release } = await slowServer();
    const running = runOurs(url, paced(10, 20), { maxBytes: 10 * '{"id":"0000"}\n'.length, maxWaitMs: 20 });
    await sleep(300);
    release();
    const { summary, error } = await running;
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ read: COUNT, written: COUNT, unaccounted: [] });
    expect(done).toEqual(Array.from({ length: COUNT }, (_, i) => String(i).padStart(4, '0')));
  });
});

describe('When five deletes are refused with 429', () => {
  const deletes: readonly Change[] = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, isDeleted: true }));
  const busy = ({ action }: Operation) => (action === 'delete' ? 429 : 200);

  test('the helper of the client tells of three', async () => {
    const { url } = await bulkServer(busy);
    const dropped: unknown[] = [];
    const { failed, successful } = await new Client({ node: url }).helpers.bulk<Change>({
      datasource: [...deletes],
      onDocument: (change) => actionOf(change) as { delete: { _index: string; _id: string } },
      onDrop: (document) => void dropped.push(document),
      retries: 1,
      wait: 1,
    });
    expect({ dropped: dropped.length, failed, successful }, 'the helper told of fewer than it lost').toEqual({
      dropped: 3,
      failed: 3,
      successful: 0,
    });
  });

  test('ours names all five', async () => {
    const { url, requests } = await bulkServer(busy);
    const { summary, error } = await runOurs(url, deletes);
    expect(error).toMatchObject({ code: 'WRITE_FAILED', attempts: 4 });
    expect(summary).toMatchObject({ read: 5, written: 0 });
    expect(summary.unaccounted).toEqual([{ source: 'records', from: 1, to: 5 }]);
    expect(requests.map((operations) => operations.length)).toEqual([5, 5, 5, 5]);
  });

  test('and others are taken with them, ours sends only the five again, and loses none', async () => {
    let refusals = 0;
    const { url, done, requests } = await bulkServer((operation) =>
      operation.action === 'delete' && ++refusals <= 10 ? 429 : 200,
    );
    const kept: readonly Change[] = ['f', 'g'].map((id) => ({ id }));
    const mixed = [...deletes.slice(0, 3), ...kept, ...deletes.slice(3)];
    const { summary, error } = await runOurs(url, mixed);
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ read: 7, written: 7, retries: 2 });
    expect(done.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    expect(requests.map((operations) => operations.map(({ id }) => id).join(''))).toEqual([
      'abcfgde',
      'abcde',
      'abcde',
    ]);
  });
});

/** An error of the source, a transform, the sink or an abort commits what it must not, or leaves a connection behind. */
import { describe, expect, test } from 'vitest';
import type { BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { postgresSink } from '../../src/sinks/postgres-sink.ts';
import { PostgresPlace } from '../sinks/postgres-place.ts';
import { expectNoUnhandled, idsOf, numbered, run } from './run.ts';

const place = await PostgresPlace.reach();

type Breaking = (
  at: number,
  stop: AbortController,
) => Partial<BatchProcessorOptions<{ id: number | string }>>;

async function* endingAt(at: number) {
  for (const record of numbered(at - 1)) yield record;
  throw new Error('broken');
}

const breakings: readonly [string, Breaking][] = [
  ['the source', (at) => ({ source: endingAt(at) })],
  [
    'a transform',
    (at) => ({
      transform: (record) => {
        if (record.id === at) throw new Error('broken');
        return record;
      },
    }),
  ],
  ['the sink', (at) => ({ source: numbered(500).map(({ id }) => ({ id: id === at ? 'broken' : id })) })],
  [
    'an abort',
    (at, stop) => ({
      signal: stop.signal,
      transform: (record) => {
        if (record.id === at) stop.abort(new Error('broken'));
        return record;
      },
    }),
  ],
];

describe.each(breakings)('When %s ends the run', (what, breaking) => {
  test.each([1, 150, 500])(
    'at record %i, chunks are there whole or not at all, and no connection is left',
    async (at) => {
      const unhandled = expectNoUnhandled();
      await place.clear();
      await place.sql('CREATE TABLE orders (id integer)');
      const { error, summary } = await run<{ id: number | string }>({
        source: numbered(500),
        batchSize: 100,
        sink: postgresSink({ url: place.url, table: 'orders', ifExists: 'append' }),
        ...breaking(at, new AbortController()),
      });
      expect(error).toBeDefined();
      expect(`${error!.message} ${(error!.cause as Error | undefined)?.message}`).toContain('broken');
      const rows = await place.sql('SELECT id FROM orders ORDER BY id');
      const stored = rows.map(({ id }) => id as number);
      expect(stored).toEqual(idsOf(numbered(500)).filter((id) => stored.includes(id)));
      if (what !== 'the sink') expect(stored.length % 100).toBe(0);
      expect(stored.length).toBeGreaterThanOrEqual(summary.written);
      expect(stored).not.toContain(at);
      await expect.poll(() => place.countSessions()).toBe(0);
      expect(unhandled).not.toHaveBeenCalled();
    },
  );
});

import { beforeEach, expect, test } from 'vitest';
import { createChunk } from '../../src/core/chunk.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import { mariadbSink } from '../../src/sinks/mariadb-sink.ts';
import { begin, describeLedger, leave, storedIds } from './ledger-suite.ts';
import { describeLosses } from './losses-suite.ts';
import { MariadbPlace } from './mariadb-place.ts';
import { describeServer, type ServerPlace } from './server-suite.ts';
import { writeOne } from './writing.ts';

const place = await MariadbPlace.reach();
beforeEach(() => place.clear());

const server = {
  url: place.url,
  usualPort: 3306,
  create: ({ url = place.url, ...options } = {}) => mariadbSink({ url, table: 'orders', ...options }),
  sql: (text) => place.sql(text),
  endSessions: () => place.endSessions(),
  countWaiting: () => place.countWaiting(),
  countSessions: () => place.countSessions(),
} satisfies ServerPlace;

describeLedger('mariadbSink()', server);
describeServer('mariadbSink()', server);
describeLosses('mariadbSink()', server);

test('mariadbSink() notes a chunk by itself when both are more than the server takes at once', async () => {
  const [found] = await place.sql('SELECT @@max_allowed_packet AS bytes');
  const sink = server.create();
  await begin(sink);
  const room = Number(found!['bytes']) - 1_024 - "INSERT INTO `orders` (`id`, `text`) VALUES (1,'')".length;
  const end = { source: 0, records: 1, state: 'x'.repeat(5_000) };
  const records = [{ id: 1, text: 'x'.repeat(room - 1) }];
  const block = new ObjectBlock({ source: 'test.ndjson', start: { source: 0, records: 0 }, end, records });
  await writeOne(sink, createChunk({ index: 0, blocks: [block] }));
  expect(await sink.ledger.load('run')).toMatchObject({ cursor: end });
  await leave(sink);
  expect(await storedIds(place)).toEqual([1]);
});

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { BatchProcessor } from '../../src/index.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'taken-over-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = 1_000;
const source = join(folder, 'rows.ndjson');
writeFileSync(source, Array.from({ length: COUNT }, (_, id) => `{"id":${id}}\n`).join(''));
const file = join(folder, 'rows.db');

test('A run that another one has taken over, where locks do not work, writes nothing more', async () => {
  const asleep = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  const first = run(async (index) => {
    if (index !== 3) return;
    asleep.resolve();
    await awake.promise;
  });
  await asleep.promise;
  for (const name of readdirSync(folder)) if (name.endsWith('.lock')) rmSync(join(folder, name));
  expect(await run(async () => {})).toMatchObject({ read: COUNT - 300, written: COUNT - 300 });
  awake.resolve();
  await expect(first).rejects.toMatchObject({ cause: { code: 'FENCED' } });
  expect(storedIds()).toEqual(Array.from({ length: COUNT }, (_, id) => id));
});

/** @param before is called before each chunk is written */
function run(before: (index: number) => Promise<void>) {
  const sink = sqliteSink({ file, table: 'rows' });
  const writeNow = sink.write.bind(sink);
  const write: typeof sink.write = async (chunk, context) => {
    await before(chunk.index);
    await writeNow(chunk, context);
  };
  return new BatchProcessor({
    source,
    sink: Object.assign(sink, { write }),
    batchSize: 100,
    checkpoint: {},
  }).run();
}

function storedIds(): readonly unknown[] {
  const db = new DatabaseSync(file);
  try {
    return db
      .prepare('SELECT id FROM rows ORDER BY id')
      .all()
      .map(({ id }) => id);
  } finally {
    db.close();
  }
}

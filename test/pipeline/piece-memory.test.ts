import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { RecordBlock } from '../../src/core/record-block.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { faultySink } from '../../src/testing/index.ts';
import { temporaryFolder } from '../sinks/folder.ts';

/** What is given back is written over at once, so that whoever still looks at it finds something else there. */
vi.mock('../../src/core/piece-pool.ts', async (original) => {
  const actual = await original<typeof import('../../src/core/piece-pool.ts')>();
  return {
    ...actual,
    PiecePool: class extends actual.PiecePool {
      override giveBack(block: RecordBlock): void {
        super.giveBack(block);
        const { bytes, starts, ends } = block.encoded ?? { bytes: new Uint8Array(0), starts: [], ends: [] };
        starts.forEach((start, i) => bytes.fill(0x21, start, ends[i]));
        given.count += starts.length;
        const { rows } = block.encoded ?? {};
        rows?.bytes.fill(0x21, rows.begin, rows.ends.at(-1));
        given.rows += rows?.ends.length ?? 0;
      }
    },
  };
});

const given = vi.hoisted(() => ({ count: 0, rows: 0 }));
const path = temporaryFolder();
const RECORDS = 20_000;
const records = Array.from({ length: RECORDS }, (_, id) => ({
  id,
  name: id % 7 === 0 ? 'Zoë "quoted"\n' : 'plain',
  text: 'x'.repeat((id * 37) % 300),
}));

afterEach(() => {
  given.count = 0;
  given.rows = 0;
});

const sources: readonly [file: string, text: () => string][] = [
  ['in.ndjson', () => records.map((record) => `${JSON.stringify(record)}\n`).join('')],
  ['in.json', () => JSON.stringify(records, null, 1)],
  ['in.csv', () => csvOf(records)],
];

function csvOf(list: readonly object[]): string {
  const field = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
  return `id,name,text\n${list.map((record) => `${Object.values(record).map(field).join(',')}\n`).join('')}`;
}

async function written(
  source: string,
  to: string,
  options: Partial<BatchProcessorOptions<unknown, unknown>> = {},
): Promise<unknown[]> {
  const sink = fileSink({ file: path(to), format: 'ndjson' });
  await new BatchProcessor({ source, sink, batchSize: 100, ...options }).run();
  const lines = readFileSync(path(to), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe.each(sources)('From %s', (file, text) => {
  const expected = file.endsWith('.csv')
    ? records.map((record) => ({ ...record, id: String(record.id) }))
    : records;

  test.each([
    ['out.ndjson', {}],
    ['out.ndjson.gz', {}],
    ['small.ndjson', { maxBytes: 5_000 }],
    ['checked.ndjson', { validate: () => true }],
    ['four.ndjson', { concurrency: 4 }],
  ] as const)('%s holds the records although their memory is used again', async (to, options) => {
    writeFileSync(path(file), text());
    if (to.endsWith('.gz')) {
      const sink = fileSink({ file: path(to) });
      await new BatchProcessor({ source: path(file), sink, batchSize: 100 }).run();
      const back: unknown[] = [];
      await new BatchProcessor({ source: path(to), sink: (list) => void back.push(...list) }).run();
      expect(back).toEqual(expected);
    } else expect(await written(path(file), to, options)).toEqual(expected);
    expect(given.count).toBe(RECORDS);
  });

  test('rows are made of the records although the memory of both is used again', async () => {
    writeFileSync(path(file), text());
    const sink = fileSink({ file: path('out.csv'), columns: ['id', 'name', 'text'] });
    await new BatchProcessor({ source: path(file), sink, batchSize: 130 }).run();
    expect(parse(readFileSync(path('out.csv')), { columns: true })).toEqual(
      records.map((record) => ({ ...record, id: String(record.id) })),
    );
    expect(given.count).toBe(RECORDS);
    // what is read before the sink has been asked for rows has none
    if (!file.endsWith('.csv')) expect(given.rows).toBeGreaterThan(RECORDS / 4);
  });

  test('records that are set aside keep their bytes', async () => {
    writeFileSync(path(file), text());
    const letters: string[] = [];
    const isEven = (record: unknown) => Number((record as { id: unknown }).id) % 2 === 0;
    const kept = await written(path(file), 'even.ndjson', {
      validate: isEven,
      onInvalid: 'dead-letter',
      deadLetters: {
        add: async ({ raw }) => void letters.push(Buffer.from(raw!).toString()),
        close: async () => {},
      },
    });
    expect(kept).toEqual(expected.filter(isEven));
    expect(letters).toHaveLength(RECORDS / 2);
    expect(letters.filter((letter) => letter.includes('!'))).toEqual([]);
  });

  test('a chunk that is written again has its bytes', async () => {
    writeFileSync(path(file), text());
    const sink = faultySink(fileSink({ file: path('again.ndjson') }), { throttle: 0.3, cut: 0.2, seed: 5 });
    const retry = { initialDelayMs: 1, maxDelayMs: 1, maxRetries: 50, maxRetryAfterMs: 60_000 };
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout'],
      shouldAdvanceTime: true,
      advanceTimeDelta: 20,
    });
    try {
      expect(await written(path(file), 'again.ndjson', { sink, retry })).toEqual(expected);
    } finally {
      vi.useRealTimers();
    }
  });
});

test('rows of SQLite are the records although their memory is used again', async () => {
  writeFileSync(path('in.ndjson'), sources[0]![1]());
  const file = path('out.db');
  await new BatchProcessor({ source: path('in.ndjson'), sink: sqliteSink({ file, table: 't' }) }).run();
  expect(given.count).toBe(RECORDS);
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(file);
  expect(
    db
      .prepare('SELECT * FROM t')
      .all()
      .map((row) => ({ ...row })),
  ).toEqual(records);
  db.close();
});

test('a sink that may keep a chunk is left its memory', async () => {
  writeFileSync(path('in.ndjson'), sources[0]![1]());
  const chunks: { readonly records: readonly unknown[] }[] = [];
  await new BatchProcessor({
    source: path('in.ndjson'),
    sink: { name: 'keeper', guarantee: 'at-least-once', write: async (chunk) => void chunks.push(chunk) },
  }).run();
  expect(given.count).toBe(0);
  expect(chunks.flatMap((chunk) => chunk.records)).toEqual(records);
});

test('memory that a stream has brought is its own', async () => {
  writeFileSync(path('in.ndjson'), sources[0]![1]());
  const pieces = await createReadStream(path('in.ndjson'), { highWaterMark: 10_000 }).toArray();
  const before = Buffer.concat(pieces as Buffer[]);
  await new BatchProcessor({
    source: (async function* () {
      yield* pieces as Buffer[];
    })(),
    format: 'ndjson',
    sink: fileSink({ file: path('out.ndjson') }),
  }).run();
  expect(readFileSync(path('out.ndjson')).equals(before)).toBe(true);
});

describe('Memory of which a transform has made something else', () => {
  const transform = (record: unknown) => ({ ...(record as object), seen: true });
  const expected = records.map((record) => ({ ...record, seen: true }));

  test.each([
    ['at once', transform],
    ['later', async (record: unknown) => transform(record)],
  ])('is used again, and the records stay as they were made: %s', async (_when, made) => {
    writeFileSync(path('in.ndjson'), sources[0]![1]());
    const kept: unknown[] = [];
    const sink = (list: readonly unknown[]) => void kept.push(...list);
    await new BatchProcessor({
      source: path('in.ndjson'),
      transform: made,
      transformConcurrency: 10,
      sink,
    }).run();
    expect(given.count).toBe(RECORDS);
    expect(kept).toEqual(expected);
    expect(await written(path('in.ndjson'), 'out.ndjson', { transform: made })).toEqual(expected);
  });

  test('is not used before a record that fails is set aside', async () => {
    writeFileSync(path('in.ndjson'), sources[0]![1]());
    const letters: string[] = [];
    const kept = await written(path('in.ndjson'), 'out.ndjson', {
      transform: (record) => {
        if ((record as { id: number }).id % 2 === 1) throw new Error('odd');
        return record;
      },
      onInvalid: 'dead-letter',
      deadLetters: {
        add: async ({ raw }) => void letters.push(Buffer.from(raw!).toString()),
        close: async () => {},
      },
    });
    expect(kept).toEqual(records.filter(({ id }) => id % 2 === 0));
    expect(letters.map((letter) => JSON.parse(letter) as unknown)).toEqual(
      records.filter(({ id }) => id % 2 === 1),
    );
  });
});

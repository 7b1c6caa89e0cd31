import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { Checkpoint } from '../../src/core/checkpoint.ts';
import type { DeadLetter, DeadLetters } from '../../src/core/dead-letter.ts';
import type { SinkFunction } from '../../src/core/function-sink.ts';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { type Summary, summaryOf } from '../../src/pipeline/summary.ts';
import { deadLetterFile } from '../../src/sinks/dead-letter-file.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';
import { sqliteSink } from '../../src/sinks/sqlite-sink.ts';
import { many } from '../../src/streams/transform.ts';
import { errorWith } from '../failures/cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'refused-records-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);

interface Row {
  readonly id: number;
}

const rows = (count: number): Row[] => Array.from({ length: count }, (_, id) => ({ id }));

/** Takes chunks without such records, and keeps their ids. */
function refusing(isBad: (row: Row) => boolean) {
  const taken: number[] = [];
  const sink: SinkFunction<Row> = (records) => {
    if (records.some(isBad)) throw errorWith({ status: 422 }, 'it is bad');
    taken.push(...records.map(({ id }) => id));
  };
  return { sink, taken };
}

function lettersInMemory() {
  const kept: DeadLetter[] = [];
  const close = vi.fn(async () => {});
  const letters: DeadLetters = {
    add: async (letter) => void kept.push(letter),
    close,
  };
  return { kept, letters, close };
}

const idsOf = (kept: readonly DeadLetter[]) => kept.map(({ position }) => position.record - 1);

function expectBalanced({ read, added, written, filtered, deadLettered, unaccounted }: Summary): void {
  const lost = unaccounted.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  expect(written + filtered + deadLettered + lost).toBe(read + added);
}

async function failureOf<In, Out>(options: BatchProcessorOptions<In, Out>) {
  const error: unknown = await new BatchProcessor(options).run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const summary = summaryOf(error)!;
  expectBalanced(summary);
  return { error: error as Error & { code: string }, summary };
}

describe('BatchProcessor, when the sink refuses records', () => {
  test.each([1, 4])('sets them aside and goes on, %i chunks at once', async (concurrency) => {
    const { sink, taken } = refusing(({ id }) => id % 97 === 5);
    const { kept, letters, close } = lettersInMemory();
    const summary = await new BatchProcessor({
      source: rows(1_000),
      sink,
      deadLetters: letters,
      batchSize: 100,
      concurrency,
    }).run();
    const bad = rows(1_000).filter(({ id }) => id % 97 === 5);
    expect(summary).toMatchObject({
      read: 1_000,
      written: 1_000 - bad.length,
      invalid: 0,
      refused: bad.length,
      deadLettered: bad.length,
      chunks: 10,
      unaccounted: [],
    });
    expect(taken.length).toBe(summary.written);
    expect(idsOf(kept).toSorted((a, b) => a - b)).toEqual(bad.map(({ id }) => id));
    expect(close).toHaveBeenCalledOnce();
    expectBalanced(summary);
  });

  test('counts them apart from those that are filtered, invalid and added', async () => {
    const { sink } = refusing(({ id }) => id % 10 === 4);
    const { kept, letters } = lettersInMemory();
    const summary = await new BatchProcessor<Row, Row>({
      source: rows(300),
      validate: ({ id }) => id % 10 !== 1,
      transform: (row) => (row.id % 10 === 2 ? null : row.id % 10 === 4 ? many([row, { id: 0 }]) : row),
      sink,
      onInvalid: 'dead-letter',
      deadLetters: letters,
      batchSize: 100,
    }).run();
    expect(summary).toMatchObject({ read: 300, added: 30, filtered: 30, invalid: 30, refused: 30 });
    expect(summary).toMatchObject({ deadLettered: 60, written: 240, unaccounted: [] });
    expect(kept.filter(({ chunk }) => chunk !== undefined)).toHaveLength(30);
  });

  test('saves the checkpoint behind a chunk only when the letters of the chunk are safe', async () => {
    const store = memoryCheckpoint();
    const order: string[] = [];
    const { sink } = refusing(({ id }) => id === 150);
    const spy = {
      load: store.load.bind(store),
      save: async (_: string, { cursor }: Checkpoint) => void order.push(`saved ${cursor?.records ?? 0}`),
      note: async (_: string, { cursor }: Checkpoint) => void order.push(`noted ${cursor?.records ?? 0}`),
    };
    const add = async () => {
      await new Promise(setImmediate);
      order.push('letter');
    };
    await new BatchProcessor({
      source: rows(300),
      sink,
      deadLetters: { add, close: async () => {} },
      checkpoint: { store: { ...store, ...spy }, run: 'a' },
      batchSize: 100,
    }).run();
    expect(order).toEqual(['saved 100', 'letter', 'noted 200', 'noted 300', 'saved 300', 'saved 300']);
  });

  test('without a place for them ends at the first, names it, and accounts for all', async () => {
    writeFileSync(
      path('rows.ndjson'),
      rows(300)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
    );
    const { sink, taken } = refusing(({ id }) => id === 150 || id === 170);
    const { error, summary } = await failureOf({ source: path('rows.ndjson'), sink, batchSize: 100 });
    expect(error.code).toBe('WRITE_FAILED');
    expect(error.message).toMatch(
      /rows\.ndjson:151 \(record 151, byte \d+\) \(chunk 2\) could not be written/,
    );
    expect(summary).toMatchObject({ written: taken.length, refused: 1, deadLettered: 0 });
    expect(summary.unaccounted[0]).toMatchObject({ from: 151 });
  });

  test('ends when a letter cannot be kept, and counts those that are', async () => {
    const { sink } = refusing(({ id }) => id >= 190 && id < 200);
    const letters = { add: vi.fn(async () => {}), close: async () => {} };
    letters.add.mockResolvedValueOnce().mockRejectedValueOnce(new Error('no space left'));
    const { error, summary } = await failureOf({
      source: rows(300),
      sink,
      deadLetters: letters,
      batchSize: 100,
    });
    expect(error.message).toContain('could not be set aside: no space left');
    expect(summary).toMatchObject({ deadLettered: 9, refused: 10 });
    expect(summary.unaccounted).toContainEqual({ source: 'records', from: 192, to: 192 });
  });

  test('finds them in a table of SQLite by the name it gives, and leaves the letters in a file', async () => {
    const db = path('rows.db');
    const summary = await new BatchProcessor<{ id: unknown }>({
      source: Array.from({ length: 250 }, (_, id) => ({ id: id % 60 === 7 ? null : id })),
      sink: sqliteSink({ file: db, table: 'rows', key: 'id' }),
      deadLetters: deadLetterFile(path('letters.ndjson')),
      batchSize: 100,
    }).run();
    expect(summary).toMatchObject({ written: 245, deadLettered: 5 });
    const letters = readFileSync(path('letters.ndjson'), 'utf8').trim().split('\n');
    expect(letters.map((line) => JSON.parse(line) as unknown)).toMatchObject(
      [7, 67, 127, 187, 247].map((id) => ({
        record: id + 1,
        code: 'REFUSED_RECORD',
        reason: `records (record ${id + 1}): Column "id" is part of the key and must have a value`,
        value: { id: null },
      })),
    );
    const database = new DatabaseSync(db, { readOnly: true });
    expect(database.prepare('SELECT count(*) AS count FROM rows').get()).toEqual({ count: 245 });
    database.close();
  });
});

describe('BatchProcessor with maxInvalid', () => {
  const sinkAndLetters = (isBad: (row: Row) => boolean) => ({ ...refusing(isBad), ...lettersInMemory() });

  test.each([0, 1, 5, 30])(
    'of %i goes on with that many, refused and invalid together',
    async (maxInvalid) => {
      const { sink, letters } = sinkAndLetters(({ id }) => id < maxInvalid && id % 2 === 0);
      const summary = await new BatchProcessor({
        source: rows(300),
        validate: ({ id }: Row) => !(id < maxInvalid && id % 2 === 1),
        sink,
        onInvalid: 'dead-letter',
        deadLetters: letters,
        maxInvalid,
        batchSize: 100,
      }).run();
      expect(summary).toMatchObject({ deadLettered: maxInvalid, written: 300 - maxInvalid });
    },
  );

  test.each([0, 1, 5, 30])(
    'of %i ends the run at the next refused record, in bounded writes',
    async (maxInvalid) => {
      const { sink, kept, letters } = sinkAndLetters(() => true);
      const write = vi.fn(sink);
      const { error, summary } = await failureOf({
        source: rows(1_000),
        sink: write,
        deadLetters: letters,
        maxInvalid,
      });
      expect(error.code).toBe('TOO_MANY_INVALID');
      expect(error.message).toContain(
        `records (record ${maxInvalid + 1}): ${maxInvalid + 1} of 1,000 records read are invalid or refused, ` +
          `more than maxInvalid (${maxInvalid}) allows (this one: it is bad)`,
      );
      expect(idsOf(kept)).toEqual(rows(maxInvalid).map(({ id }) => id));
      expect(summary).toMatchObject({ deadLettered: maxInvalid, written: 0 });
      expect(write.mock.calls.length).toBeLessThanOrEqual(1 + (maxInvalid + 1) * 2 + 20);
    },
  );

  test('of a count ends the run at the next invalid record', async () => {
    const { sink, letters } = sinkAndLetters(() => false);
    const { error, summary } = await failureOf({
      source: rows(1_000),
      validate: ({ id }: Row) => id % 100 !== 3,
      sink,
      onInvalid: 'dead-letter',
      deadLetters: letters,
      maxInvalid: 4,
    });
    expect(error.code).toBe('TOO_MANY_INVALID');
    expect(error.message).toContain('records (record 404): 5 of');
    expect(summary.deadLettered).toBe(4);
  });

  test('as a ratio allows any number before 1,000 records are read', async () => {
    const { sink, letters } = sinkAndLetters(({ id }) => id % 2 === 0);
    const options = { sink, deadLetters: letters, maxInvalid: 0.01, batchSize: 100 };
    const summary = await new BatchProcessor({ source: rows(999), ...options }).run();
    expect(summary.deadLettered).toBe(500);
  });

  test('as a ratio ends the run that exceeds it, and publishes no output', async () => {
    const { letters } = lettersInMemory();
    const { error } = await failureOf({
      source: rows(5_000),
      validate: ({ id }: Row) => id % 20 !== 0,
      sink: fileSink({ file: path('ratio.ndjson') }),
      onInvalid: 'dead-letter',
      deadLetters: letters,
      maxInvalid: 0.04,
    });
    expect(error.code).toBe('TOO_MANY_INVALID');
    expect(error.message).toContain('more than maxInvalid (4 %) allows');
    expect(readdirSync(folder).filter((name) => name.includes('ratio'))).toEqual([]);
  });

  test('as a ratio counts what came before 1,000 were read, also when nothing invalid follows', async () => {
    const { letters } = lettersInMemory();
    const { error, summary } = await failureOf({
      source: rows(1_000),
      validate: ({ id }: Row) => id >= 100,
      sink: fileSink({ file: path('late.ndjson') }),
      onInvalid: 'dead-letter',
      deadLetters: letters,
      maxInvalid: 0.05,
      batchSize: 1_000,
    });
    expect(error.code).toBe('TOO_MANY_INVALID');
    expect(summary).toMatchObject({ read: 1_000, deadLettered: 100 });
    expect(readdirSync(folder).filter((name) => name.includes('late'))).toEqual([]);
  });

  test('as a ratio goes on where it is not exceeded', async () => {
    const { sink, letters } = sinkAndLetters(({ id }) => id % 100 === 99);
    const options = { sink, deadLetters: letters, maxInvalid: 0.01, batchSize: 100 };
    const summary = await new BatchProcessor({ source: rows(5_000), ...options }).run();
    expect(summary.deadLettered).toBe(50);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5' as never])('refuses %s', (maxInvalid) => {
    const { sink, letters } = sinkAndLetters(() => false);
    expect(() => new BatchProcessor({ source: rows(1), sink, deadLetters: letters, maxInvalid })).toThrow(
      `maxInvalid must be a count (an integer from 0) or a ratio (between 0 and 1), got ${maxInvalid}`,
    );
  });

  test('wants a place for dead letters', () => {
    const { sink } = refusing(() => false);
    expect(() => new BatchProcessor({ source: rows(1), sink, maxInvalid: 5 })).toThrow(
      'deadLetters must be a place for dead letters when maxInvalid is given, got undefined',
    );
  });
});

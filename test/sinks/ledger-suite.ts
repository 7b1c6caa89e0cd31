import { describe, expect, test } from 'vitest';
import type { FullCheckpointStore } from '../../src/core/checkpoint.ts';
import { type Chunk, createChunk } from '../../src/core/chunk.ts';
import { ObjectBlock } from '../../src/core/object-block.ts';
import type { Sink } from '../../src/core/sink.ts';
import { classify } from '../../src/failures/index.ts';
import { chunkOf } from '../../src/testing/index.ts';
import { context, failureOf, signal, writeOne } from './writing.ts';

export type LedgerSink = Sink & { readonly ledger: FullCheckpointStore };

/** The options that the suite gives. */
export interface LedgerSinkOptions {
  readonly ifExists?: 'append' | 'replace' | 'fail';
  readonly key?: string;
}

/** A place for the table `orders` and its ledger. */
export interface LedgerPlace {
  create(options?: LedgerSinkOptions): LedgerSink;
  /** Runs a statement. @returns rows */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export const idsOf = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Records `from` up to `to` as a chunk. */
export function rows(from: number, to: number, index = from): Chunk {
  return chunkOf(
    idsOf(from, to).map((id) => ({ id })),
    { before: from, index },
  );
}

/** The ids in the table, in their order. */
export async function storedIds(place: Pick<LedgerPlace, 'sql'>): Promise<readonly number[]> {
  const found = await place.sql('SELECT id FROM orders');
  return found.map(({ id }) => Number(id)).sort((a, b) => a - b);
}

/** Opens ledger and sink as a run does, and tells what the run had noted. */
export async function begin(sink: LedgerSink, run = 'run') {
  await sink.ledger.open(run);
  const earlier = await sink.ledger.load(run);
  if (earlier === undefined) await sink.ledger.save(run, { pipeline: 'p' });
  await sink.open?.({ signal, resume: { isContinued: earlier !== undefined } });
  return earlier;
}

/** Ends what `begin` has begun, as a run that could not be finished. */
export async function leave(sink: LedgerSink, run = 'run') {
  await sink.close?.({ complete: false });
  await sink.ledger.close(run);
}

/** What every ledger promises. The place is cleared before each test. */
export function describeLedger(name: string, place: LedgerPlace): void {
  describe(`the ledger of ${name}`, () => {
    test('knows nothing of a run that has not begun', async () => {
      const sink = place.create();
      expect(await begin(sink)).toBeUndefined();
      await leave(sink);
      expect(await begin(sink)).toEqual({ pipeline: 'p' });
      await leave(sink);
      expect(await begin(sink, 'another')).toBeUndefined();
      await leave(sink, 'another');
    });

    test('makes the sink exactly once, as long as it is open', async () => {
      const sink = place.create();
      expect(sink.guarantee).toBe('at-least-once');
      await begin(sink);
      expect(sink.guarantee).toBe('exactly-once');
      await leave(sink);
      expect(sink.guarantee).toBe('at-least-once');
    });

    test('says where to go on: behind the chunks that were written, whatever was saved', async () => {
      const sink = place.create();
      await begin(sink);
      const chunk = rows(0, 10);
      await writeOne(sink, chunk);
      await writeOne(sink, rows(10, 30));
      await leave(sink);
      expect(await begin(sink)).toEqual({ pipeline: 'p', cursor: { source: 0, records: 30 } });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 30));
    });

    test('says which chunks have overtaken others', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(20, 30));
      await writeOne(sink, rows(10, 20));
      await writeOne(sink, rows(40, 50));
      await leave(sink);
      expect(await begin(sink)).toEqual({
        pipeline: 'p',
        finished: [
          { source: 0, from: 10, to: 30 },
          { source: 0, from: 40, to: 50 },
        ],
      });
      await writeOne(sink, rows(0, 10));
      expect(await sink.ledger.load('run')).toMatchObject({
        cursor: { source: 0, records: 30 },
        finished: [{ source: 0, from: 40, to: 50 }],
      });
      await leave(sink);
    });

    test('notes chunks that are written at once', async () => {
      const sink = place.create();
      await begin(sink);
      await Promise.all(idsOf(0, 12).map((i) => writeOne(sink, rows(i * 10, i * 10 + 10))));
      expect(await sink.ledger.load('run')).toMatchObject({ cursor: { records: 120 } });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 120));
    });

    test('notes how many of the records that a transform made of one are written', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, madeOf(0, 0, 4));
      await writeOne(sink, madeOf(0, 6, 9));
      await leave(sink);
      expect(await begin(sink)).toEqual({
        pipeline: 'p',
        cursor: { source: 0, records: 0, made: 4 },
        finished: [{ source: 0, from: 0, to: 0, fromMade: 6, toMade: 9 }],
      });
      await leave(sink);
    });

    test('keeps what is saved, exactly', async () => {
      const sink = place.create();
      await begin(sink);
      const saved = {
        cursor: { source: 1, records: 7, bytes: 70, lines: 7 },
        finished: [{ source: 1, from: 9, to: 11 }],
        pipeline: 'p',
        sources: [{ name: "it's", size: 5, head: { from: 0, to: 5, sha256: 'a'.repeat(64) } }],
        sink: { offset: 2n ** 60n },
        note: '\\ "quoted" 日本',
        deadLettered: 3,
        state: 'finished' as const,
        savedAt: '2024-01-01T00:00:00.000Z',
      };
      await sink.ledger.save('run', saved);
      expect(await sink.ledger.load('run')).toEqual(saved);
      await leave(sink);
      expect(await begin(sink)).toEqual(saved);
      await leave(sink);
    });

    test('is told what chunks have noted, and saves what they do not know', async () => {
      const sink = place.create();
      await begin(sink);
      await sink.ledger.save('run', { pipeline: 'p', deadLettered: 0 });
      for (const from of [0, 10]) await writeOne(sink, rows(from, from + 10));
      const savedRows = () => place.sql('SELECT checkpoint FROM chain_reaction_run');
      const before = await savedRows();
      const progress = { cursor: { source: 0, records: 20 }, finished: [], deadLettered: 0 };
      await sink.ledger.note('run', progress);
      expect(await savedRows()).toEqual(before);
      await sink.ledger.note('run', { ...progress, deadLettered: 2 });
      expect(await sink.ledger.load('run')).toEqual({
        pipeline: 'p',
        cursor: expect.objectContaining({ records: 20 }) as unknown,
        deadLettered: 2,
      });
      await leave(sink);
      await begin(sink);
      await sink.ledger.note('run', { ...progress, deadLettered: 3 });
      expect(await sink.ledger.load('run')).toMatchObject({ pipeline: 'p', deadLettered: 3 });
      await leave(sink);
    });

    test('forgets the notes that a saved cursor says as well, and no others', async () => {
      const sink = place.create();
      await begin(sink);
      for (const from of [0, 10, 20, 40]) await writeOne(sink, rows(from, from + 10));
      await sink.ledger.save('run', { pipeline: 'p', cursor: { source: 0, records: 20 }, deadLettered: 1 });
      const notes = await place.sql('SELECT from_record FROM chain_reaction_chunk ORDER BY from_record');
      expect(notes.map((row) => Number(row['from_record']))).toEqual([20, 40]);
      expect(await sink.ledger.load('run')).toMatchObject({
        cursor: { records: 30 },
        finished: [{ source: 0, from: 40, to: 50 }],
      });
      await leave(sink);
    });

    test('does not write a chunk again that it has noted, whatever the table would say to that', async () => {
      await place.sql('CREATE TABLE orders (id int PRIMARY KEY)');
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      await sink.write(rows(0, 10), { ...context, attempt: 2 });
      await leave(sink);
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('refuses a chunk of which it has noted a part', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      expect((await failureOf(writeOne(sink, rows(0, 20)))).code).toBe('CHECKPOINT_MISMATCH');
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('does not take chunks for one that hold the same records of the end of the input', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 2));
      for (const index of [1, 2, 2]) await writeOne(sink, flushed(2, index));
      await leave(sink);
      expect(await storedIds(place)).toEqual([0, 1, 99, 99]);
    });

    test('notes nothing of a chunk that was refused', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      const refused = chunkOf<unknown>([{ id: 10 }, 'no row'], { before: 10 });
      expect(classify(await writeOne(sink, refused).catch((error: unknown) => error))).toMatchObject({
        kind: 'bad-records',
      });
      expect(await sink.ledger.load('run')).toMatchObject({ cursor: { records: 10 } });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('takes a row that is there already for what it is, and not for a note', async () => {
      await place.sql('CREATE TABLE orders (id int PRIMARY KEY)');
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      const again = chunkOf([{ id: 10 }, { id: 9 }], { before: 10 });
      const error = await writeOne(sink, again).catch((reason: unknown) => reason);
      expect(classify(error).kind).toBe('bad-records');
      expect(await sink.ledger.load('run')).toMatchObject({ cursor: { records: 10 } });
      await writeOne(sink, rows(10, 12));
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 12));
    });

    test('refuses a second process that writes the same run, at once, and no other run', async () => {
      const [first, second] = [place.create(), place.create()];
      await begin(first);
      expect((await failureOf(second.ledger.open('run'))).code).toBe('CHECKPOINT_LOCKED');
      expect((await failureOf(first.ledger.open('run'))).code).toBe('CHECKPOINT_LOCKED');
      expect((await failureOf(second.ledger.reset('run'))).code).toBe('CHECKPOINT_LOCKED');
      await begin(second, 'another');
      await writeOne(first, rows(0, 5));
      await writeOne(second, rows(5, 10));
      await leave(second, 'another');
      await leave(first);
      await begin(second);
      await leave(second);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('lets nothing come to stay of a run that a later one has taken over', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      await place.sql('UPDATE chain_reaction_run SET epoch = epoch + 1');
      const error = await writeOne(sink, rows(10, 20)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'FENCED' });
      expect(classify(error).kind).toBe('run-wide');
      expect((await failureOf(sink.ledger.save('run', { state: 'finished' }))).code).toBe('FENCED');
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
      expect(await place.sql(`SELECT 1 AS it FROM chain_reaction_chunk`)).toHaveLength(1);
    });

    test.each(['while it is open', 'while it is closed'])('forgets a run %s', async (when) => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      if (when === 'while it is closed') await leave(sink);
      await sink.ledger.reset('run');
      if (when === 'while it is open') {
        expect(await sink.ledger.load('run')).toBeUndefined();
        await leave(sink);
      }
      expect(await begin(sink)).toBeUndefined();
      await writeOne(sink, rows(0, 10));
      await leave(sink);
      expect(await storedIds(place)).toHaveLength(20);
    });

    test.each(['replace', 'fail'] as const)(
      'goes on with the table that the run has made (%s)',
      async (ifExists) => {
        if (ifExists === 'replace') await place.sql('CREATE TABLE orders (id int, old int)');
        const sink = place.create({ ifExists });
        await begin(sink);
        await leave(sink); // before the first chunk: the table is still to be replaced
        await begin(sink);
        await writeOne(sink, rows(0, 10));
        await leave(sink);
        await begin(sink);
        await writeOne(sink, chunkOf([{ id: 10, late: 'x' }], { before: 10 }));
        await leave(sink);
        expect(await storedIds(place)).toEqual(idsOf(0, 11));
        expect(await place.sql('SELECT late FROM orders WHERE id = 10')).toEqual([{ late: 'x' }]);
      },
    );

    test('replaces the table again when the run begins anew', async () => {
      const sink = place.create({ ifExists: 'replace' });
      for (let run = 0; run < 2; run++) {
        await begin(sink);
        await sink.ledger.reset('run');
        await sink.close?.({ complete: false });
        await sink.open?.({ signal, resume: { isContinued: false } });
        await writeOne(sink, rows(0, 10));
        await leave(sink);
      }
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test.each(['a'.repeat(300), 'with \0', '日本 "quoted" \'too\'', '\ud800'])(
      'takes %j for a name',
      async (run) => {
        const sink = place.create();
        await begin(sink, run);
        await writeOne(sink, rows(0, 1));
        await leave(sink, run);
        expect(await begin(sink, run)).toMatchObject({ cursor: { records: 1 } });
        await leave(sink, run);
      },
    );

    test('must be open to be used', async () => {
      const { ledger } = place.create();
      await expect(ledger.load('run')).rejects.toThrow(TypeError);
      await expect(ledger.save('run', {})).rejects.toThrow('must be open for "run", but is closed');
      await ledger.close('run');
    });
  });
}

/** Those of the records that a transform made of one record that lie between two numbers. */
function madeOf(record: number, from: number, to: number): Chunk {
  const block = new ObjectBlock({
    source: 'test.ndjson',
    start: { source: 0, records: record, made: from },
    end: { source: 0, records: record, made: to },
    records: idsOf(from, to).map((id) => ({ id })),
    positions: idsOf(from, to).map(() => ({ record: record + 1 })),
  });
  return createChunk({ index: from, blocks: [block] });
}

/** What the end of the input has brought, behind so many records. */
function flushed(behind: number, index: number): Chunk {
  const at = { source: 0, records: behind };
  const block = new ObjectBlock({ source: 'test.ndjson', start: at, end: at, records: [{ id: 99 }] });
  return createChunk({ index, blocks: [block] });
}

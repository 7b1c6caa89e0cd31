import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { Checkpoint, CheckpointStore } from '../../src/core/checkpoint.ts';
import type { LetterRecord } from '../../src/core/dead-letter.ts';
import { PartialWriteError } from '../../src/core/errors.ts';
import type { Sink } from '../../src/core/sink.ts';
import { BatchProcessor, type BatchProcessorOptions, many } from '../../src/index.ts';
import { deadLetterFile } from '../../src/sinks/dead-letter-file.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'resuming-letters-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  readonly id: number;
}
type Options = BatchProcessorOptions<Row, Row>;

const COUNT = 1_000;
let files = 0;

/** 1,000 records of which every 70th is malformed. */
function source(isMalformed = false): string {
  const path = join(folder, `${files++}.ndjson`);
  const lines = Array.from({ length: COUNT }, (_, id) =>
    isMalformed && id % 70 === 1 ? '{' : `{"id":${id}}`,
  );
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
}

/** A checkpoint of which nothing is known any more that came after a number of saves: the machine was off. */
function losing(store: CheckpointStore, saves: number): CheckpointStore {
  const save = async (run: string, checkpoint: Checkpoint) => {
    if (saves-- > 0) await store.save(run, checkpoint);
  };
  return { load: (run) => store.load(run), save };
}

const isBad = ({ id }: Row) => id % 70 === 1;
const refusals = (rows: readonly Row[]) =>
  new Map([...rows.entries()].filter(([, row]) => isBad(row)).map(([index]) => [index, refused()]));
const refused = () => Object.assign(new Error('the sink refuses it'), { status: 422 });

/** Takes what is good, and is down at a record until it is mended. */
function shop() {
  const place = { rows: [] as number[], isDown: true, asked: [] as number[] };
  const sink: Sink<Row> = {
    name: 'shop',
    guarantee: 'at-least-once',
    async write({ records }) {
      if (place.isDown && records.some(({ id }) => id >= 750)) throw new Error('down');
      const bad = refusals(records);
      place.asked.push(...records.filter(isBad).map(({ id }) => id));
      place.rows.push(...records.filter((row) => !isBad(row)).map(({ id }) => id));
      if (bad.size > 0) throw new PartialWriteError(bad);
    },
  };
  return { place, sink };
}

function lettersIn(file: string): readonly LetterRecord[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LetterRecord);
}

const BAD = Array.from({ length: COUNT }, (_, id) => id).filter((id) => isBad({ id }));
const GOOD = Array.from({ length: COUNT }, (_, id) => id).filter((id) => !isBad({ id }));

describe('BatchProcessor with a checkpoint and dead letters', () => {
  test.each<[string, Partial<Options>, boolean]>([
    ['malformed', { onInvalid: 'dead-letter' }, true],
    ['invalid', { onInvalid: 'dead-letter', validate: (row) => !isBad(row) }, false],
    [
      'too much for a transform',
      {
        onInvalid: 'dead-letter',
        transform: (row: Row) => {
          if (isBad(row)) throw new Error('too much');
          return row;
        },
      },
      false,
    ],
    ['refused by the sink', {}, false],
  ])(
    'sets no record aside twice that is %s, whatever of the checkpoint is lost',
    async (_, more, isMalformed) => {
      for (const saves of [1, 2, 5]) {
        const store = memoryCheckpoint();
        const file = join(folder, `${files++}.letters`);
        const input = source(isMalformed);
        const { place, sink } = shop();
        const run = (checkpoint: CheckpointStore) =>
          new BatchProcessor<Row, Row>({
            source: input,
            sink,
            batchSize: 100,
            ...more,
            deadLetters: deadLetterFile(file),
            checkpoint: { store: checkpoint, run: 'orders' },
          }).run();
        await expect(run(losing(store, saves))).rejects.toThrow('down');
        const before = lettersIn(file).length;
        place.isDown = false;
        const summary = await run(store);
        expect(new Set(place.rows)).toEqual(new Set(GOOD));
        const letters = lettersIn(file);
        const records = letters.map(({ record }) => record - 1);
        expect(records.toSorted((a, b) => a - b)).toEqual(BAD);
        expect(summary.deadLettered).toBe(BAD.length - before);
        expect((await store.load('orders'))?.deadLettered).toBe(BAD.length);
        expect(letters[0]).toMatchObject({ run: 'orders', sourceIndex: 0 });
      }
    },
  );

  test('writes a file exactly, and each of its letters once', async () => {
    for (const saves of [1, 2]) {
      const store = memoryCheckpoint();
      const name = files++;
      const out = join(folder, `${name}.csv`);
      const input = source();
      const whole = fileSink<Row>(out);
      let isDown = true;
      const sink: Sink<Row> = {
        ...whole,
        async write(chunk, context) {
          if (isDown && chunk.records.some(({ id }) => id >= 750)) throw new Error('down');
          const bad = refusals(chunk.records);
          if (bad.size > 0) throw Object.assign(refused(), { failure: { kind: 'bad-records', why: 'bad' } });
          await whole.write(chunk, context);
        },
      };
      const run = (checkpoint: CheckpointStore) =>
        new BatchProcessor<Row, Row>({
          source: input,
          sink,
          batchSize: 100,
          deadLetters: deadLetterFile(join(folder, `${name}.letters`)),
          checkpoint: { store: checkpoint, run: 'orders' },
        }).run();
      await expect(run(losing(store, saves))).rejects.toThrow('down');
      isDown = false;
      await run(store);
      expect(readFileSync(out, 'utf8').split('\n').slice(1, -1).map(Number)).toEqual(GOOD);
      const records = lettersIn(join(folder, `${name}.letters`)).map(({ record }) => record - 1);
      expect(records.toSorted((a, b) => a - b)).toEqual(BAD);
    }
  });

  test('sets no record aside twice that came before the first chunk was written', async () => {
    const store = memoryCheckpoint();
    const file = join(folder, `${files++}.letters`);
    const { place, sink } = shop();
    const input = source(true);
    const isDown = new Error('down');
    const run = (write: Sink<Row>['write']) =>
      new BatchProcessor<Row, Row>({
        source: input,
        sink: { ...sink, write },
        onInvalid: 'dead-letter',
        deadLetters: deadLetterFile(file),
        checkpoint: { store, run: 'orders' },
      }).run();
    await expect(run(() => Promise.reject(isDown))).rejects.toThrow('down');
    expect(lettersIn(file).length).toBeGreaterThan(0);
    place.isDown = false;
    await run((chunk, context) => sink.write(chunk, context));
    expect(place.rows).toEqual(GOOD);
    expect(lettersIn(file).map(({ record }) => record - 1)).toEqual(BAD);
  });

  test('writes a file exactly when its sink took a part of a chunk, and of what was made of a record', async () => {
    const store = memoryCheckpoint();
    const out = join(folder, `${files++}.csv`);
    const whole = fileSink<Row>(out);
    let isMended = false;
    const sink: Sink<Row> = {
      ...whole,
      async write(chunk, context) {
        const isRefused = !isMended && chunk.records.some(({ id }) => id === 459);
        if (isRefused) throw Object.assign(refused(), { failure: { kind: 'bad-records', why: 'bad' } });
        await whole.write(chunk, context);
      },
    };
    const input = source();
    const run = () =>
      new BatchProcessor<Row, Row>({
        source: input,
        sink,
        batchSize: 100,
        transform: ({ id }: Row) => many(Array.from({ length: 7 }, (_, i) => ({ id: id * 7 + i }))),
        checkpoint: { store, run: 'orders' },
      }).run();
    await expect(run()).rejects.toThrow('the sink refuses it');
    isMended = true;
    await run();
    const rows = readFileSync(out, 'utf8').split('\n').slice(1, -1).map(Number);
    expect(rows).toEqual(Array.from({ length: COUNT * 7 }, (_, id) => id));
  });

  test('tells the records apart that a transform makes of one: those without a letter are written', async () => {
    const store = memoryCheckpoint();
    const file = join(folder, `${files++}.letters`);
    const { place, sink } = shop();
    const input = source();
    const run = (checkpoint: CheckpointStore) =>
      new BatchProcessor<Row, Row>({
        source: input,
        sink,
        batchSize: 100,
        transform: ({ id }: Row) => many(Array.from({ length: 7 }, (_, i) => ({ id: id * 7 + i }))),
        deadLetters: deadLetterFile(file),
        checkpoint: { store: checkpoint, run: 'orders' },
      }).run();
    await expect(run(losing(store, 2))).rejects.toThrow('down');
    place.isDown = false;
    await run(store);
    const all = Array.from({ length: COUNT * 7 }, (_, id) => ({ id }));
    expect(new Set(place.rows)).toEqual(new Set(all.filter((row) => !isBad(row)).map(({ id }) => id)));
    const letters = lettersIn(file).map(({ record, made = Number.NaN }) => (record - 1) * 7 + made);
    expect(letters.toSorted((a, b) => a - b)).toEqual(all.filter(isBad).map(({ id }) => id));
  });

  test('takes a record with a letter for done, also when the sink would take it by now', async () => {
    const store = memoryCheckpoint();
    const file = join(folder, `${files++}.letters`);
    const { place, sink } = shop();
    const input = source();
    const run = (checkpoint: CheckpointStore) =>
      new BatchProcessor<Row, Row>({
        source: input,
        sink,
        batchSize: 100,
        deadLetters: deadLetterFile(file),
        checkpoint: { store: checkpoint, run: 'orders' },
      }).run();
    await expect(run(losing(store, 1))).rejects.toThrow('down');
    const lettered = lettersIn(file).map(({ record }) => record - 1);
    place.isDown = false;
    place.asked = [];
    await run(store);
    expect(place.asked.filter((id) => lettered.includes(id))).toEqual([]);
  });

  test('lets the letters of an earlier run of the same name count for nothing', async () => {
    const store = memoryCheckpoint();
    const file = join(folder, `${files++}.letters`);
    const { place, sink } = shop();
    place.isDown = false;
    const input = source();
    const run = () =>
      new BatchProcessor<Row, Row>({
        source: input,
        sink,
        deadLetters: deadLetterFile(file),
        checkpoint: { store, run: 'orders', restart: true },
      }).run();
    expect(await run()).toMatchObject({ deadLettered: BAD.length });
    expect(await run()).toMatchObject({ deadLettered: BAD.length });
    expect(new Set(lettersIn(file).map(({ runId }) => runId)).size).toBe(2);
  });
});

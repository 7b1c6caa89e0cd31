import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { Checkpoint, CheckpointStore } from '../../src/core/checkpoint.ts';
import type { Chunk } from '../../src/core/chunk.ts';
import type { OpenContext, Sink } from '../../src/core/sink.ts';
import { BatchProcessor, type BatchProcessorOptions, many } from '../../src/index.ts';
import { iterableSource } from '../../src/sources/iterable-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'resuming-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

interface Row {
  readonly id: number;
}
const rows = (count: number): Row[] => Array.from({ length: count }, (_, id) => ({ id }));

function file(name: string, count: number): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    rows(count)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(''),
  );
  return path;
}

/** A sink that fails at the chunk that holds a record, until it is mended. */
function breaking(at: (row: Row) => boolean) {
  const taken: Row[] = [];
  const opened: OpenContext[] = [];
  const sink = {
    name: 'breaking',
    guarantee: 'at-least-once',
    isBroken: true,
    taken,
    opened,
    open: async (context: OpenContext) => void opened.push(context),
    async write(chunk: Chunk<Row>) {
      if (sink.isBroken && chunk.records.some(at)) throw new Error('broken');
      taken.push(...chunk.records);
    },
  } satisfies Sink<Row> & Record<string, unknown>;
  return sink;
}

function processor(options: Partial<BatchProcessorOptions<Row, Row>>) {
  return new BatchProcessor<Row, Row>({ batchSize: 100, ...options } as BatchProcessorOptions<Row, Row>);
}

describe('BatchProcessor with a checkpoint', () => {
  test('goes on where the run has failed, without a name given', async () => {
    const store = memoryCheckpoint();
    const sink = breaking(({ id }) => id === 420);
    const source = file('fails.ndjson', 1_050);
    const run = () => processor({ source, sink, checkpoint: { store } }).run();
    await expect(run()).rejects.toThrow('broken');
    sink.isBroken = false;
    expect(await run()).toMatchObject({ read: 650, written: 650, unaccounted: [] });
    expect(sink.taken).toEqual(rows(1_050));
    expect(sink.opened.map(({ resume }) => resume)).toEqual([{ isContinued: false }, { isContinued: true }]);
  });

  test('says that a finished run is finished, and opens and writes nothing', async () => {
    const store = memoryCheckpoint();
    const sink = breaking(() => false);
    const run = () => processor({ source: file('done.ndjson', 250), sink, checkpoint: { store } }).run();
    await run();
    expect(await run()).toMatchObject({
      read: 0,
      written: 0,
      finishedAt: expect.stringMatching(/^20/) as string,
    });
    expect(sink.taken).toHaveLength(250);
    expect(sink.opened).toHaveLength(1);
  });

  test('begins anew when told to restart', async () => {
    const store = memoryCheckpoint();
    const sink = breaking(() => false);
    const source = file('again.ndjson', 250);
    await processor({ source, sink, checkpoint: { store } }).run();
    const summary = await processor({ source, sink, checkpoint: { store, restart: true } }).run();
    expect(summary).toMatchObject({ read: 250, written: 250 });
    expect(summary.finishedAt).toBeUndefined();
    expect(sink.opened.at(-1)?.resume).toEqual({ isContinued: false });
  });

  test('begins anew only when the run is finished, if that is asked for', async () => {
    const store = memoryCheckpoint();
    const sink = breaking(({ id }) => id === 150);
    const source = file('if-finished.ndjson', 250);
    const run = () => processor({ source, sink, checkpoint: { store, restart: 'if-finished' } }).run();
    await expect(run()).rejects.toThrow('broken');
    sink.isBroken = false;
    expect(await run()).toMatchObject({ written: 150 });
    expect(await run()).toMatchObject({ written: 250 });
  });

  test.each([
    ['another transform', { transform: (row: Row) => ({ id: -row.id }) }],
    ['another version', { checkpoint: { version: '2' } }],
    ['another way to read', { format: 'ndjson' as const }],
  ])('refuses to go on with %s', async (_, change) => {
    const store = memoryCheckpoint();
    const sink = breaking(({ id }) => id === 420);
    const source = file('changed.ndjson', 1_000);
    await expect(processor({ source, sink, checkpoint: { store } }).run()).rejects.toThrow('broken');
    const changed = { ...change, checkpoint: { store, ...(change as { checkpoint?: object }).checkpoint } };
    await expect(processor({ source, sink, ...changed }).run()).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
    });
  });

  test('does not mind another batch size or concurrency', async () => {
    const store = memoryCheckpoint();
    const sink = breaking(({ id }) => id === 420);
    const source = file('sizes.ndjson', 1_000);
    await expect(processor({ source, sink, checkpoint: { store } }).run()).rejects.toThrow('broken');
    sink.isBroken = false;
    await processor({ source, sink, batchSize: 130, concurrency: 3, checkpoint: { store } }).run();
    expect(sink.taken.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(rows(1_000).map(({ id }) => id));
  });

  test('a second run at the same time is refused, and the first goes on', async () => {
    const store = memoryCheckpoint();
    const sink = breaking(() => false);
    const source = file('two.ndjson', 500);
    const first = processor({ source, sink, checkpoint: { store } }).run();
    await expect(processor({ source, sink, checkpoint: { store } }).run()).rejects.toMatchObject({
      code: 'CHECKPOINT_LOCKED',
    });
    expect(await first).toMatchObject({ written: 500 });
  });

  test('a run that was stopped goes on', async () => {
    const store = memoryCheckpoint();
    const taken: Row[] = [];
    const source = file('stopped.ndjson', 1_000);
    const stoppable = processor({
      source,
      checkpoint: { store, run: 'stopped' },
      sink: async (records) => {
        taken.push(...records);
        if (taken.length === 300) stoppable.stop();
      },
    });
    await expect(stoppable.run()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(taken.length).toBeLessThan(1_000);
    await stoppable.run();
    expect(taken).toEqual(rows(1_000));
  });

  test('writes every record that a transform makes of one once, wherever a chunk has cut them', async () => {
    const store = memoryCheckpoint();
    const sink = breaking(({ id }) => id === 70.6);
    const source = file('many.ndjson', 100);
    const transform = ({ id }: Row) => many(Array.from({ length: 7 }, (_, i) => ({ id: id + i / 10 })));
    const run = () => processor({ source, sink, transform, checkpoint: { store } }).run();
    await expect(run()).rejects.toThrow('broken');
    sink.isBroken = false;
    expect(await run()).toMatchObject({ unaccounted: [] });
    expect(sink.taken).toEqual(
      rows(100).flatMap((row) => Array.from({ length: 7 }, (_, i) => ({ id: row.id + i / 10 }))),
    );
  });

  test('notes a chunk that has overtaken others, beyond the cursor', async () => {
    const saved: Checkpoint[] = [];
    const store = memoryCheckpoint();
    const spy = {
      ...store,
      save: async (run: string, checkpoint: Checkpoint) => {
        saved.push(checkpoint);
        await store.save(run, checkpoint);
      },
    };
    let release = () => {};
    const held = new Promise<void>((done) => (release = done));
    await processor({
      source: file('overtaken.ndjson', 300),
      concurrency: 3,
      checkpoint: { store: spy },
      sink: async (records) => {
        if (records[0]?.id === 0) await held;
        if (records[0]?.id === 200) setTimeout(release, 5);
      },
    }).run();
    expect(saved.map(({ cursor, finished }) => ({ at: cursor?.records, finished }))).toContainEqual({
      at: undefined,
      finished: [{ source: 0, from: 100, to: 300 }],
    });
    expect(saved.at(-1)).toMatchObject({ cursor: { records: 300 }, finished: [], state: 'finished' });
  });

  /** Time that goes on only when a test says so. */
  function stoppedClock() {
    const clock = { now: 0 };
    vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
    return clock;
  }

  /** What a store is given, in order: `s` saved, `n` noted, each with the source and the records. */
  function listening(store: CheckpointStore, canNote: boolean) {
    const given: string[] = [];
    const place = (what: string, { cursor, state }: Checkpoint) =>
      given.push(`${what} ${cursor?.source}:${cursor?.records}${state === 'finished' ? ' finished' : ''}`);
    const spy: CheckpointStore = {
      load: (run) => store.load(run),
      save: async (run, checkpoint) => {
        place('s', checkpoint);
        await store.save(run, checkpoint);
      },
      ...(canNote && {
        note: async (run, progress) => {
          place('n', progress);
          await store.note?.(run, progress);
        },
      }),
    };
    return { given, spy };
  }

  const DONE = ['s 0:500', 's 0:500 finished'];

  test('makes safe once a second what it notes', async () => {
    const clock = stoppedClock();
    const listener = listening(memoryCheckpoint(), true);
    await processor({
      source: rows(500),
      checkpoint: { store: listener.spy, run: 'a' },
      sink: async () => {
        await setImmediate();
        clock.now += 400;
      },
    }).run();
    expect(listener.given).toEqual(['s 0:100', 'n 0:200', 'n 0:300', 's 0:400', 'n 0:500', ...DONE]);
  });

  test.each<[string, Partial<Sink>, boolean, string[]]>([
    [
      'notes what it need not make safe at once',
      {},
      true,
      ['s 0:100', 'n 0:200', 'n 0:300', 'n 0:400', 'n 0:500'],
    ],
    ['saves each chunk where nothing can be noted', {}, false, [100, 200, 300, 400].map((n) => `s 0:${n}`)],
    ['leaves to the sink what comes again', { guarantee: 'effectively-once' }, true, ['s 0:100']],
    [
      'leaves to the sink what comes again where nothing can be noted',
      { guarantee: 'effectively-once' },
      false,
      ['s 0:100'],
    ],
  ])('%s', async (_name, sink, canNote, given) => {
    stoppedClock();
    const listener = listening(memoryCheckpoint(), canNote);
    await processor({
      source: rows(500),
      checkpoint: { store: listener.spy, run: 'a' },
      sink: {
        name: 'place',
        guarantee: 'at-least-once',
        write: async () => setImmediate(),
        ...sink,
      } as Sink<Row>,
    }).run();
    expect(listener.given).toEqual([...given, ...DONE]);
  });

  test.each<[string, Sink['guarantee'], number]>([
    ['at most one chunk more is written', 'at-least-once', 200],
    ['all chunks are written where the sink notices what comes again', 'effectively-once', 500],
  ])('while a checkpoint is being saved %s', async (_name, guarantee, most) => {
    stoppedClock();
    const store = memoryCheckpoint();
    const slow = Promise.withResolvers<void>();
    let written = 0;
    let isSaving = false;
    const run = processor({
      source: rows(500),
      checkpoint: {
        store: {
          load: (name) => store.load(name),
          async save(name, checkpoint) {
            isSaving = true;
            await slow.promise;
            await store.save(name, checkpoint);
          },
        },
        run: 'a',
      },
      sink: {
        name: 'place',
        guarantee,
        async write(chunk) {
          await setImmediate();
          written += chunk.count;
        },
      },
    }).run();
    for (let turn = 0; turn < 200; turn++) await setImmediate();
    expect([isSaving, written]).toEqual([true, most]);
    slow.resolve();
    expect(await run).toMatchObject({ written: 500 });
    expect(await store.load('a')).toMatchObject({ state: 'finished', cursor: { records: 500 } });
  });

  test('saves what was only noted when it ends early', async () => {
    stoppedClock();
    const listener = listening(memoryCheckpoint(), true);
    const run = processor({
      source: rows(500),
      checkpoint: { store: listener.spy, run: 'a' },
      sink: async (records) => {
        await setImmediate();
        if (records[0]?.id === 300) throw new Error('broken');
      },
    }).run();
    await expect(run).rejects.toThrow('broken');
    expect(listener.given).toEqual(['s 0:100', 'n 0:200', 'n 0:300', 's 0:300']);
  });

  test('saves what the sources are before it notes how far it is in the next one', async () => {
    stoppedClock();
    const listener = listening(memoryCheckpoint(), true);
    await processor({
      source: [iterableSource(rows(200)), iterableSource(rows(200))],
      checkpoint: { store: listener.spy, run: 'a' },
      sink: async () => setImmediate(),
    }).run();
    const given = ['s 0:100', 'n 0:200', 's 1:100', 'n 1:200', 's 1:200', 's 1:200 finished'];
    expect(listener.given).toEqual(given);
  });

  test('commits a sink that can go back, between two writes and before it is closed, and saves what it tells', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const store = memoryCheckpoint();
      const calls: string[] = [];
      let count = 0;
      const sink: Sink<Row> = {
        name: 'committing',
        guarantee: 'exactly-once',
        open: async ({ resume }) => void calls.push(`open ${JSON.stringify(resume?.state)}`),
        write: async (chunk) => {
          calls.push('write');
          await setImmediate();
          calls.push('written');
          if (count === 500) throw new Error('broken');
          count += chunk.count;
          vi.advanceTimersByTime(400);
        },
        commit: async () => {
          calls.push(`commit ${count}`);
          return { count };
        },
        close: async () => void calls.push('close'),
      };
      const source = file('commits.ndjson', 1_000);
      const run = () => processor({ source, sink, concurrency: 4, checkpoint: { store } }).run();
      await expect(run()).rejects.toThrow('broken');
      const write = ['write', 'written'];
      expect(calls).toEqual([
        'open undefined',
        ...[...write, ...write, ...write, 'commit 300'],
        ...[...write, ...write, ...write],
        ...['commit 500', 'close'],
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([
    [
      { store: {} as never },
      TypeError,
      'checkpoint.store must be a checkpoint store, since the sink has no ledger',
    ],
    [{}, TypeError, 'checkpoint.store must be a checkpoint store'],
    [{ store: memoryCheckpoint(), run: '' }, TypeError, 'checkpoint.run must be the name of the run'],
    [
      { store: memoryCheckpoint(), restart: 'yes' as never },
      TypeError,
      'checkpoint.restart must be true, false',
    ],
    [{ store: memoryCheckpoint(), name: 'a' } as never, TypeError, 'checkpoint has no option name'],
  ])('refuses the checkpoint %j', (checkpoint, kind, message) => {
    const create = () => processor({ source: 'a.ndjson', sink: async () => {}, checkpoint });
    expect(create).toThrow(kind);
    expect(create).toThrow(message);
  });

  test('needs a name for a run whose source has none', () => {
    const create = (run?: string) =>
      processor({
        source: rows(1),
        sink: async () => {},
        checkpoint: { store: memoryCheckpoint(), ...(run && { run }) },
      });
    expect(() => create()).toThrow('checkpoint.run must be the name of the run, since a stream has none');
    expect(() => create('named')).not.toThrow();
  });
});

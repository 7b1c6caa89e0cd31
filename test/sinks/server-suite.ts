import { describe, expect, test } from 'vitest';
import { retrying } from '../../src/delivery/retrying.ts';
import { classify } from '../../src/failures/index.ts';
import { chunkOf } from '../../src/testing/index.ts';
import { type Cut, CuttingProxy } from './cutting-proxy.ts';
import {
  begin,
  idsOf,
  type LedgerPlace,
  type LedgerSink,
  type LedgerSinkOptions,
  leave,
  rows,
  storedIds,
} from './ledger-suite.ts';
import { context, signal, writeOne } from './writing.ts';

/** A place on a server. */
export interface ServerPlace extends LedgerPlace {
  readonly url: string;
  readonly usualPort: number;
  create(options?: LedgerSinkOptions & { readonly url?: string }): LedgerSink;
  /** Ends all connections of sinks to the place, as a server does that is restarted. */
  endSessions(): Promise<void>;
  /** How many transactions wait for others. */
  countWaiting(): Promise<number>;
  /** How many connections sinks have to the place. */
  countSessions(): Promise<number>;
}

/** What the sinks of all SQL servers promise about connections. The place is cleared before each test. */
export function describeServer(name: string, place: ServerPlace): void {
  const proxied = () => CuttingProxy.before(place.url, place.usualPort);
  /** The server may show what was so a moment ago to whoever asks more often. */
  const someoneWaits = () =>
    expect.poll(() => place.countWaiting(), { interval: 150, timeout: 10_000 }).toBeGreaterThan(0);
  const patient = (sink: LedgerSink) => retrying(sink, { initialDelayMs: 1 });

  describe(`${name}, when a connection is lost at COMMIT`, () => {
    test.each<[Cut]>([['before'], ['after']])(
      'has one copy of a chunk, noted (%s the server has it)',
      async (cut) => {
        const proxy = await proxied();
        const sink = place.create({ url: proxy.url });
        await begin(sink);
        await writeOne(sink, rows(0, 5));
        proxy.cuts.push(cut);
        await patient(sink).write(rows(5, 10), context);
        expect(proxy.count).toBe(1);
        await leave(sink);
        expect(await storedIds(place)).toEqual(idsOf(0, 10));
      },
    );

    test('knows by itself that a chunk is written', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      proxy.cuts.push('after');
      await writeOne(sink, rows(5, 10));
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('knows by itself that a chunk is not written, and says that it may be written again', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      proxy.cuts.push('before');
      const error = await writeOne(sink, rows(5, 10)).catch((reason: unknown) => reason);
      expect(classify(error)).toMatchObject({
        kind: 'not-applied',
        why: /this attempt has committed nothing$/,
      });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 5));
    });

    test('finds out at the next attempt when the server cannot be asked', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      proxy.cuts.push('refuse');
      const error = await writeOne(sink, rows(5, 10)).catch((reason: unknown) => reason);
      expect(classify(error).kind).toBe('unknown-outcome');
      proxy.heal();
      await sink.write(rows(5, 10), { ...context, attempt: 2 });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('stops when a later run has taken over meanwhile', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      proxy.cuts.push('refuse');
      await writeOne(sink, rows(5, 10)).catch(() => undefined);
      proxy.heal();
      await place.sql('UPDATE chain_reaction_run SET epoch = epoch + 1');
      await expect(writeOne(sink, rows(10, 15))).rejects.toMatchObject({ code: 'FENCED' });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('does not know what came of it without a ledger', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await sink.open?.({ signal });
      await writeOne(sink, rows(0, 5));
      proxy.cuts.push('after');
      const error = await writeOne(sink, rows(5, 10)).catch((reason: unknown) => reason);
      expect(classify(error).kind).toBe('unknown-outcome');
      await sink.close?.({ complete: false });
    });

    test('has one copy of every chunk when chunks are written at once and many are cut', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await writeOne(sink, rows(0, 10));
      proxy.cuts.push('after', 'before', 'after', 'after', 'before', 'before');
      const writer = patient(sink);
      await Promise.all(idsOf(1, 9).map((i) => writer.write(rows(i * 10, i * 10 + 10), context)));
      expect(proxy.count).toBe(6);
      expect(await sink.ledger.load('run')).toMatchObject({ cursor: { records: 90 } });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 90));
    });
  });

  test(`${name} writes nothing when no transaction can begin`, async () => {
    const proxy = await proxied();
    const sink = place.create({ url: proxy.url });
    await begin(sink);
    await writeOne(sink, rows(0, 5));
    proxy.isSpoiling = true;
    await expect(writeOne(sink, rows(5, 10))).rejects.toThrow(/syntax/);
    proxy.isSpoiling = false;
    expect(await sink.ledger.load('run')).toMatchObject({ cursor: { records: 5 } });
    await leave(sink);
    expect(await storedIds(place)).toEqual(idsOf(0, 5));
  });

  describe(`${name}, when the server ends the connections`, () => {
    test('goes on with others, and its ledger as well', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      await place.endSessions();
      await patient(sink).write(rows(5, 10), context);
      await sink.ledger.save('run', { cursor: { source: 0, records: 10 }, state: 'finished' });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('waits for a later run that is taking over, and then writes nothing', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      await place.sql('BEGIN');
      await place.sql('UPDATE chain_reaction_run SET epoch = epoch + 1');
      const written = writeOne(sink, rows(5, 10)).catch((error: unknown) => error);
      await someoneWaits();
      await place.sql('COMMIT');
      expect(await written).toMatchObject({ code: 'FENCED' });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 5));
    });

    test('waits for a COMMIT that is still to come, before it says that nothing was committed', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      proxy.cuts.push('delay');
      const written = writeOne(sink, rows(5, 10)).catch((error: unknown) => error);
      const release = await proxy.held;
      await someoneWaits();
      release();
      expect(await written).toBeUndefined();
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('writes nothing more when another run has taken the lock that was lost', async () => {
      const [older, later] = [place.create(), place.create()];
      await begin(older);
      await writeOne(older, rows(0, 5));
      await place.endSessions();
      expect(await begin(later)).toMatchObject({ cursor: { records: 5 } });
      const error = await patient(older)
        .write(rows(5, 10), context)
        .catch((reason: unknown) => reason);
      expect(classify(error)).toMatchObject({ kind: 'run-wide' });
      await writeOne(later, rows(5, 10));
      await leave(older).catch(() => undefined);
      await leave(later);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });
  });

  describe(`${name}, on its connections`, () => {
    test('writes chunks at once that finish in any order', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 1));
      const order: number[] = [];
      const late = [5, 4, 3, 2, 1].map(async (i) => {
        await writeOne(
          sink,
          chunkOf(
            idsOf(0, i * 200).map((id) => ({ id })),
            { before: i * 1_000 },
          ),
        );
        order.push(i);
      });
      await Promise.all(late);
      expect(order).toHaveLength(5);
      expect((await sink.ledger.load('run'))?.finished).toHaveLength(5);
      await leave(sink);
    });

    test('leaves none behind, whatever has happened on them', async () => {
      const sink = place.create();
      await begin(sink);
      await writeOne(sink, rows(0, 5));
      await writeOne(sink, chunkOf<unknown>([{ id: 5 }, { id: 'x' }], { before: 5 })).catch(() => undefined);
      await place.endSessions();
      await writeOne(sink, rows(5, 10)).catch(() => undefined);
      const stopping = new AbortController();
      const written = sink.write(rows(5, 3_000), { attempt: 1, signal: stopping.signal });
      stopping.abort(new Error('stopped'));
      await expect(written).rejects.toThrow(); // whether it was connected or not
      await writeOne(sink, rows(5, 10));
      await leave(sink);
      await expect.poll(() => place.countSessions()).toBe(0);
      expect(await storedIds(place)).toEqual(idsOf(0, 10));
    });

    test('cannot be opened when nobody listens, says so, and can be retried', async () => {
      const nowhere = Object.assign(new URL(place.url), { port: '1' }).href;
      const sink = place.create({ url: nowhere });
      const error = await sink.open?.({ signal }).catch((reason: unknown) => reason);
      expect(classify(error)).toMatchObject({ kind: 'not-applied' });
      await expect(sink.ledger.open('run')).rejects.toMatchObject({ code: 'CHECKPOINT_FAILED' });
    });
  });
}

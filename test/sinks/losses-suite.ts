import { describe, expect, test } from 'vitest';
import { type Cut, CuttingProxy } from './cutting-proxy.ts';
import { begin, idsOf, leave, rows, storedIds } from './ledger-suite.ts';
import type { ServerPlace } from './server-suite.ts';
import { signal, writeOne } from './writing.ts';

const FINISHED = { cursor: { source: 0, records: 5 }, state: 'finished' } as const;
const CLAIM = /INSERT INTO chain_reaction_run/;
const SAVE = /UPDATE chain_reaction_run SET checkpoint/;

const STATEMENTS: readonly (readonly [what: string, at: RegExp])[] = [
  ['the settings of the connection', /set_config|sql_mode/],
  ['the lock', /pg_try_advisory_lock|GET_LOCK/],
  ['the tables', /CREATE TABLE IF NOT EXISTS chain_reaction_run/],
  ['the claim', CLAIM],
  ['what was saved', /SELECT checkpoint/],
  ['the notes', /SELECT source, from_record/],
  ['the first checkpoint', SAVE],
];

/** What the sinks of all SQL servers promise when connections are lost where no chunk is written. */
export function describeLosses(name: string, place: ServerPlace): void {
  const proxied = () => CuttingProxy.before(place.url, place.usualPort);

  describe(`${name}, when a connection is lost`, () => {
    test.each(
      STATEMENTS.flatMap(([what, at]) => (['before', 'after'] as const).map((cut) => ({ what, at, cut }))),
    )('at $what, begins all the same (cut $cut the server has it)', async ({ at, cut }) => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      Object.assign(proxy, { at, cuts: [cut] });
      expect(await begin(sink)).toBeUndefined();
      expect(proxy.count).toBe(1);
      await writeOne(sink, rows(0, 5));
      await leave(sink);
      expect(await begin(sink)).toEqual({ pipeline: 'p', cursor: { source: 0, records: 5 } });
      await leave(sink);
      expect(await storedIds(place)).toEqual(idsOf(0, 5));
    });

    test.each<[Cut]>([['before'], ['after']])(
      'at the last checkpoint, saves it all the same (cut %s the server has it)',
      async (cut) => {
        const proxy = await proxied();
        const sink = place.create({ url: proxy.url });
        await begin(sink);
        await writeOne(sink, rows(0, 5));
        Object.assign(proxy, { at: SAVE, cuts: [cut, cut, cut] });
        await sink.ledger.save('run', FINISHED);
        expect(proxy.count).toBe(3);
        await leave(sink);
        expect(await begin(sink)).toEqual(FINISHED);
        await leave(sink);
      },
    );

    test('at a claim that is committed, claims once more', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await leave(sink);
      const before = await epoch();
      Object.assign(proxy, { at: /ON CONFLICT|COMMIT(?!TED)/, cuts: ['after'] });
      await sink.ledger.open('run');
      expect(await epoch()).toBe(before + 2);
      await sink.open?.({ signal });
      await writeOne(sink, rows(0, 5));
      await leave(sink);
    });

    test('too often, says so', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      Object.assign(proxy, { at: SAVE, cuts: ['before', 'before', 'before', 'before'] });
      await expect(sink.ledger.save('run', FINISHED)).rejects.toMatchObject({
        code: 'CHECKPOINT_FAILED',
        message: /could not be saved: /,
      });
      expect(proxy.count).toBe(4);
      await leave(sink);
    });

    test('at the last checkpoint, saves none when a later run has taken over meanwhile', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      Object.assign(proxy, { at: SAVE, cuts: ['refuse'] });
      const saved = sink.ledger.save('run', FINISHED).catch((error: unknown) => error);
      await expect.poll(() => proxy.count).toBe(1);
      await place.endSessions();
      const later = place.create();
      await begin(later);
      await later.ledger.save('run', { pipeline: 'later' });
      proxy.heal();
      expect(await saved).toMatchObject({ code: 'FENCED' });
      await leave(sink).catch(() => undefined);
      await leave(later);
      expect(await begin(later)).toEqual({ pipeline: 'later' });
      await leave(later);
    });

    test('at the claim, takes nothing over from a run that has the lock meanwhile', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url });
      await begin(sink);
      await leave(sink);
      Object.assign(proxy, { at: CLAIM, cuts: ['refuse'] });
      const opened = sink.ledger.open('run').catch((error: unknown) => error);
      await expect.poll(() => proxy.count).toBe(1);
      await place.endSessions();
      const later = place.create();
      await begin(later);
      proxy.heal();
      expect(await opened).toMatchObject({ code: 'CHECKPOINT_FAILED', message: /has locked the run$/ });
      await writeOne(later, rows(0, 5));
      await leave(later);
      expect(await storedIds(place)).toEqual(idsOf(0, 5));
    });

    test('at the table, opens the sink all the same', async () => {
      const proxy = await proxied();
      const sink = place.create({ url: proxy.url, ifExists: 'fail' });
      Object.assign(proxy, { at: /pg_attribute|information_schema/i, cuts: ['before', 'after'] });
      await sink.open?.({ signal });
      expect(proxy.count).toBe(2);
      await writeOne(sink, rows(0, 5));
      await sink.close?.({ complete: true });
      expect(await storedIds(place)).toEqual(idsOf(0, 5));
    });
  });

  async function epoch(): Promise<number> {
    const [row] = await place.sql('SELECT epoch FROM chain_reaction_run');
    return Number(row!['epoch']);
  }
}

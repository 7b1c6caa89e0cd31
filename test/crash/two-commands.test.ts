import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { lines, type Outcome, outcomeOf, Workplace } from '../cli/spawn-command.ts';
import { MariadbPlace } from '../sinks/mariadb-place.ts';
import { PostgresPlace } from '../sinks/postgres-place.ts';

const work = new Workplace();
afterAll(() => work.remove());

const COUNT = 1_000;
const ALL = Array.from({ length: COUNT }, (_, id) => id);
const source = work.file('orders.ndjson', lines(COUNT));
const signal = work.path('go');
beforeEach(() => rmSync(signal, { force: true }));

/**
 * Holds a run up in its middle until one of the two has ended, so that both are surely there at the same time. If none
 * is refused it gives up, so that both fail rather than wait for each other.
 */
const held = work.file(
  'held.mjs',
  `import { existsSync } from 'node:fs';
   import { setTimeout as wait } from 'node:timers/promises';
   export default async (record) => {
     for (let tries = 0; record.id === 500 && !existsSync('go'); tries++) {
       if (tries > 2_400) throw new Error('Nobody was refused');
       await wait(25);
     }
     return record;
   };`,
);

/** Starts the same command twice at once. @returns how they have ended, the first one first */
async function twice(sink: string, ...flags: string[]): Promise<readonly [Outcome, Outcome]> {
  const args = ['run', source, sink, '--batch-size', '100', '--transform', held, ...flags];
  const ended: Outcome[] = [];
  const processes = [work.start(args), work.start(args)].map(async (child) => {
    ended.push(await outcomeOf(child));
    writeFileSync(signal, '');
  });
  await Promise.all(processes);
  return ended as unknown as readonly [Outcome, Outcome];
}

interface Place {
  readonly sink: () => string;
  readonly flags?: readonly string[];
  readonly ids: () => Promise<readonly number[]>;
  /** What the one is told that is refused. */
  readonly refusal: string;
}

function describePlace({ sink, flags = [], ids, refusal }: Place): void {
  test('is written by one of two commands that start at once; the other is refused', async () => {
    const [refused, worked] = await twice(sink(), ...flags);
    expect(refused.stderr).toContain(refusal);
    expect(refused.stderr).toContain('Wait for the other run');
    expect(refused.code).toBe(1);
    expect(worked.stderr).toContain('1,000 records written');
    expect(worked.code).toBe(0);
    expect((await ids()).toSorted((a, b) => a - b)).toEqual(ALL);
  });
}

const LIMIT = { timeout: 180_000 };

describe('A file', LIMIT, () => {
  const out = work.path('out.ndjson');
  describePlace({
    sink: () => out,
    ids: async () =>
      readFileSync(out, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: number }).id),
    refusal: 'is in use by another run',
  });
});

describe('A SQLite file', LIMIT, () => {
  const file = work.path('orders.db');
  describePlace({
    sink: () => `sqlite:${file}?table=orders`,
    ids: async () => {
      const db = new DatabaseSync(file);
      const rows = db.prepare('SELECT id FROM orders').all();
      db.close();
      return rows.map(({ id }) => Number(id));
    },
    refusal: 'Another process is writing the run',
  });
});

function withTable(url: string): string {
  const sink = new URL(url);
  sink.searchParams.set('table', 'orders');
  return sink.href;
}

describe('A table of PostgreSQL', LIMIT, async () => {
  const place = await PostgresPlace.reach();
  describePlace({
    sink: () => withTable(place.url),
    flags: ['--concurrency', '3'],
    ids: async () => (await place.sql('SELECT id FROM orders')).map(({ id }) => Number(id)),
    refusal: 'Another process is writing the run',
  });
});

describe('A table of MariaDB', LIMIT, async () => {
  const place = await MariadbPlace.reach();
  describePlace({
    sink: () => withTable(place.url),
    flags: ['--concurrency', '3'],
    ids: async () => (await place.sql('SELECT id FROM orders')).map(({ id }) => Number(id)),
    refusal: 'Another process is writing the run',
  });
});

import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { MariadbPlace } from '../sinks/mariadb-place.ts';
import { PostgresPlace } from '../sinks/postgres-place.ts';
import { lines, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

interface Place {
  readonly url: string;
  readonly sql: (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** The address with parameters, and with a password also where nobody asks for it. */
function sinkOf({ url }: Place, parameters: Readonly<Record<string, string>>): string {
  const sink = new URL(url);
  sink.password = 'canary';
  for (const [name, value] of Object.entries(parameters)) sink.searchParams.set(name, value);
  return sink.href;
}

function describeServer(name: string, place: Place): void {
  test(`loads a file into a table of ${name}, once`, async () => {
    const source = work.file(`${name}.ndjson`, lines(250));
    const sink = sinkOf(place, { table: 'orders' });
    const first = await work.command([
      'run',
      source,
      sink,
      '--key',
      'id',
      '--columns',
      'id',
      '--concurrency',
      '3',
    ]);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toContain('250 records written');
    const again = await work.command(['run', source, sink, '--key', 'id', '--columns', 'id']);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain('Finished already');
    const [row] = await place.sql('SELECT COUNT(*) AS count, MAX(id) AS last FROM orders');
    expect([Number(row!['count']), Number(row!['last'])]).toEqual([250, 249]);
  });

  test(`refuses a table of ${name} that exists when it must not, and shows no password`, async () => {
    await place.sql('CREATE TABLE orders (id int)');
    const sink = sinkOf(place, { table: 'orders' });
    const run = await work.command(['run', work.file('a.ndjson', lines(3)), sink, '--if-exists', 'fail']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('Table "orders" exists already');
    expect(run.stderr + run.stdout).not.toContain('canary');
    const rows = await place.sql('SELECT * FROM chain_reaction_run');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('canary');
  });

  test(`says what a database of ${name} is that is not there, and shows no password`, async () => {
    const sink = new URL(sinkOf(place, { table: 'orders' }));
    sink.pathname = '/nowhere';
    const run = await work.command(['run', work.file('b.ndjson', lines(3)), sink.href]);
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/nowhere/);
    expect(run.stderr + run.stdout).not.toContain('canary');
  });
}

describe('chain-reaction run', async () => {
  const place = await PostgresPlace.reach();
  beforeEach(() => place.clear());
  describeServer('PostgreSQL', { url: place.url, sql: (text) => place.sql(text) });
});

describe('chain-reaction run', async () => {
  const place = await MariadbPlace.reach();
  beforeEach(() => place.clear());
  describeServer('MariaDB', { url: place.url, sql: (text) => place.sql(text) });
});

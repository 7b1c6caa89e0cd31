import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { MariadbPlace } from '../sinks/mariadb-place.ts';
import { PostgresPlace } from '../sinks/postgres-place.ts';
import { lines, MAIN, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

work.file('orders.ndjson', lines(1_000));
work.file('customers.ndjson', lines(30));
/** Stops its own process in the middle. */
const stop = work.file(
  'stop.mjs',
  "export default (record) => { if (record.id === 600 && !process.env.GO) process.kill(process.pid, 'SIGINT'); return record; };",
);

/** A database in which commands note their runs. */
interface Place {
  /** How a sink names a table of it. */
  readonly sink: (table: string) => string;
  /** How `status` is given it. */
  readonly argument: () => string;
  /** How it is spoken of. */
  readonly name: () => string;
  readonly count: (table: string) => Promise<number>;
}

const loadOrders = (place: Place, env = {}) =>
  work.command(['run', 'orders.ndjson', place.sink('orders'), '--batch-size', '100', '--transform', stop], {
    env,
  });
const loadCustomers = (place: Place) => work.command(['run', 'customers.ndjson', place.sink('customers')]);
const about = (command: string, place: Place, ...run: string[]) =>
  work.command([command, place.argument(), ...run]);

/** The names of the runs, as they are listed. */
async function runsIn(place: Place): Promise<readonly string[]> {
  const { stdout } = await about('status', place);
  return [...stdout.matchAll(/^run {6}(\S+)$/gm)].map(([, name]) => name!);
}

function describeLedger(place: Place): void {
  test('status lists the runs, in the order in which they were saved', async () => {
    expect((await loadOrders(place)).code).toBe(130);
    await loadCustomers(place);
    const { code, stdout } = await about('status', place);
    expect(code).toBe(0);
    const [orders, customers, ...others] = stdout.split('\n\n');
    expect(others).toEqual([]);
    const written = await place.count('orders');
    expect(written).toBeGreaterThan(0);
    expect(orders).toMatch(
      /^run {6}[0-9a-f]{32}\nstate {4}not finished: the same command goes on\nsaved {4}20/,
    );
    expect(orders).toContain(`\ndone     ${written} records`);
    expect(orders).toContain('\ncommand  chain-reaction run orders.ndjson ');
    expect(orders + customers!).not.toContain('canary');
    expect(customers).toContain('\nstate    finished\n');
    expect(customers).toContain('\ndone     30 records');
  });

  test('status shows the run that is named, and knows no other', async () => {
    await loadCustomers(place);
    await loadOrders(place);
    const [customers] = await runsIn(place);
    const { stdout } = await about('status', place, customers!);
    expect(stdout).toMatch(/^run {6}[0-9a-f]{32}\nstate {4}finished\n/);
    expect(stdout.match(/^run /gm)).toHaveLength(1);
    const wrong = await about('status', place, 'nobody');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(`No run nobody is noted in ${place.name()}`);
  });

  test('reset forgets the only run, which then begins anew, and leaves its rows', async () => {
    await loadCustomers(place);
    expect((await loadCustomers(place)).stderr).toContain('Finished already');
    expect(await about('reset', place)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await place.count('customers')).toBe(30);
    const none = await about('status', place);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain(`No run is noted in ${place.name()}`);
    expect((await loadCustomers(place)).stderr).toContain('30 records written');
    expect(await place.count('customers')).toBe(60);
  });

  test('reset forgets none of several, but the one that is named', async () => {
    await loadOrders(place);
    await loadCustomers(place);
    const [orders, customers] = await runsIn(place);
    const unclear = await about('reset', place);
    expect(unclear.code).toBe(2);
    expect(unclear.stderr).toContain(`${place.name()} notes 2 runs: name one behind it`);
    expect((await about('reset', place, customers!)).code).toBe(0);
    expect(await runsIn(place)).toEqual([orders]);
    await loadOrders(place, { GO: '1' });
    expect(await place.count('orders')).toBe(1_000);
  });

  test('says that nothing is noted where no run has been', async () => {
    await work.command(['run', 'customers.ndjson', place.sink('customers'), '--checkpoint', 'off']);
    const { code, stderr } = await about('status', place);
    expect(code).toBe(2);
    expect(stderr).toContain(`No run is noted in ${place.name()}`);
  });
}

let databases = 0;

describe('A SQLite file', () => {
  let file: string;
  beforeEach(() => {
    file = work.path(`shop-${++databases}.db`);
  });
  const count = async (table: string) => {
    const db = new DatabaseSync(file);
    const row = db.prepare(`SELECT COUNT(*) AS count FROM ${table}`).get();
    db.close();
    return Number(row!['count']);
  };
  const sink = (table: string) => `sqlite:${file}?table=${table}`;
  const place: Place = { sink, argument: () => file, name: () => file, count };

  describeLedger(place);

  test('can be named as a sink, too', async () => {
    await loadCustomers(place);
    expect((await work.command(['status', sink('customers')])).stdout).toContain('done     30 records');
  });

  test('is told from a checkpoint by what it holds, and is not made', async () => {
    const { code, stderr } = await work.command(['status', `sqlite:${file}`]);
    expect(code).toBe(2);
    expect(stderr).toContain(`There is no database ${file}`);
    expect(existsSync(file)).toBe(false);
  });

  test('shows a run that is going on, and does not let it be forgotten', async () => {
    const look = work.file(
      'look.mjs',
      `import { spawnSync } from 'node:child_process';
       import { writeFileSync } from 'node:fs';
       const about = (name) => spawnSync(process.execPath, ['--no-warnings', ${JSON.stringify(MAIN)}, name, ${JSON.stringify(file)}], { encoding: 'utf8' });
       export default (record) => {
         if (record.id === 600) writeFileSync('looked.json', JSON.stringify([about('status'), about('reset')]));
         return record;
       };`,
    );
    const args = ['run', 'orders.ndjson', sink('orders'), '--batch-size', '100', '--transform', look];
    expect((await work.command(args)).code).toBe(0);
    const [shown, refused] = JSON.parse(readFileSync(work.path('looked.json'), 'utf8')) as {
      status: number;
      stdout: string;
      stderr: string;
    }[];
    expect(shown!.stdout).toContain('\nstate    not finished: the same command goes on\n');
    expect(refused!.stderr).toContain('Another process is writing the run');
    expect(refused!.status).toBe(1);
    expect(await count('orders')).toBe(1_000);
  });

  test('resume goes on with its run', async () => {
    await loadOrders(place);
    const { stderr } = await work.command(['resume', file], { env: { GO: '1' } });
    expect(stderr).toContain(`records written to ${file} (table orders)`);
    expect(await count('orders')).toBe(1_000);
  });
});

/** A server, with a password also where nobody asks for it. */
function onServer({ url, sql }: { url: string; sql: (text: string) => Promise<readonly object[]> }): Place {
  const address = (table?: string) => {
    const named = new URL(url);
    named.password = 'canary';
    if (table !== undefined) named.searchParams.set('table', table);
    return named.href;
  };
  const { host, pathname } = new URL(url);
  return {
    sink: address,
    argument: () => address(),
    name: () => `${host}${pathname}`,
    count: async (table) => {
      const [row] = await sql(`SELECT COUNT(*) AS count FROM ${table}`);
      return Number((row as { count: unknown }).count);
    },
  };
}

describe('A database of PostgreSQL', async () => {
  const place = await PostgresPlace.reach();
  beforeEach(() => place.clear());
  describeLedger(onServer({ url: place.url, sql: (text) => place.sql(text) }));
});

describe('A database of MariaDB', async () => {
  const place = await MariadbPlace.reach();
  beforeEach(() => place.clear());
  describeLedger(onServer({ url: place.url, sql: (text) => place.sql(text) }));
});

test('A server that cannot be reached is named, without its password', async () => {
  const { code, stderr } = await work.command(['status', 'postgres://ada:canary@127.0.0.1:1/shop']);
  expect(code).toBe(1);
  expect(stderr).toContain('The ledger of 127.0.0.1:1/shop could not be read');
  expect(stderr).not.toContain('canary');
});

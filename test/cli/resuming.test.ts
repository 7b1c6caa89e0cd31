import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type PickyServer, pickyServer } from './picky-server.ts';
import { lines, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

let count = 0;
/** A source of a name of its own. */
const source = () => work.file(`source-${++count}.ndjson`, lines(1_000));

const ALL = Array.from({ length: 1_000 }, (_, id) => id);

describe('chain-reaction run, with a checkpoint', () => {
  let place: PickyServer;
  beforeEach(async () => {
    place = await pickyServer();
  });
  const run = (file: string, ...flags: string[]) =>
    work.command(['run', file, place.url, '--batch-size', '100', ...flags]);

  test('goes on where the same command has failed, and says so', async () => {
    const file = source();
    place.refuses = 450;
    const failed = await run(file);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /The same command goes on where this one has ended \(\S*\.source-\d+\.ndjson\.[0-9a-f]{8}\.checkpoint\); --restart begins anew/,
    );
    place.refuses = -1;
    const { code, stderr } = await run(file);
    expect(code).toBe(0);
    expect(stderr).toContain('600 records written');
    expect(place.taken).toEqual(ALL);
  });

  test('says how to go on also when it has come no further than the run before it', async () => {
    const file = source();
    place.refuses = 0;
    const atOnce = await run(file);
    expect(atOnce.code).toBe(1);
    expect(atOnce.stderr).not.toContain('The same command goes on');
    place.refuses = 450;
    await run(file);
    const again = await run(file);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('0 records written');
    expect(again.stderr).toContain('The same command goes on where this one has ended');
  });

  test('says so also when it is the database that notes how far the run has come', async () => {
    const file = source();
    const database = work.path(`orders-${count}.db`);
    const db = new DatabaseSync(database);
    db.exec('CREATE TABLE orders (id INTEGER CHECK (id <> 450))');
    db.close();
    const args = ['run', file, `sqlite:${database}?table=orders`, '--batch-size', '100'];
    expect((await work.command(args)).stderr).toContain('The same command goes on');
    const { code, stderr } = await work.command(args);
    expect(code).toBe(1);
    expect(stderr).toContain('0 records written');
    expect(stderr).toContain(
      `The same command goes on where this one has ended (${database} (table orders))`,
    );
  });

  test('a finished run says that it is finished, writes nothing, and exits with 0, until --restart', async () => {
    const file = source();
    expect((await run(file)).code).toBe(0);
    const again = await run(file);
    expect(again.code).toBe(0);
    expect(again.stderr).toMatch(
      /Finished already \(20.*\): nothing was read or written; --restart does it again/,
    );
    expect(place.taken).toEqual(ALL);
    expect((await run(file, '--restart')).stderr).toContain('1,000 records written');
    expect(place.taken).toHaveLength(2_000);
  });

  test('goes on after SIGINT, and exits with 130', async () => {
    const file = source();
    const stop = work.file(
      'stop.mjs',
      "export default (record) => { if (record.id === 500 && !process.env.GO) process.kill(process.pid, 'SIGINT'); return record; };",
    );
    const interrupted = await run(file, '--transform', stop);
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toContain('The same command goes on where this one has ended');
    expect(place.taken.length).toBeLessThan(1_000);
    const flags = ['run', file, place.url, '--batch-size', '100', '--transform', stop];
    expect((await work.command(flags, { env: { GO: '1' } })).code).toBe(0);
    expect(place.taken).toEqual(ALL);
  });

  test('--checkpoint off neither goes on nor leaves anything behind', async () => {
    const file = source();
    const before = readdirSync(work.folder).length;
    await run(file, '--checkpoint', 'off');
    await run(file, '--checkpoint', 'off');
    expect(place.taken).toHaveLength(2_000);
    expect(readdirSync(work.folder)).toHaveLength(before);
  });

  test('status, resume and reset know the run of a checkpoint', async () => {
    const file = source();
    const checkpoint = work.path(`own-${count}.checkpoint`);
    place.refuses = 450;
    await run(file, '--checkpoint', checkpoint);
    const shown = await work.command(['status', checkpoint]);
    expect(shown.stdout).toContain('state    not finished: the same command goes on\n');
    expect(shown.stdout).toContain('done     400 records');
    expect(shown.stdout).toContain(`command  chain-reaction run ${file} ${place.url} --batch-size 100`);
    place.refuses = -1;
    expect((await work.command(['resume', checkpoint])).stderr).toContain('600 records written');
    expect(place.taken).toEqual(ALL);
    expect((await work.command(['status', checkpoint])).stdout).toContain('state    finished\n');
    expect((await work.command(['reset', checkpoint])).code).toBe(0);
    expect(existsSync(checkpoint)).toBe(false);
  });

  test('a checkpoint holds no secret, and resume asks for it', async () => {
    const file = source();
    const checkpoint = work.path('secret.checkpoint');
    const flags = ['--checkpoint', checkpoint, '--header', 'Authorization: Bearer canary-4711'];
    place.refuses = 450;
    await run(file, ...flags);
    const { stdout } = await work.shell(`cat ${checkpoint}`);
    expect(stdout).toContain('***');
    expect(stdout).not.toContain('canary');
    const { code, stderr } = await work.command(['resume', checkpoint]);
    expect(code).toBe(2);
    expect(stderr).toContain('Secrets are not kept: run the command again with its own');
  });

  test.each(['status', 'resume', 'reset'])('%s says when there is no checkpoint', async (command) => {
    const { code, stderr } = await work.command([command, 'nothing.checkpoint']);
    expect(code).toBe(2);
    expect(stderr).toContain('There is no checkpoint nothing.checkpoint');
  });

  test('refuses --restart with --checkpoint off', async () => {
    const { code, stderr } = await run(source(), '--checkpoint', 'off', '--restart');
    expect(code).toBe(2);
    expect(stderr).toContain('--restart makes no sense with --checkpoint off');
  });
});

describe('chain-reaction run into a file', () => {
  const read = (name: string) => readFileSync(work.path(name), 'utf8');

  test.each(['out.ndjson', 'out.json', 'out.csv', 'out.ndjson.gz', 'out.csv.zst'])(
    'goes on behind what is written: %s is as if nothing had happened',
    async (name) => {
      const file = source();
      const stop = work.file(
        'stop-file.mjs',
        "export default (record) => { if (record.id === 600 && !process.env.GO) process.kill(process.pid, 'SIGINT'); return record; };",
      );
      const flags = ['--batch-size', '100', '--transform', stop];
      const whole = await work.command(['run', file, `whole-${name}`, ...flags], { env: { GO: '1' } });
      expect(whole.code).toBe(0);
      const interrupted = await work.command(['run', file, name, ...flags]);
      expect(interrupted.code).toBe(130);
      expect(existsSync(work.path(name))).toBe(false);
      const { code, stderr } = await work.command(['run', file, name, ...flags], { env: { GO: '1' } });
      expect(code).toBe(0);
      expect(stderr).not.toContain('1,000 records written');
      expect(readFileSync(work.path(name))).toEqual(readFileSync(work.path(`whole-${name}`)));
      expect(existsSync(work.path(`.${name}.partial`))).toBe(false);
    },
  );

  test('does nothing when it is finished, and makes it again when it is gone or to be replaced', async () => {
    const file = source();
    const run = (...flags: string[]) => work.command(['run', file, 'again.ndjson', ...flags]);
    await run();
    expect((await run()).stderr).toContain('Finished already');
    expect((await run('--if-exists', 'replace')).stderr).toContain('1,000 records written');
    rmSync(work.path('again.ndjson'));
    expect((await run()).stderr).toContain('1,000 records written');
    expect(read('again.ndjson').split('\n')).toHaveLength(1_001);
  });
});

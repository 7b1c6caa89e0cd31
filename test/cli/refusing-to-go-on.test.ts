import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type PickyServer, pickyServer } from './picky-server.ts';
import { lines, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

const ids = (count: number) => Array.from({ length: count }, (_, id) => id);
const more = (from: number, to: number) =>
  ids(to)
    .slice(from)
    .map((id) => `{"id":${id}}\n`)
    .join('');

let count = 0;
/** A source of a name of its own, of 1,000 records. */
const source = () => work.file(`source-${++count}.ndjson`, `${lines(1_000)}\n`);

/** A transform that lets everything pass. */
const transform = () => work.file(`own-${count}.mjs`, 'export default (record) => record;');

function expectRefused({ code, stderr }: Awaited<ReturnType<typeof work.command>>, why: string): void {
  expect(stderr).toContain(why);
  expect(stderr).toContain('--restart');
  expect(stderr).not.toContain('The same command goes on');
  expect(code).toBe(5);
}

const OTHER_COMMAND = 'The run has begun with other functions or options';

describe('chain-reaction run, gone on with', () => {
  let place: PickyServer;
  let file: string;
  /** 400 of 1,000 records are written. */
  beforeEach(async () => {
    place = await pickyServer();
    place.refuses = 450;
    file = source();
  });
  const run = (...flags: string[]) => work.command(['run', file, place.url, '--batch-size', '100', ...flags]);

  async function fail(...flags: string[]): Promise<void> {
    expect((await run(...flags)).code).toBe(1);
    expect(place.taken).toEqual(ids(400));
    place.refuses = -1;
  }

  test('is refused when a byte before the place is another one, until --restart', async () => {
    await fail();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('{"id":399}', '{"id":398}'));
    expectRefused(await run(), `${file} is not what it was: its bytes from 0 to`);
    expect(place.taken).toEqual(ids(400));
    expect((await run('--restart')).code).toBe(0);
    expect(place.taken).toHaveLength(1_400);
  });

  test('is refused when its transform is another one, until it is as it was', async () => {
    const own = transform();
    await fail('--transform', own);
    const before = readFileSync(own, 'utf8');
    appendFileSync(own, '// changed\n');
    expectRefused(await run('--transform', own), OTHER_COMMAND);
    expect(place.taken).toEqual(ids(400));
    writeFileSync(own, before);
    expect((await run('--transform', own)).code).toBe(0);
    expect(place.taken).toEqual(ids(1_000));
  });

  test.each([
    ['--batch-size', '200'],
    ['--concurrency', '4'],
    ['--max-retries', '1'],
  ])('may have another %s', async (flag, value) => {
    await fail();
    const { code, stderr } = await run(flag, value);
    expect(code).toBe(0);
    expect(stderr).toContain('600 records written');
    expect(place.taken.toSorted((a, b) => a - b)).toEqual(ids(1_000));
  });

  test('is refused when its input has grown, and with --allow-growth goes on to the new end', async () => {
    await fail();
    appendFileSync(file, more(1_000, 1_200));
    const refused = await run();
    expectRefused(refused, 'more bytes');
    expect(refused.stderr).toContain('--allow-growth takes what was appended');
    expect(place.taken).toEqual(ids(400));
    const { code, stderr } = await run('--allow-growth');
    expect(code).toBe(0);
    expect(stderr).toContain('800 records written');
    expect(place.taken).toEqual(ids(1_200));
  });

  test('takes with --allow-growth what has come since it was finished, and nothing else', async () => {
    const { url } = place;
    place.refuses = -1;
    const database = work.path(`orders-${count}.db`);
    for (const sink of [url, `sqlite:${database}?table=orders`]) {
      const args = ['run', file, sink, '--allow-growth'];
      writeFileSync(file, more(0, 1_000));
      expect((await work.command(args)).stderr).toContain('1,000 records written');
      appendFileSync(file, more(1_000, 1_003));
      const { code, stderr } = await work.command(args);
      expect(code).toBe(0);
      expect(stderr).toContain('3 records written');
    }
    expect(place.taken).toEqual(ids(1_003));
    const db = new DatabaseSync(database);
    const rows = db.prepare('SELECT id FROM orders ORDER BY rowid').all();
    db.close();
    expect(rows.map(({ id }) => id)).toEqual(ids(1_003));
  });
});

describe('chain-reaction run into a file, gone on with', () => {
  const stop = work.file(
    'stop.mjs',
    "export default (record) => { if (record.id === 600 && !process.env.GO) process.kill(process.pid, 'SIGINT'); return record; };",
  );

  test.each([
    ['other columns', ['--columns', 'id'], ['--columns', 'id,name']],
    ['another format', ['--to', 'ndjson'], ['--to', 'csv']],
    ['harmless formulas', [], ['--escape-formulas']],
  ])('is refused with %s, and leaves what is written as it is', async (_what, first, second) => {
    const out = `out-${++count}.${first.includes('ndjson') ? 'txt' : 'csv'}`;
    const args = ['run', source(), out, '--batch-size', '100', '--transform', stop];
    expect((await work.command([...args, ...first])).code).toBe(130);
    const partial = work.path(`.${out}.partial`);
    const before = readFileSync(partial);
    expectRefused(await work.command([...args, ...second], { env: { GO: '1' } }), OTHER_COMMAND);
    expect(readFileSync(partial)).toEqual(before);
    expect(existsSync(work.path(out))).toBe(false);
    const restarted = await work.command([...args, ...second, '--restart'], { env: { GO: '1' } });
    expect(restarted.stderr).toContain('1,000 records written');
    expect(existsSync(partial)).toBe(false);
  });

  test('is refused with a --checkpoint of another run, which --restart would not help', async () => {
    const checkpoint = work.path(`shared-${++count}.checkpoint`);
    const into = (out: string, ...flags: string[]) =>
      work.command(['run', work.path('shared.ndjson'), out, '--checkpoint', checkpoint, ...flags]);
    work.file('shared.ndjson', lines(10));
    expect((await into('first.ndjson')).code).toBe(0);
    for (const flags of [[], ['--restart']]) {
      const { code, stderr } = await into('second.ndjson', ...flags);
      expect(code).toBe(5);
      expect(stderr).toContain('belongs to the run');
      expect(stderr).toContain('Name another file with --checkpoint FILE');
      expect(stderr).not.toContain('--restart');
    }
    expect(existsSync(work.path('second.ndjson'))).toBe(false);
  });
});

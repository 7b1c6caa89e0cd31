import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type PickyServer, pickyServer } from './picky-server.ts';
import { lines, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

const ALL = Array.from({ length: 1_000 }, (_, id) => id);
const INPUT = lines(1_000);

describe('chain-reaction run - SINK', () => {
  let place: PickyServer;
  let file: string;
  let count = 0;
  beforeEach(async () => {
    place = await pickyServer();
    file = work.path(`stdin-${++count}.checkpoint`);
  });
  const run = (stdin: string, ...flags: string[]) =>
    work.command(['run', '-', place.url, '--batch-size', '100', ...flags], { stdin });

  test('with --checkpoint FILE goes on with the same input, and writes nothing twice', async () => {
    place.refuses = 450;
    const failed = await run(INPUT, '--checkpoint', file);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`The same command goes on where this one has ended (${file})`);
    place.refuses = -1;
    const { code, stderr } = await run(INPUT, '--checkpoint', file);
    expect(code).toBe(0);
    expect(stderr).toContain('600 records written');
    expect(place.taken).toEqual(ALL);
    expect((await run(INPUT, '--checkpoint', file)).stderr).toContain('Finished already');
    expect(place.taken).toEqual(ALL);
  });

  test.each([
    ['begins with other records', INPUT.replace('{"id":0}', '{"id":7}'), 'record 1 is another one'],
    [
      'has other records before the place',
      INPUT.replace('"id":399}', '"id":7}'),
      'record 400 is another one',
    ],
    ['ends before the place', lines(300), 'it ends before record 400'],
  ])('with --checkpoint FILE refuses an input that %s, and writes nothing', async (_what, other, why) => {
    place.refuses = 450;
    await run(INPUT, '--checkpoint', file);
    place.refuses = -1;
    const before = place.taken.length;
    expect(before).toBe(400);
    const { code, stderr } = await run(other, '--checkpoint', file);
    expect(code).toBe(5);
    expect(stderr).toContain(`stdin is not what it was: ${why}`);
    expect(stderr).toContain('--restart');
    expect(stderr).not.toContain('The same command goes on');
    expect(place.taken).toHaveLength(before);
    expect((await run(other, '--checkpoint', file, '--restart')).code).toBe(0);
  });

  test('with --checkpoint FILE goes on with a file as if nothing had happened', async () => {
    const stop = work.file(
      'stop.mjs',
      "export default (record) => { if (record.id === 600 && !process.env.GO) process.kill(process.pid, 'SIGINT'); return record; };",
    );
    const args = ['run', '-', 'out.csv', '--batch-size', '100', '--transform', stop, '--checkpoint', file];
    expect((await work.command(args, { stdin: INPUT })).code).toBe(130);
    const { code, stderr } = await work.command(args, { stdin: INPUT, env: { GO: '1' } });
    expect(code).toBe(0);
    expect(stderr).not.toContain('1,000 records written');
    expect(readFileSync(work.path('out.csv'), 'utf8')).toBe(`id\n${ALL.join('\n')}\n`);
  });

  test.each(['out.ndjson', 'sqlite:out.db?table=orders'])(
    'without it leaves nothing beside, and begins anew: into %s',
    async (sink) => {
      const before = readdirSync(work.folder);
      const twice = async () => work.command(['run', '-', sink], { stdin: INPUT });
      expect((await twice()).stderr).toContain('1,000 records written');
      expect((await twice()).stderr).toContain('1,000 records written');
      const made = readdirSync(work.folder).filter((name) => !before.includes(name));
      expect(made).toEqual([sink.includes('db') ? 'out.db' : 'out.ndjson']);
    },
  );
});

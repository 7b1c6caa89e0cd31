import { afterAll, expect, test } from 'vitest';
import { pickyServer } from './picky-server.ts';
import { lines, outcomeOf, Workplace } from './spawn-command.ts';

const work = new Workplace();
afterAll(() => work.remove());

const ALL = Array.from({ length: 1_000 }, (_, id) => id);

/** Long after the grace period, and before the one would be over that there is without the flag. */
const TOO_LATE_MS = 25_000;

test('chain-reaction run ends by itself after --grace when the server never answers, and can be gone on with', async () => {
  const place = await pickyServer();
  const args = ['run', work.file('orders.ndjson', lines(1_000)), place.url, '--batch-size', '100'];
  place.ignores = 450;
  const child = work.start([...args, '--grace', '200ms']);
  let timer: NodeJS.Timeout | undefined;
  place.onIgnored = () => {
    child.kill('SIGINT');
    timer = setTimeout(() => child.kill('SIGKILL'), TOO_LATE_MS);
  };
  const interrupted = await outcomeOf(child);
  clearTimeout(timer);
  expect(interrupted.code).toBe(130);
  expect(interrupted.stderr).toContain('Finishing what is being written; press Ctrl-C again to stop now');
  expect(interrupted.stderr).toMatch(/Interrupted after [\d,]+ records/);
  expect(interrupted.stderr).toMatch(/The same command goes on where this one has ended \(.*\.checkpoint\)/);
  expect(place.taken).toEqual(ALL.slice(0, 400));
  place.ignores = -1;
  const { code, stderr } = await work.command(args);
  expect(code).toBe(0);
  expect(stderr).toContain('600 records written');
  expect(place.taken).toEqual(ALL);
});

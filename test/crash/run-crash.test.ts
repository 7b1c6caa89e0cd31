import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCheckpointFile } from '../../src/checkpoint/file-checkpoint.ts';
import { forEach, type Injection, needStrace, stepsOf, traced } from './strace.ts';

const PROGRAM = join(import.meta.dirname, 'run-process.ts');
/** Every point takes a process of its own: all of them with `npm run test:crash`, else one in so many. */
const EVERY = process.env['CRASH_POINTS'] === 'all' ? 1 : 13;
const COUNT = 450;
const CHUNKS = 5;
const rows = Array.from({ length: COUNT }, (_, id) => ({ id, name: `name ${id}` }));
const expected = ['id,name', ...rows.map(({ id, name }) => `${id},${name}`), ''].join('\n');

const folder = mkdtempSync(join(tmpdir(), 'run-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let worlds = 0;

function world(): string {
  const path = join(folder, String(worlds++));
  mkdirSync(path);
  writeFileSync(join(path, 'rows.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** A run in a process of its own. */
async function runs(path: string, injection?: Injection) {
  const files = ['out.csv', '.out.csv.partial', 'checkpoint', '.checkpoint.tmp', 'checkpoint.lock'];
  const paths = [path, ...files.map((file) => join(path, file))];
  return traced([PROGRAM, path], paths, `${path}.log`, injection);
}

async function expectExact(path: string, place: string): Promise<void> {
  expect(readFileSync(join(path, 'out.csv'), 'utf8'), place).toBe(expected);
  const left = ['checkpoint', 'checkpoint.lock', 'out.csv', 'rows.ndjson'];
  expect(readdirSync(path).toSorted(), place).toEqual(left);
  expect((await readCheckpointFile(join(path, 'checkpoint')))?.checkpoint.state, place).toBe('finished');
}

describe('A whole run into a file, with a checkpoint', { timeout: 600_000 }, () => {
  test('makes each chunk safe before the checkpoint says so', async (context) => {
    needStrace(context);
    const { calls } = await runs(world());
    let isSafe = true;
    let saves = 0;
    for (const { name, text } of calls) {
      if (name === 'pwrite64') isSafe = false;
      if (name === 'fsync') isSafe = true;
      if (name !== 'openat' || !text.includes('.checkpoint.tmp')) continue;
      saves++;
      expect(isSafe, text).toBe(true);
    }
    expect(saves).toBeGreaterThan(CHUNKS);
  });

  test('is exact, wherever it is killed', async (context) => {
    needStrace(context);
    const steps = stepsOf((await runs(world())).calls);
    expect(steps.length).toBeGreaterThan(60);
    const points = steps.filter((_step, i) => i % EVERY === 0);
    await forEach(points, async ({ call }) => {
      const path = world();
      const { wasKilled } = await runs(path, { call, effect: 'signal=KILL' });
      expect(wasKilled, call.text).toBe(true);
      await runs(path);
      await expectExact(path, `killed at ${call.text}`);
    });
  });
});

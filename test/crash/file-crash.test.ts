import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { VARIANTS, writeFile } from './file-process.ts';
import { forEach, type Injection, needStrace, type Step, stepsOf, type TracedRun, traced } from './strace.ts';

const PROGRAM = join(import.meta.dirname, 'file-process.ts');
/** Every point takes a process of its own: all of them with `npm run test:crash`, else one in so many. */
const EVERY = process.env['CRASH_POINTS'] === 'all' ? 1 : 17;
const folder = mkdtempSync(join(tmpdir(), 'file-crash-'));
vi.stubEnv('NODE_COMPILE_CACHE', join(folder, 'compiled'));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
let worlds = 0;

/** Bytes; larger than the checkpoint. */
const BLOCK = 1_024;

/** Nobody minds when what is safe already cannot be closed; there are other ways to link and to copy, and owners need not be kept. */
const MAY_FAIL = new Set(['close', 'link', 'copy_file_range', 'fchown']);

const nameOf = (variant: string) => VARIANTS[variant]!.file as string;
const pick = (steps: readonly Step[], first: number) =>
  steps.filter((_step, i) => i % EVERY === first % EVERY);

/** A folder of its own, with what is there before the first run, or what another run has left. */
function world(variant: string, before?: string): string {
  const path = join(folder, String(worlds++));
  mkdirSync(path);
  if (before !== undefined) copyWorld(before, path, nameOf(variant));
  else if (variant === 'an old file') writeFileSync(join(path, nameOf(variant)), 'id,name\n7,x');
  return path;
}

/** A file that is complete is known by its number: it gets one more name, as nothing may write to it any more. */
function copyWorld(from: string, to: string, name: string): void {
  const isLinked = existsSync(join(from, name));
  cpSync(from, to, { recursive: true, filter: (file) => !isLinked || file !== join(from, name) });
  if (isLinked) linkSync(join(from, name), join(to, name));
}

/** A run in a process of its own. */
async function runs(variant: string, injection?: Injection, before?: string) {
  const path = world(variant, before);
  const name = nameOf(variant);
  const files = [name, `.${name}.partial`, 'checkpoint', '.checkpoint.tmp', 'checkpoint.lock'];
  const paths = [path, ...files.map((file) => join(path, file))];
  const run: TracedRun = await traced([PROGRAM, path, variant], paths, `${path}.log`, injection);
  return { path, ...run };
}

/** A run in which nothing goes wrong, of each variant. */
const undisturbed = new Map<string, TracedRun & { readonly written: Buffer }>();

async function whole(variant: string) {
  let found = undisturbed.get(variant);
  if (found === undefined) {
    const run = await runs(variant);
    found = { ...run, written: readFileSync(join(run.path, nameOf(variant))) };
    undisturbed.set(variant, found);
  }
  return found;
}

async function expectExact(path: string, variant: string, place: string): Promise<void> {
  await writeFile(path, variant);
  expect(readdirSync(path).toSorted(), place).toEqual(['checkpoint', 'checkpoint.lock', nameOf(variant)]);
  const { written } = await whole(variant);
  expect(readFileSync(join(path, nameOf(variant))).equals(written), place).toBe(true);
}

describe.each(Object.keys(VARIANTS))(
  'fileSink with a checkpoint writes %s',
  { timeout: 600_000 },
  (variant) => {
    const first = Object.keys(VARIANTS).indexOf(variant);

    test('safely before the checkpoint says so, and before it gets its name', async (context) => {
      needStrace(context);
      const { calls } = await whole(variant);
      let isSafe = true;
      for (const { name, text } of calls) {
        if (name === 'pwrite64' || name === 'ftruncate') isSafe = false;
        if (name === 'fsync') isSafe = true;
        const isSaid = name === 'rename' || name === 'link' || text.includes('.checkpoint.tmp');
        if (isSaid) expect(isSafe, text).toBe(true);
      }
      expect(calls.some(({ name }) => name === 'pwrite64')).toBe(true);
    });

    test('exactly, wherever the process is killed', async (context) => {
      needStrace(context);
      const all = stepsOf((await whole(variant)).calls);
      expect(all.length).toBeGreaterThan(60);
      await forEach(pick(all, first), async ({ call }) => {
        const killed = await runs(variant, { call, effect: 'signal=KILL' });
        expect(killed.wasKilled).toBe(true);
        await expectExact(killed.path, variant, `killed at ${call.text}`);
      });
    });

    test('exactly, wherever the process that goes on is killed, too', async (context) => {
      needStrace(context);
      const { calls } = await whole(variant);
      const named = calls.findIndex(
        ({ name, text }) => /rename|link/.test(name) && text.includes('.partial'),
      );
      const middle = calls.findLastIndex(({ name }, i) => i < named / 2 && name === 'fsync');
      // Killed in the middle of the file, and between its final name and the note that it is finished.
      for (const at of [middle, named + 1]) {
        const { call } = stepsOf(calls).find(({ until }) => until.length > at)!;
        const killed = await runs(variant, { call, effect: 'signal=KILL' });
        const again = await runs(variant, undefined, killed.path);
        await forEach(pick(stepsOf(again.calls), first), async (step) => {
          const twice = await runs(variant, { call: step.call, effect: 'signal=KILL' }, killed.path);
          expect(twice.wasKilled).toBe(true);
          await expectExact(twice.path, variant, `killed at ${call.text}, then at ${step.call.text}`);
        });
      }
    });

    test.for(['EIO', 'ENOSPC'] as const)(
      'exactly when it goes on after %s, wherever',
      async (code, context) => {
        needStrace(context);
        const { calls } = await whole(variant);
        const all = stepsOf(calls).filter(({ call }) => !call.text.includes('.lock'));
        await forEach(pick(all, first + code.length), async ({ call }) => {
          const failed = await runs(variant, { call, effect: `error=${code}` });
          expect(failed.wasKilled).toBe(false);
          const place = `${code} at ${call.text}`;
          const said = failed.said.join('\n');
          if (said !== '' || !MAY_FAIL.has(call.name))
            expect(said, place).toMatch(new RegExp(`^([A-Z_]+ )?${code}$`));
          await expectExact(failed.path, variant, place);
        });
      },
    );
  },
);

/** The system takes a part of a write, and refuses the rest: a process may make no file larger than so many blocks. */
test.for(['ndjson', 'json', 'an old file'])(
  'fileSink with a checkpoint writes %s exactly after writes that were cut short',
  { timeout: 120_000 },
  async (variant, { skip }) => {
    skip(process.platform === 'win32', 'Windows has no limit to the size of a file');
    const path = world(variant);
    await writeFile(path, variant);
    const written = readFileSync(join(path, nameOf(variant)));
    const blocks = Array.from({ length: Math.ceil(written.length / BLOCK) - 1 }, (_, i) => i + 1);
    expect(blocks.length).toBeGreaterThan(0);
    await forEach(blocks, async (count) => {
      const place = world(variant);
      const program = [process.execPath, PROGRAM, place, variant];
      const args = ['-c', `ulimit -f ${count * (BLOCK / 512)} && exec "$@"`, 'sh', ...program];
      const env = { ...process.env, NODE_COMPILE_CACHE: '', POSIXLY_CORRECT: '1' };
      const { stdout } = await promisify(execFile)('sh', args, { env });
      expect(stdout).toBe('EFBIG\n');
      await writeFile(place, variant);
      expect(readFileSync(join(place, nameOf(variant))).equals(written), `${count} blocks`).toBe(true);
    });
  },
);

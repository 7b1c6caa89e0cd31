import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import { type Call, forEach, type Injection, needStrace, stepsOf, type TracedRun, traced } from './strace.ts';

const PROGRAM = join(import.meta.dirname, 'checkpoint-process.ts');
const folder = mkdtempSync(join(tmpdir(), 'checkpoint-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FILE = 'orders.checkpoint';
const TEMPORARY = `.${FILE}.tmp`;
/** What every run finds: a checkpoint of 1 record, and what a save that was cut off has left. */
const before = join(folder, 'before');
let worlds = 0;

beforeAll(async () => {
  mkdirSync(before);
  const store = fileCheckpoint(join(before, FILE));
  await store.open('orders');
  await store.save('orders', { cursor: { source: 0, records: 1 } });
  await store.close('orders');
  rmSync(join(before, `${FILE}.lock`));
  writeFileSync(join(before, TEMPORARY), 'half of a checkp');
});

type RunInWorld = TracedRun & { readonly world: string };

/** Saves 2 records, then 3, in a world of its own. */
const savesTwice = (injection?: Injection) => keeps(['2', '3'], injection);

/** Saves 2 records, notes 3 and 4, and saves 5. */
const notesBetween = (injection?: Injection) => keeps(['2', '+3', '+4', '5'], injection);

/** Saves 2 records, notes 3, notes 5 while it saves 4, and notes 6. */
const notesMeanwhile = (injection?: Injection) => keeps(['2', '+3', '4+5', '+6'], injection);

async function keeps(counts: readonly string[], injection?: Injection): Promise<RunInWorld> {
  const world = join(folder, String(worlds++));
  cpSync(before, world, { recursive: true });
  const names = [FILE, TEMPORARY, `${FILE}.lock`];
  const paths = [world, ...names.map((name) => join(world, name))];
  const program = [PROGRAM, join(world, FILE), 'keep', ...counts];
  return { world, ...(await traced(program, paths, `${world}.log`, injection)) };
}

/** How many records are written according to the checkpoint, for a run that then goes on with it. */
async function goesOn(world: string): Promise<number | undefined> {
  const store = fileCheckpoint(join(world, FILE));
  await store.open('orders');
  const found = await store.load('orders');
  await store.save('orders', { state: 'finished' });
  await store.close('orders');
  expect(readdirSync(world).toSorted()).toEqual([FILE, `${FILE}.lock`]);
  return found?.cursor?.records;
}

const isUnlink = ({ name }: Call) => name === 'unlink';
const isRename = ({ name }: Call) => name === 'rename';

/** Many short processes, on a machine that may be busy. */
describe('fileCheckpoint', { timeout: 120_000 }, () => {
  test('makes a checkpoint safe before it gets its name, and the name safe after that', async (context) => {
    needStrace(context);
    const { calls, world } = await savesTwice();
    const opens = ({ name, text }: Call) =>
      name === 'openat' && (text.includes(TEMPORARY) ? 'openat .tmp' : 'openat folder');
    const saves = calls.slice(calls.findIndex(isUnlink), -1).map((call) => opens(call) || call.name);
    const one = [
      ...['unlink', 'openat .tmp', 'write', 'fsync', 'rename'],
      ...['openat folder', 'fsync', 'close', 'close'],
    ];
    expect(saves).toEqual([...one, ...one]);
    expect(await goesOn(world)).toBe(3);
  });

  test('has the old checkpoint or the new one, whole, wherever a process is killed', async (context) => {
    needStrace(context);
    const { calls } = await savesTwice();
    const steps = stepsOf(calls);
    await forEach(steps, async ({ call, until }) => {
      const killed = await savesTwice({ call, effect: 'signal=KILL' });
      expect(killed.wasKilled).toBe(true);
      expect(killed.calls.map(({ name }) => name)).toEqual(until.map(({ name }) => name));
      const renamed = until.slice(0, -1).filter(isRename).length;
      expect(await goesOn(killed.world), `killed at ${call.text}`).toBe(1 + renamed);
      const promised = killed.said.findLast((line) => line.startsWith('saved')) ?? 'saved 1';
      expect(1 + renamed).toBeGreaterThanOrEqual(Number(promised.slice('saved '.length)));
    });
    const reached = new Set(steps.map(({ until }) => until.length - 1));
    const last = calls.length - 1; // closes the lock
    const missed = calls.filter(({ text }, i) => !reached.has(i) && !text.includes('O_RDONLY') && i < last);
    expect(missed).toEqual([]);
  });

  test('keeps the checkpoint it has, says so and goes on when a call fails', async (context) => {
    needStrace(context);
    const { calls } = await savesTwice();
    const firstSave = calls.findIndex(isUnlink);
    const steps = stepsOf(calls.slice(0, -1)); // nobody cares whether the lock was closed in order
    const all = steps.flatMap((step) => [
      { ...step, code: 'EIO' as const },
      { ...step, code: 'ENOSPC' as const },
    ]);
    await forEach(all, async ({ call, until, code }) => {
      const { said, wasKilled, world } = await savesTwice({ call, effect: `error=${code}` });
      expect(wasKilled).toBe(false);
      const renamed = until.slice(0, -1).filter(isRename).length;
      const saves = until.filter(isUnlink).length;
      const place = `${code} at ${call.text}`;
      if (until.length <= firstSave) {
        expect(said, place).toEqual([expect.stringMatching(/^CHECKPOINT_FAILED /)]);
        expect(await goesOn(world), place).toBe(1);
        return;
      }
      const failure = [`CHECKPOINT_FAILED ${code}`, `has ${1 + renamed}`];
      expect(said, place).toEqual(
        saves === 1 ? ['opened', ...failure, 'saved 3'] : ['opened', 'saved 2', ...failure],
      );
      expect(await goesOn(world), place).toBe(saves === 1 ? 3 : 1 + renamed);
    });
  });

  test('has what was noted last, or what was being noted, wherever a process is killed', async (context) => {
    needStrace(context);
    const { calls, world } = await notesBetween();
    expect(await goesOn(world)).toBe(5);
    const steps = stepsOf(calls);
    await forEach(steps, async ({ call }) => {
      const killed = await notesBetween({ call, effect: 'signal=KILL' });
      expect(killed.wasKilled).toBe(true);
      const promised = killed.said.findLast((line) => line.startsWith('saved')) ?? 'saved 1';
      const told = Number(promised.slice('saved '.length));
      expect([told, told + 1], `killed at ${call.text}`).toContain(await goesOn(killed.world));
    });
    const notes = steps.filter(({ call: { name } }) => name === 'pwrite64');
    expect(notes).toHaveLength(2);
  });

  test('has what was noted while something else was being saved, wherever a process is killed', async (context) => {
    needStrace(context);
    const { calls, world } = await notesMeanwhile();
    expect(await goesOn(world)).toBe(6);
    // 3, 5 behind the old document and the new one, and 6
    expect(calls.filter(({ name }) => name === 'pwrite64')).toHaveLength(4);
    const finds: (number | undefined)[] = [];
    await forEach(stepsOf(calls), async ({ call }) => {
      const killed = await notesMeanwhile({ call, effect: 'signal=KILL' });
      expect(killed.wasKilled).toBe(true);
      const told = killed.said
        .filter((line) => line.startsWith('saved'))
        .map((line) => Number(line.slice(6)));
      const found = await goesOn(killed.world);
      finds.push(found);
      const place = `killed at ${call.text}`;
      expect(found, place).toBeGreaterThanOrEqual(Math.max(1, ...told));
      expect(found, place).toBeLessThanOrEqual(told.includes(5) ? 6 : Math.max(1, ...told) + 2);
    });
    expect(finds).toContain(5);
  });

  test('notes what comes after a note that failed while something else was being saved', async (context) => {
    needStrace(context);
    const { calls } = await notesMeanwhile();
    const notes = stepsOf(calls).filter(({ call }) => call.name === 'pwrite64');
    expect(notes).toHaveLength(4);
    await forEach(notes, async ({ call }) => {
      const { said, world } = await notesMeanwhile({ call, effect: 'error=ENOSPC' });
      expect(said.filter((line) => line === 'CHECKPOINT_FAILED ENOSPC')).toHaveLength(1);
      expect(await goesOn(world), call.text).toBe(said.includes('saved 6') ? 6 : 5);
    });
  });

  test('notes what comes after a note that failed', async (context) => {
    needStrace(context);
    const { calls } = await keeps(['2', '+3', '+4', '+5']);
    const first = calls.findIndex(({ name }) => name === 'pwrite64');
    const steps = stepsOf(calls).filter(({ until }) => until.length >= first);
    expect(steps.map(({ call }) => call.name).slice(0, 2)).toEqual(['pwrite64', 'pwrite64']);
    const all = steps.slice(0, 2).flatMap((step) => [
      { ...step, effect: 'error=EIO' as const },
      { ...step, effect: 'error=ENOSPC' as const },
    ]);
    await forEach(all, async ({ call, effect }) => {
      const { said, world } = await keeps(['2', '+3', '+4', '+5'], { call, effect });
      const place = `${effect} at ${call.text}`;
      expect(said, place).toContainEqual(expect.stringMatching('FAILED'));
      expect(said.at(-1), place).toBe('saved 5');
      expect(await goesOn(world), place).toBe(5);
    });
  });
});

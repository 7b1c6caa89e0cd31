import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'checkpoint-lock-'));
const processes = new Set<ChildProcess>();
afterEach(() => {
  for (const process of processes) process.kill('SIGKILL');
  processes.clear();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that opens the checkpoint and keeps it, and the first thing it says. */
async function start(file: string): Promise<{ process: ChildProcess; said: string }> {
  const program = join(import.meta.dirname, 'checkpoint-process.ts');
  const child = spawn(process.execPath, [program, file, 'hold'], { stdio: ['pipe', 'pipe', 'inherit'] });
  processes.add(child);
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { process: child, said };
}

async function kill(process: ChildProcess): Promise<void> {
  const gone = once(process, 'exit');
  process.kill('SIGKILL');
  await gone;
}

describe('fileCheckpoint', { timeout: 60_000 }, () => {
  test('is opened by one of several processes that start at once; all others are refused', async () => {
    const file = join(folder, 'at-once');
    const started = await Promise.all(Array.from({ length: 6 }, () => start(file)));
    const winner = started.filter(({ said }) => said === 'opened');
    expect(winner).toHaveLength(1);
    expect(started.filter(({ said }) => said === 'CHECKPOINT_LOCKED')).toHaveLength(5);
    const gone = once(winner[0]!.process, 'exit');
    winner[0]!.process.stdin!.end();
    await gone;
    expect((await start(file)).said).toBe('opened');
  });

  test('is free at once when the process that has it is killed, as often as that happens', async () => {
    const file = join(folder, 'killed');
    for (let i = 1; i <= 5; i++) {
      const holder = await start(file);
      expect(holder.said).toBe('opened');
      const store = fileCheckpoint(file);
      await expect(store.open('orders')).rejects.toMatchObject({ code: 'CHECKPOINT_LOCKED' });
      await kill(holder.process);
      await store.open('orders');
      expect((await store.load('orders'))?.deadLettered).toBe(i === 1 ? undefined : i - 1);
      await store.save('orders', { deadLettered: i });
      await store.close('orders');
    }
  });

  test('is opened by one of several processes that start while the one that has it is killed', async () => {
    const file = join(folder, 'taken-over');
    const holder = await start(file);
    const [started] = await Promise.all([
      Promise.all(Array.from({ length: 5 }, () => start(file))),
      kill(holder.process),
    ]);
    const winners = started.filter(({ said }) => said === 'opened');
    expect(winners.length).toBeLessThanOrEqual(1);
    for (const { process } of winners) await kill(process);
    expect((await start(file)).said).toBe('opened');
  });

  test('stays with a process that is only stopped', async () => {
    const file = join(folder, 'stopped');
    const holder = await start(file);
    holder.process.kill('SIGSTOP');
    const store = fileCheckpoint(file);
    await expect(store.open('orders')).rejects.toMatchObject({ code: 'CHECKPOINT_LOCKED' });
    await kill(holder.process);
    await store.open('orders');
    await store.close('orders');
  });
});

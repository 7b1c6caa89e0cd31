/**
 * A process that uses a checkpoint. `node checkpoint-process.ts FILE keep COUNT…` saves one after another, or notes those
 * with a `+` (of `4+5` it notes 5 while it saves 4), and says how each went; `node checkpoint-process.ts FILE hold` keeps it open until its input ends.
 */
import fs, { writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import type { PipelineError } from '../../src/core/errors.ts';

const [file, task, ...counts] = process.argv.slice(2) as [string, string, ...string[]];
const store = fileCheckpoint(file);
try {
  await store.open('orders');
  say('opened');
  if (task === 'keep') for (const count of counts) await keepAll(count);
  else for await (const _piece of process.stdin);
  await store.close('orders');
} catch (error) {
  sayFailed(error);
}

async function keepAll(text: string): Promise<void> {
  const [saved, noted] = text.split('+') as [string, string?];
  const syncing = saved !== '' && noted !== undefined ? whenSyncing() : undefined;
  const saving = saved === '' ? undefined : keep(Number(saved), false);
  if (syncing !== undefined) await Promise.race([syncing, saving]);
  if (noted !== undefined) await keep(Number(noted), true);
  await saving;
}

/** Resolves when a new file, which has no name yet, is being made safe. */
function whenSyncing(): Promise<void> {
  const { fsync } = fs;
  return new Promise((resolve) => {
    fs.fsync = ((fd, done) => {
      Object.assign(fs, { fsync });
      syncBuiltinESMExports();
      fsync(fd, done);
      resolve();
    }) as typeof fsync;
    syncBuiltinESMExports();
  });
}

async function keep(count: number, isNote: boolean): Promise<void> {
  const progress = { cursor: { source: 0, records: count }, finished: [], deadLettered: 0 };
  try {
    await (isNote ? store.note('orders', progress) : store.save('orders', progress));
    say(`saved ${count}`);
  } catch (error) {
    sayFailed(error);
    say(`has ${(await store.load('orders'))?.cursor?.records}`);
  }
}

function sayFailed(error: unknown): void {
  const { code, cause } = error as PipelineError;
  say(
    [code, (cause as NodeJS.ErrnoException | undefined)?.code].filter((each) => each !== undefined).join(' '),
  );
}

/** At once, so that what was said before a crash is known. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}

/**
 * A process that uses a checkpoint. `node checkpoint-process.ts FILE keep COUNT…` saves one after another, or notes those
 * with a `+` (of `4+5` it notes 5 while it saves 4), and says how each went; `node checkpoint-process.ts FILE hold` keeps it open until its input ends.
 */
import { statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
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
  let isSaved = false;
  const saving = saved === '' ? undefined : keep(Number(saved), false).finally(() => (isSaved = true));
  if (saving !== undefined && noted !== undefined) await untilWritten(() => isSaved);
  if (noted !== undefined) await keep(Number(noted), true);
  await saving;
}

/** Until there is a new file that has no name yet, or all is over. */
async function untilWritten(isOver: () => boolean): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.tmp`);
  // a turn later the store knows it, too
  for (let turns = 0; turns < 2 && !isOver(); ) {
    await setImmediate();
    const size = statSync(temporary, { throwIfNoEntry: false })?.size ?? 0;
    if (turns > 0 || size > 20) turns++;
  }
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

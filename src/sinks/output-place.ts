import type { Stats } from 'node:fs';
import { link, lstat, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PipelineError } from '../core/errors.ts';

/** Where a file is to appear. */
export interface OutputPlace {
  /** A link to a file stays one: what it points to is replaced. */
  readonly target: string;
  /** What is under the name now. */
  readonly existing: Stats | undefined;
}

/** @throws PipelineError when something is under the name that no file can replace */
export async function placeOf(file: string): Promise<OutputPlace> {
  const existing = await existingFile(file);
  if (existing === undefined) return { target: file, existing };
  if (existing.isFile()) return { target: await realpath(file), existing };
  throw new PipelineError({
    code: 'SINK_FAILED',
    message: `${file} is not a regular file and cannot be replaced`,
  });
}

/** Where a file grows until it is complete, if another run may have to go on with it. */
export function partialName(target: string): string {
  return join(dirname(target), `.${basename(target)}.partial`);
}

/** What is under a name. A link that points nowhere is something, too. */
async function existingFile(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return lstat(file).catch(() => undefined);
  }
}

/** A link fails where a rename would silently replace; where there are no hard links, a look before must do. */
export async function renameUnlessTaken(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (await existingFile(target)) !== undefined) throw taken(target);
    await rename(temporary, target);
    return;
  }
  await rm(temporary);
}

export function taken(file: string): PipelineError {
  return new PipelineError({ code: 'SINK_FAILED', message: `${file} exists already` });
}

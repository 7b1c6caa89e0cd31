import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file, so that after any crash or power cut there is either the old one or the new one, whole. One call at a
 * time; what a call that was cut off left behind is removed by the next. After a rejection there is the old file – or the
 * new one, when only the sync of the folder failed.
 * @param write makes the new file, and makes it safe, under a temporary name
 */
export async function replaceFile(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.tmp`);
  await unlinkIfThere(temporary);
  try {
    await write(temporary);
    await rename(temporary, file);
  } catch (error) {
    await unlinkIfThere(temporary).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Removes a file, if there is one, for good. */
export async function removeFile(file: string): Promise<void> {
  await unlinkIfThere(file);
  await syncFolder(dirname(file));
}

async function unlinkIfThere(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Makes names safe against a power cut. Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { constants, writeSync } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces the content of a file for its owner only, so that after any crash or power cut the file has either its old
 * content or the new one, whole. One call at a time; what a call that was cut off left behind is removed by the next.
 * After a rejection the file has its old content – or the new one, when only the sync of the folder failed.
 */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.tmp`);
  await unlinkIfThere(temporary);
  try {
    await writeSafely(temporary, bytes);
    await rename(temporary, file);
  } catch (error) {
    await unlinkIfThere(temporary).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
  await syncFolder(dirname(file));
}

/** A file that is there, to write behind what it holds. */
export function openToAdd(file: string): Promise<FileHandle> {
  return open(file, constants.O_WRONLY | constants.O_NOFOLLOW);
}

/**
 * Writes to the page cache, from which the end of the process takes nothing back: at once, as that takes less time than
 * to hand it to another thread. Nothing is synced: a power cut may leave a part of it, or none.
 */
export function addAt(end: number, { fd }: FileHandle, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, end + done);
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

/** The name must be new: whoever made a file or a link of this name beforehand gets nothing. */
async function writeSafely(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
  await handle.close();
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

import { constants, rmSync } from 'node:fs';
import { access, chmod, lstat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** A lock that is held. */
export interface HeldLock {
  release(): void;
  /** Releases it, and leaves no file behind where that is possible: an empty one that stays locks nothing. */
  remove(): void;
}

/**
 * Locks a file, which is made when there is none and stays, empty, when the lock is released, unless it is removed. Gives `undefined` when
 * another process, another thread or another part of this one has the lock; never waits.
 *
 * It is a lock of the operating system, taken through SQLite, the only thing in Node that can: it ends with the process
 * that has it, at any instant and for any reason, and so never has to be judged stale. What a lock file says about
 * its owner – a process id, a time – would have to be, by a process that may see neither the same processes (containers,
 * other hosts on a shared disk) nor the same clock, and two that take over at once might both win. Nothing is ever
 * written to the file, and nothing else may open it: closing it again would give up the lock.
 */
export async function lockFile(file: string): Promise<HeldLock | undefined> {
  await access(dirname(file), constants.W_OK); // SQLite would not say what is wrong with the folder
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(resolve(file)); // an absolute path is never taken for a URI
  try {
    // A journal would be a file that is left behind.
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    // one that has been removed meanwhile locks nothing: whoever comes next makes another one
    await keepToOwner(file);
    const remove = () => {
      removeIfPossible(file);
      db.close();
    };
    return { release: () => db.close(), remove };
  } catch (error) {
    db.close();
    if (isBusy(error)) return undefined;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return lockFile(file);
    throw error;
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return ((error as { readonly errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
}

function removeIfPossible(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // what went wrong before is what is to be told
  }
}

/** Whoever may open the file may lock it, and so keep others out. */
async function keepToOwner(file: string): Promise<void> {
  const { mode, uid } = await lstat(file);
  if ((mode & 0o077) !== 0 && uid === process.getuid?.()) await chmod(file, 0o600);
}

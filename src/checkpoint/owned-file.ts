import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** No checkpoint comes near it; what is larger is something else. */
export const MOST_BYTES = 64 * 1024 * 1024;

/** The bytes of a file, why they are not to be trusted, or nothing when there is no file. */
export type OwnedFile = { readonly bytes: Uint8Array } | { readonly flaw: string } | undefined;

/** Reads a file that only its owner, who is the user of this process, can have written. Follows no link, waits for no pipe. */
export async function readOwnedFile(file: string): Promise<OwnedFile> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  let handle: FileHandle;
  try {
    handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') return { flaw: 'it is a symbolic link' };
    throw error;
  }
  try {
    const flaw = flawOf(await handle.stat());
    return flaw === undefined ? { bytes: await handle.readFile() } : { flaw };
  } finally {
    await handle.close();
  }
}

/** Why a file is not to be trusted. Whoever can write it can make a run skip records. */
export function flawOf(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'it is not a regular file';
  if (stats.size > MOST_BYTES) return `it is larger than ${MOST_BYTES.toLocaleString('en-US')} bytes`;
  if (process.getuid === undefined) return undefined;
  if (stats.uid !== process.getuid()) return 'it belongs to another user';
  return (stats.mode & 0o022) === 0 ? undefined : 'others than its owner may write it';
}

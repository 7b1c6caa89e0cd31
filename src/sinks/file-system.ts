import { type FileHandle, lstat, open } from 'node:fs/promises';

const LINE_FEED = 0x0a;

/** As many bytes tell one file from another of the same length. */
export const TAIL_BYTES = 4_096;

/** A write may take only a part of the bytes. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, from, bytes.length - from, position + from);
    if (bytesWritten === 0) throw new Error('The file takes no more bytes');
    from += bytesWritten;
  }
}

/** Makes the new name safe against a power cut. Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether a file is empty or its last line is complete. The handle must be open for reading. */
export async function endsWithLineFeed(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === LINE_FEED;
}

/** The last bytes before a place of a file. The handle must be open for reading. */
export async function tailBefore(handle: FileHandle, length: number): Promise<Uint8Array> {
  const tail = Buffer.alloc(Math.min(length, TAIL_BYTES));
  for (let from = 0; from < tail.length; ) {
    const { bytesRead } = await handle.read(tail, from, tail.length - from, length - tail.length + from);
    if (bytesRead === 0) return tail.subarray(0, from);
    from += bytesRead;
  }
  return tail;
}

/** Whether a file that is open is still what is under its name. */
export async function isSameFile(handle: FileHandle, path: string): Promise<boolean> {
  const [opened, named] = await Promise.all([
    handle.stat({ bigint: true }),
    lstat(path, { bigint: true }).catch(() => undefined),
  ]);
  return opened.ino === named?.ino && opened.dev === named.dev;
}

import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FileExtent, type FileMark, mismatch } from './file-mark.ts';
import { syncFolder, TAIL_BYTES, tailBefore } from './file-system.ts';
import { partialName, placeOf, taken } from './output-place.ts';
import { type IfExists, StagedFile } from './staged-file.ts';

/**
 * The file as it was at a mark, cut to what counts; nothing when it was complete and has its final name already.
 * @throws PipelineError when it is not there any more, or is not what was written
 */
export async function resumeFile(
  file: string,
  ifExists: IfExists,
  mark: FileMark,
): Promise<StagedFile | undefined> {
  const { target, existing } = await placeOf(file);
  const temporary = partialName(target);
  if (existing !== undefined && (await isComplete(target, mark))) {
    await rm(temporary, { force: true });
    await syncFolder(dirname(target));
    return undefined;
  }
  if (existing !== undefined && ifExists === 'fail') throw taken(file);
  const handle = await openPartial(temporary, file);
  try {
    const flaw = await flawOf(handle, mark);
    if (flaw !== undefined) throw mismatch(file, `${temporary} ${flaw}`);
    const { length } = mark;
    const mayReplace = ifExists !== 'fail';
    const staged = new StagedFile({
      target,
      temporary,
      handle,
      length,
      mayReplace,
      remains: 'kept',
      isLeft: true,
    });
    await staged.cut(length);
    return staged;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file that was complete, for more to come behind the mark. Until it is complete again, it stays as it is. */
export async function reopenFile(file: string, ifExists: IfExists, mark: FileMark): Promise<StagedFile> {
  if (ifExists === 'fail') throw taken(file);
  const staged = await StagedFile.create(file, 'append', 'kept');
  await staged.cut(mark.length);
  return staged;
}

/** How far a file goes that is open, and how it ends there – or would end with some bytes more. */
export async function extentOf(
  handle: FileHandle,
  length: number,
  more: readonly Uint8Array[] = [],
): Promise<FileExtent> {
  const bytes = Buffer.concat([await tailBefore(handle, length), ...more]);
  const added = more.reduce((sum, piece) => sum + piece.length, 0);
  const tail = createHash('sha256').update(bytes.subarray(-TAIL_BYTES)).digest('hex');
  return { length: length + added, tail };
}

/** The number tells it from a file of the same content, which may be somebody else's. */
async function isComplete(target: string, { inode, complete }: FileMark): Promise<boolean> {
  const handle = await open(target);
  try {
    const { ino, size } = await handle.stat({ bigint: true });
    if (String(ino) !== inode || size !== BigInt(complete.length)) return false;
    return (await extentOf(handle, complete.length)).tail === complete.tail;
  } finally {
    await handle.close();
  }
}

async function openPartial(temporary: string, file: string): Promise<FileHandle> {
  const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return await open(temporary, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw mismatch(file, `${temporary}, where it grew, is not there any more`);
    if (code === 'ELOOP') throw mismatch(file, `${temporary} is a symbolic link`);
    throw error;
  }
}

async function flawOf(handle: FileHandle, mark: FileExtent): Promise<string | undefined> {
  const stats = await handle.stat();
  if (!stats.isFile()) return 'is not a regular file';
  if (process.getuid !== undefined && stats.uid !== process.getuid()) return 'belongs to another user';
  const count = (bytes: number) => bytes.toLocaleString('en-US');
  if (stats.size < mark.length)
    return `has ${count(stats.size)} bytes, fewer than the ${count(mark.length)} that are noted as safe`;
  const { tail } = await extentOf(handle, mark.length);
  return tail === mark.tail ? undefined : 'was changed since it was written';
}

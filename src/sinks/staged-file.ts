import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { copyFile, type FileHandle, link, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, PipelineError } from '../core/errors.ts';
import { syncFolder, writeFully } from './file-system.ts';
import { forgetAtExit, removeAtExit } from './unfinished-files.ts';

export type IfExists = 'replace' | 'fail' | 'append';

/** A file that grows under a temporary name beside its final one, and gets that name when it is complete. */
export class StagedFile {
  readonly #target: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #mayReplace: boolean;
  #length: number;

  /** @throws PipelineError when the file cannot be made, or exists and must not */
  static async create(file: string, ifExists: IfExists): Promise<StagedFile> {
    try {
      return await create(file, ifExists);
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      throw new PipelineError({
        code: 'SINK_FAILED',
        message: `${file} could not be created: ${reasonOf(cause, file)}`,
        cause,
      });
    }
  }

  constructor(target: string, temporary: string, handle: FileHandle, length: number, mayReplace: boolean) {
    this.#target = target;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#length = length;
    this.#mayReplace = mayReplace;
  }

  /** Bytes of the file that count. */
  get length(): number {
    return this.#length;
  }

  /** Adds pieces at the end: all of them, or none. After a failure the next call begins at the same place. */
  async append(pieces: Iterable<Uint8Array>): Promise<void> {
    let position = this.#length;
    for (const piece of pieces) {
      await writeFully(this.#handle, piece, position);
      position += piece.length;
    }
    this.#length = position;
  }

  /** Makes the file safe and gives it its final name. */
  async publish(): Promise<void> {
    await this.#handle.truncate(this.#length);
    await this.#handle.sync();
    await this.#handle.close();
    if (this.#mayReplace) await rename(this.#temporary, this.#target);
    else await renameUnlessTaken(this.#temporary, this.#target);
    forgetAtExit(this.#temporary);
    await syncFolder(dirname(this.#target));
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
    forgetAtExit(this.#temporary);
  }
}

function reasonOf(cause: unknown, file: string): string {
  const isFolderMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return isFolderMissing ? `There is no folder ${dirname(file)}` : messageOf(cause);
}

async function create(file: string, ifExists: IfExists): Promise<StagedFile> {
  const existing = await existingFile(file);
  if (existing !== undefined && ifExists === 'fail') throw taken(file);
  if (existing !== undefined && !existing.isFile())
    throw new PipelineError({
      code: 'SINK_FAILED',
      message: `${file} is not a regular file and cannot be replaced`,
    });

  // A link to a file stays one: what it points to is replaced.
  const target = existing === undefined ? file : await realpath(file);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  const isAppended = existing !== undefined && ifExists === 'append';
  removeAtExit(temporary);
  let handle: FileHandle | undefined;
  try {
    if (isAppended) await copyFile(target, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    handle = await open(temporary, isAppended ? 'r+' : 'wx');
    if (existing !== undefined) await handle.chmod(existing.mode & 0o777);
    const length = isAppended ? (await handle.stat()).size : 0;
    return new StagedFile(target, temporary, handle, length, ifExists !== 'fail');
  } catch (error) {
    await handle?.close();
    await rm(temporary, { force: true });
    forgetAtExit(temporary);
    throw error;
  }
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
async function renameUnlessTaken(temporary: string, target: string): Promise<void> {
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

function taken(file: string): PipelineError {
  return new PipelineError({ code: 'SINK_FAILED', message: `${file} exists already` });
}

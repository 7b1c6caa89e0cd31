import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { copyFile, type FileHandle, link, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, PipelineError } from '../core/errors.ts';
import { syncFolder, writeFully } from './file-system.ts';
import { forgetAtExit, removeAtExit } from './unfinished-files.ts';

export type IfExists = 'replace' | 'fail' | 'append';

/** How a staged file is begun, or gone on with. */
export interface StagedOptions {
  readonly ifExists: IfExists;
  /** Present when a file that is not complete must stay for a run that goes on with it. */
  readonly resume?: { readonly state: StagedState | undefined };
}

/** What brings a staged file back to where it was. */
export interface StagedState {
  /** Bytes that count. */
  readonly length: number;
  /** What tells the file from another one of its name. */
  readonly inode: string;
}

/** A file that grows under a temporary name beside its final one, and gets that name when it is complete. */
export class StagedFile {
  readonly #target: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #mayReplace: boolean;
  #isKept: boolean;
  #isPublished: boolean;
  #length: number;

  /** @throws PipelineError when the file cannot be made, exists and must not, or is not what a run was to go on with */
  static async open(file: string, options: StagedOptions): Promise<StagedFile> {
    const state = options.resume?.state;
    try {
      return await (state === undefined ? create(file, options) : reopen(file, options.ifExists, state));
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      throw new PipelineError({
        code: 'SINK_FAILED',
        message: `${file} could not be created: ${reasonOf(cause, file)}`,
        cause,
      });
    }
  }

  constructor({ target, temporary, handle, length, mayReplace, isKept, isPublished = false }: Parts) {
    this.#target = target;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#length = length;
    this.#mayReplace = mayReplace;
    this.#isKept = isKept;
    this.#isPublished = isPublished;
  }

  /** Where the file is now. */
  get path(): string {
    return this.#isPublished ? this.#target : this.#temporary;
  }

  /** Bytes of the file that count. */
  get length(): number {
    return this.#length;
  }

  /** Adds pieces at the end: all of them, or none. After a failure the next call begins at the same place. */
  async append(pieces: Iterable<Uint8Array>): Promise<void> {
    if (this.#isPublished) throw isComplete(this.#target);
    let position = this.#length;
    for (const piece of pieces) {
      await writeFully(this.#handle, piece, position);
      position += piece.length;
    }
    this.#length = position;
  }

  /** Makes what counts safe, and tells how to come back to it. */
  async commit(): Promise<StagedState> {
    await this.#handle.sync();
    await syncFolder(dirname(this.#target));
    const { ino } = await this.#handle.stat({ bigint: true });
    this.#isKept = true;
    return { length: this.#length, inode: String(ino) };
  }

  /** The file has its final name since an earlier run: nothing can come behind what it holds. */
  get isPublished(): boolean {
    return this.#isPublished;
  }

  /** Makes the file safe and gives it its final name. */
  async publish(): Promise<void> {
    if (this.#isPublished) {
      await syncFolder(dirname(this.#target));
      return;
    }
    await this.#handle.truncate(this.#length);
    await this.#handle.sync();
    await this.#handle.close();
    if (this.#mayReplace) await rename(this.#temporary, this.#target);
    else await renameUnlessTaken(this.#temporary, this.#target);
    forgetAtExit(this.#temporary);
    await syncFolder(dirname(this.#target));
    this.#isPublished = true;
  }

  /** Leaves nothing behind that is not complete, unless a later run is to go on with it. */
  async release(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    if (this.#isKept && !this.#isPublished) return;
    await rm(this.#temporary, { force: true });
    forgetAtExit(this.#temporary);
  }
}

interface Parts {
  readonly target: string;
  readonly temporary: string;
  readonly handle: FileHandle;
  readonly length: number;
  readonly mayReplace: boolean;
  readonly isKept: boolean;
  readonly isPublished?: boolean;
}

function reasonOf(cause: unknown, file: string): string {
  const isFolderMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return isFolderMissing ? `There is no folder ${dirname(file)}` : messageOf(cause);
}

async function create(file: string, { ifExists, resume }: StagedOptions): Promise<StagedFile> {
  const existing = await existingFile(file);
  if (existing !== undefined && ifExists === 'fail') throw taken(file);
  if (existing !== undefined && !existing.isFile())
    throw new PipelineError({
      code: 'SINK_FAILED',
      message: `${file} is not a regular file and cannot be replaced`,
    });

  // A link to a file stays one: what it points to is replaced.
  const target = existing === undefined ? file : await realpath(file);
  const temporary =
    resume !== undefined
      ? partialOf(target)
      : join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  const isAppended = existing !== undefined && ifExists === 'append';
  if (resume !== undefined) await rm(temporary, { force: true });
  else removeAtExit(temporary);
  let handle: FileHandle | undefined;
  try {
    if (isAppended) await copyFile(target, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    handle = await open(temporary, isAppended ? 'r+' : 'wx');
    if (existing !== undefined) await handle.chmod(existing.mode & 0o777);
    const length = isAppended ? (await handle.stat()).size : 0;
    return new StagedFile({
      target,
      temporary,
      handle,
      length,
      mayReplace: ifExists !== 'fail',
      isKept: false,
    });
  } catch (error) {
    await handle?.close();
    await rm(temporary, { force: true });
    forgetAtExit(temporary);
    throw error;
  }
}

/** The one name under which the next run finds what this one has left. */
function partialOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.partial`);
}

/** Goes on at what was committed last; or finds that the file was completed after that. */
async function reopen(file: string, ifExists: IfExists, { length, inode }: StagedState): Promise<StagedFile> {
  const existing = await existingFile(file);
  const target = existing?.isFile() ? await realpath(file) : file;
  const temporary = partialOf(target);
  const mayReplace = ifExists !== 'fail';
  if (await isSameFile(target, inode)) {
    // it was linked or renamed; what is left of the other name goes
    if (await isSameFile(temporary, inode)) await rm(temporary);
    const handle = await open(target, 'r');
    return new StagedFile({ target, temporary, handle, length, mayReplace, isKept: true, isPublished: true });
  }
  if (existing !== undefined && !mayReplace) throw taken(file);
  if (!(await isSameFile(temporary, inode))) throw notThere(temporary, 'is not there, or is another file');
  const handle = await open(temporary, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    if (size < length)
      throw notThere(temporary, `has ${size} bytes, fewer than the ${length} that were written`);
    await handle.truncate(length);
    return new StagedFile({ target, temporary, handle, length, mayReplace, isKept: true });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function isSameFile(path: string, inode: string): Promise<boolean> {
  try {
    const stats = await lstat(path, { bigint: true });
    return stats.isFile() && String(stats.ino) === inode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}

function notThere(file: string, what: string): PipelineError {
  return new PipelineError({
    code: 'CHECKPOINT_MISMATCH',
    message: `${file}, with which the run was to go on, ${what}`,
  });
}

function isComplete(file: string): PipelineError {
  return new PipelineError({
    code: 'CHECKPOINT_MISMATCH',
    message: `${file} is complete already, and takes no further record`,
  });
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

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, PipelineError } from '../core/errors.ts';
import { isSameFile, syncFolder, writeFully } from './file-system.ts';
import { type OutputPlace, partialName, placeOf, renameUnlessTaken, taken } from './output-place.ts';
import { forgetAtExit, removeAtExit } from './unfinished-files.ts';

export type IfExists = 'replace' | 'fail' | 'append';

/** Whether another run goes on with a file that is not complete, so that it must stay, and be found. */
export type Remains = 'removed' | 'kept';

export interface StagedFileOptions {
  readonly target: string;
  readonly temporary: string;
  readonly handle: FileHandle;
  /** Bytes of the file that count. */
  readonly length: number;
  readonly mayReplace: boolean;
  readonly remains: Remains;
  /** Whether a run before this one has left it. @default false */
  readonly isLeft?: boolean;
}

/** Bytes that are written before the disk begins with them. */
const FLUSH_BYTES = 8 * 2 ** 20;

/** A file that grows under a temporary name beside its final one, and gets that name when it is complete. */
export class StagedFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly #target: string;
  readonly #mayReplace: boolean;
  readonly #remains: Remains;
  #length: number;
  /** Another run may know of it. */
  #isKnown: boolean;
  /** Why nobody knows what is on the disk. */
  #flaw: unknown;
  /** Bytes that the disk has, or is given. */
  #flushedTo: number;
  #flushing: Promise<void> | undefined;

  /** @throws PipelineError when the file cannot be made, or exists and must not */
  static async create(file: string, ifExists: IfExists, remains: Remains = 'removed'): Promise<StagedFile> {
    try {
      const place = await placeOf(file);
      if (place.existing !== undefined && ifExists === 'fail') throw taken(file);
      return await create(place, ifExists, remains);
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      throw new PipelineError({
        code: 'SINK_FAILED',
        message: `${file} could not be created: ${reasonOf(cause, file)}`,
        cause,
      });
    }
  }

  constructor({ target, temporary, handle, length, mayReplace, remains, isLeft = false }: StagedFileOptions) {
    this.path = temporary;
    this.handle = handle;
    this.#target = target;
    this.#length = length;
    this.#flushedTo = length;
    this.#mayReplace = mayReplace;
    this.#remains = remains;
    this.#isKnown = isLeft;
  }

  /** Bytes of the file that count. */
  get length(): number {
    return this.#length;
  }

  /** Adds pieces at the end: all of them, or none. After a failure the next call begins at the same place. */
  async append(pieces: Iterable<Uint8Array>): Promise<void> {
    this.#expectSafe();
    let position = this.#length;
    for (const piece of pieces) {
      await writeFully(this.handle, piece, position);
      position += piece.length;
    }
    this.#length = position;
    if (position - this.#flushedTo >= FLUSH_BYTES) this.#flushMeanwhile();
  }

  /** Gives up what is behind a length. */
  async cut(length: number): Promise<void> {
    await this.handle.truncate(length);
    this.#length = length;
  }

  /**
   * Makes the file safe against a power cut. A failure is final: the system may have given up what it could not write,
   * and would say next time that all is well.
   */
  async sync(): Promise<void> {
    await this.#flushing; // the system tells only one of two calls what has failed
    this.#expectSafe();
    await this.#expectInPlace();
    try {
      await this.handle.sync();
    } catch (error) {
      this.#flaw = error;
      throw error;
    }
  }

  /** Makes the file safe, for other runs to go on with it. */
  async commit(): Promise<void> {
    await this.sync();
    this.#isKnown = true;
    forgetAtExit(this.path);
  }

  /** Makes the file safe and gives it its final name. */
  async publish(): Promise<void> {
    await this.handle.truncate(this.#length);
    await this.sync();
    await this.handle.close();
    if (this.#mayReplace) await rename(this.path, this.#target);
    else await renameUnlessTaken(this.path, this.#target);
    forgetAtExit(this.path);
    await syncFolder(dirname(this.#target));
  }

  /** Leaves nothing behind but what another run goes on with. */
  async leave(): Promise<void> {
    if (this.#isKnown) await this.handle.close().catch(() => undefined);
    else await this.discard();
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    const isInPlace = await this.#isInPlace().catch(() => false); // a file that has its final name is closed
    await this.handle.close().catch(() => undefined);
    if (isInPlace) await rm(this.path, { force: true });
    forgetAtExit(this.path);
  }

  /** Lets the disk work on what it has while more comes: else all of it would have to wait for the disk in the end. */
  #flushMeanwhile(): void {
    if (this.#flushing !== undefined) return;
    this.#flushedTo = this.#length;
    const flushing = this.handle.datasync();
    this.#flushing = flushing
      .catch((error: unknown) => {
        this.#flaw = error;
      })
      .finally(() => {
        this.#flushing = undefined;
      });
  }

  #expectSafe(): void {
    if (this.#flaw !== undefined) throw this.#flaw;
  }

  /** Others know the name, too: what they put under it is not this one's to remove or to give the final name. */
  async #isInPlace(): Promise<boolean> {
    return this.#remains === 'removed' || (await isSameFile(this.handle, this.path));
  }

  async #expectInPlace(): Promise<void> {
    if (await this.#isInPlace()) return;
    throw new PipelineError({
      code: 'SINK_FAILED',
      message: `${this.path} was removed or replaced while it was written`,
    });
  }
}

function reasonOf(cause: unknown, file: string): string {
  const isFolderMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return isFolderMissing ? `There is no folder ${dirname(file)}` : messageOf(cause);
}

async function create(
  { target, existing }: OutputPlace,
  ifExists: IfExists,
  remains: Remains,
): Promise<StagedFile> {
  const temporary = remains === 'kept' ? partialName(target) : passingName(target);
  const isAppended = existing !== undefined && ifExists === 'append';
  if (remains === 'kept') await rm(temporary, { force: true });
  removeAtExit(temporary);
  let handle: FileHandle | undefined;
  try {
    if (isAppended) await copyFile(target, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    handle = await open(temporary, isAppended ? 'r+' : 'wx+');
    if (existing !== undefined) await handle.chmod(existing.mode & 0o777);
    const length = isAppended ? (await handle.stat()).size : 0;
    if (remains === 'kept') await syncFolder(dirname(target));
    return new StagedFile({ target, temporary, handle, length, mayReplace: ifExists !== 'fail', remains });
  } catch (error) {
    await handle?.close();
    await rm(temporary, { force: true });
    forgetAtExit(temporary);
    throw error;
  }
}

/** A name that nobody else can have. */
function passingName(target: string): string {
  return join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
}

import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Checkpoint, CheckpointProgress, FullCheckpointStore } from '../core/checkpoint.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { readExactJson } from '../core/exact-json.ts';
import { expectKind } from '../core/options.ts';
import { type HeldLock, lockFile } from '../files/lock-file.ts';
import {
  type CheckpointDocument,
  decodeDocument,
  encodeDocument,
  notACheckpoint,
} from './checkpoint-document.ts';
import { textOfNote } from './checkpoint-notes.ts';
import { NotedDocument } from './noted-document.ts';
import { flawOf, readOwnedFile } from './owned-file.ts';
import { removeFile, replaceFile } from './replace-file.ts';

/**
 * Keeps the checkpoint of one run in a file: readable, versioned, with a checksum, for its owner only. A checkpoint is
 * safe against a power cut when `save` resolves; whenever the process or the machine stops, the file holds the last or
 * the last but one, whole. Checkpoints that come while one is being saved are saved together: the last of them counts.
 * What `note` is given is added to the file; a power cut may take the notes behind the last checkpoint with it.
 *
 * While it is open no other run can have it, in this process or another one. Beside the file lies an empty one, with
 * `.lock` at the end of its name, which stays as long as there is a checkpoint. The folder must exist, on a disk whose locks work (NFS: version 4).
 *
 * `open` rejects with a `PipelineError` rather than guess: `CHECKPOINT_LOCKED`, `CHECKPOINT_CORRUPT`,
 * `CHECKPOINT_FOREIGN` (no checkpoint, a link, a file of someone else or one that others may write),
 * `CHECKPOINT_NEWER`, `CHECKPOINT_MISMATCH` (of another run) or `CHECKPOINT_FAILED`. `reset` removes a checkpoint
 * of the run, and one that is damaged or newer, open or not.
 * @param file path of the file
 * @throws TypeError when `file` is no path
 * @example
 * const checkpoint = { store: fileCheckpoint('orders.checkpoint'), run: 'orders' };
 * await new BatchProcessor({ source: 'orders.ndjson', sink, checkpoint }).run();
 */
export function fileCheckpoint(file: string | URL): FullCheckpointStore {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  expectKind('file', file, typeof path === 'string' && path !== '', 'a path or a file URL');
  return new FileCheckpoint(path);
}

/**
 * What a checkpoint file holds, without taking it: a run may be using it. `undefined` when there is none.
 * @throws PipelineError `CHECKPOINT_CORRUPT`, `CHECKPOINT_FOREIGN` or `CHECKPOINT_NEWER`
 */
export async function readCheckpointFile(file: string): Promise<CheckpointDocument | undefined> {
  const found = await readOwnedFile(file);
  if (found === undefined) return undefined;
  if ('flaw' in found) throw notACheckpoint(file, found.flaw);
  return decodeDocument(found.bytes, file);
}

/** What is there between `open` and `close`. */
interface Opened {
  readonly run: string;
  readonly lock: HeldLock;
}

/** A checkpoint that waits for those before it; a later one takes its place. */
interface Waiting {
  bytes: Uint8Array;
  readonly saved: Promise<void>;
}

class FileCheckpoint implements FullCheckpointStore {
  readonly file: string;
  #opened: Opened | undefined;
  /** What was done with the file so far, one thing after another. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | undefined;
  /** Things that are being done, or wait. */
  #inLine = 0;
  /** The document that is known to be in the file. */
  #current: NotedDocument | undefined;
  /** The one that is taking its place. */
  #next: NotedDocument | undefined;

  constructor(file: string) {
    this.file = file;
  }

  async open(run: string): Promise<void> {
    expectKind('run', run, typeof run === 'string' && run !== '', 'the name of a run');
    const lock = await this.#lock();
    try {
      await this.#read(run);
    } catch (error) {
      lock.release();
      throw error;
    }
    this.#opened = { run, lock };
  }

  async load(run: string): Promise<Checkpoint | undefined> {
    this.#openedFor(run);
    return this.#inTurn(() => this.#read(run));
  }

  async save(run: string, checkpoint: Checkpoint): Promise<void> {
    this.#openedFor(run);
    const bytes = encodeDocument({ run, checkpoint });
    if (this.#waiting === undefined) {
      const waiting: Waiting = { bytes, saved: this.#inTurn(() => this.#write(waiting)) };
      this.#waiting = waiting;
    }
    this.#waiting.bytes = bytes;
    return this.#waiting.saved;
  }

  async note(run: string, progress: CheckpointProgress): Promise<void> {
    this.#openedFor(run);
    const text = textOfNote(progress);
    const documents = this.#documentsFor(text);
    if (documents.length > 0)
      return this.#doing('saved', async () => documents.forEach((document) => document.add(text)));
    this.#waiting = undefined; // what is saved from now on comes after the note
    return this.#inTurn(() => this.#add(run, text));
  }

  async reset(run: string): Promise<void> {
    if (this.#opened !== undefined) {
      this.#openedFor(run);
      this.#waiting = undefined; // what is saved from now on comes after the reset
      return this.#inTurn(() => this.#remove());
    }
    const lock = await this.#lock();
    try {
      await this.#read(run).catch(unlessUnreadable);
      await this.#remove();
    } finally {
      lock.remove();
    }
  }

  async close(run: string): Promise<void> {
    if (this.#opened === undefined) return;
    const { lock } = this.#openedFor(run);
    this.#opened = undefined;
    this.#waiting = undefined;
    await this.#inTurn(async () => {
      await this.#leave();
      if (existsSync(this.file)) lock.release();
      else lock.remove();
    });
  }

  async #lock(): Promise<HeldLock> {
    const file = `${this.file}.lock`;
    const lock = await this.#doing('locked', async () => {
      const flaw = await lstat(file).then(flawOf, unlessMissing);
      if (flaw !== undefined) throw notACheckpoint(file, flaw);
      return lockFile(file);
    });
    if (lock !== undefined) return lock;
    throw new PipelineError({
      code: 'CHECKPOINT_LOCKED',
      message: `${this.file} is in use by another run`,
    });
  }

  async #read(run: string): Promise<Checkpoint | undefined> {
    const document = await this.#doing('read', () => readCheckpointFile(this.file));
    if (document === undefined) return undefined;
    if (document.run === run) return document.checkpoint;
    throw new PipelineError({
      code: 'CHECKPOINT_MISMATCH',
      message: `${this.file} belongs to the run ${JSON.stringify(document.run)}, not to ${JSON.stringify(run)}`,
    });
  }

  async #write(waiting: Waiting): Promise<void> {
    if (this.#waiting === waiting) this.#waiting = undefined;
    await this.#replace(waiting.bytes);
  }

  /**
   * To what a note is added at once: to the document, while nothing else is done, and to both while one takes the place of
   * the other: whichever is there after a crash has it.
   */
  #documentsFor(text: string): readonly NotedDocument[] {
    const there = [[this.#current], [this.#current, this.#next]][this.#inLine] ?? [];
    const open = there.filter((document) => document?.isOpen === true && document.takes(text));
    return open.length === there.length ? (open as readonly NotedDocument[]) : [];
  }

  /** Adds a note, or makes a new document with it: where none is known, or its notes have become many. */
  async #add(run: string, text: string): Promise<void> {
    const current = this.#current;
    if (current?.takes(text) !== true) {
      const progress = readExactJson(text) as CheckpointProgress;
      return this.#replace(encodeDocument({ run, checkpoint: { ...(await this.#read(run)), ...progress } }));
    }
    try {
      await this.#doing('saved', async () => {
        current.open(this.file);
        current.add(text);
      });
    } catch (error) {
      await this.#leave();
      throw error;
    }
  }

  async #replace(bytes: Uint8Array): Promise<void> {
    try {
      await this.#doing('saved', async () => {
        await replaceFile(this.file, async (temporary) => {
          this.#next = await NotedDocument.create(temporary, bytes);
          await this.#next.sync();
        });
        await this.#next!.close();
      });
    } catch (error) {
      await this.#leave();
      throw error;
    }
    const before = this.#current;
    this.#current = this.#next;
    this.#next = undefined;
    await before?.close().catch(() => undefined); // it has no name any more
  }

  /** No note follows what was written last. */
  async #leave(): Promise<void> {
    const both = [this.#current, this.#next];
    this.#current = undefined;
    this.#next = undefined;
    for (const document of both) await document?.close().catch(() => undefined); // what was said to be safe is there
  }

  async #remove(): Promise<void> {
    await this.#leave();
    await this.#doing('removed', () => removeFile(this.file));
  }

  #openedFor(run: string): Opened {
    if (this.#opened?.run === run) return this.#opened;
    const state = this.#opened === undefined ? 'closed' : `open for ${JSON.stringify(this.#opened.run)}`;
    throw new TypeError(`${this.file} must be open for ${JSON.stringify(run)}, but is ${state}`);
  }

  #inTurn<R>(work: () => R | Promise<R>): Promise<R> {
    this.#inLine++;
    const result = this.#last.then(work).finally(() => this.#inLine--);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #doing<R>(what: string, work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof PipelineError) throw cause;
      const message = `${this.file} could not be ${what}: ${messageOf(cause)}`;
      throw new PipelineError({ code: 'CHECKPOINT_FAILED', message, cause });
    }
  }
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** What nobody can go on from may be removed by whoever wants to begin again. */
function unlessUnreadable(error: unknown): undefined {
  const { code } = error as PipelineError;
  if (code !== 'CHECKPOINT_CORRUPT' && code !== 'CHECKPOINT_NEWER') throw error;
}

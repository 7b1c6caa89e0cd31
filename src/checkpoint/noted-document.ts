import { closeSync, constants, fsync, openSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { sealOf } from './checkpoint-document.ts';
import { encodeNote } from './checkpoint-notes.ts';

/** Bytes of notes behind a document; then the next one is a document. */
const ROOM = 1024 * 1024;

/** A document that is known to be in a file, for notes to follow it. */
export class NotedDocument {
  readonly #seal: string;
  /** Bytes that there may be. */
  readonly #most: number;
  /** Bytes of the document and the notes. */
  #end: number;
  #handle: Pick<FileHandle, 'fd' | 'close'> | undefined;
  /** Nothing can follow a part of a note. */
  #isWhole = true;

  /** Makes a file of it for its owner only. The name must be new: whoever made a file or a link of this name beforehand gets nothing. */
  static async create(file: string, bytes: Uint8Array): Promise<NotedDocument> {
    const handle = await open(file, 'wx', 0o600);
    const document = new NotedDocument(bytes, handle);
    try {
      await handle.writeFile(bytes);
    } catch (error) {
      await document.close().catch(() => undefined); // the first error is the one to tell
      throw error;
    }
    return document;
  }

  private constructor(bytes: Uint8Array, handle: FileHandle) {
    this.#seal = sealOf(bytes);
    this.#most = bytes.length + ROOM;
    this.#end = bytes.length;
    this.#handle = handle;
  }

  /** Whether a note can follow. */
  takes(text: string): boolean {
    return this.#isWhole && this.#end + text.length <= this.#most;
  }

  /** Whether it can be added to at once. */
  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** Opens it where it is now: at once, as a note is written. */
  open(file: string): void {
    if (this.#handle !== undefined) return;
    const fd = openSync(file, constants.O_WRONLY | constants.O_NOFOLLOW);
    this.#handle = { fd, close: async () => closeSync(fd) };
  }

  /**
   * Writes a note to the page cache, from which the end of the process takes nothing back: at once, as that takes less
   * time than to hand it to another thread. Nothing is synced: a power cut may leave a part of it, or none.
   */
  add(text: string): void {
    const note = encodeNote(this.#seal, text);
    const { fd } = this.#handle!;
    this.#isWhole = false;
    for (let done = 0; done < note.length; )
      done += writeSync(fd, note, done, note.length - done, this.#end + done);
    this.#end += note.length;
    this.#isWhole = true;
  }

  /** Makes it safe against a power cut. */
  async sync(): Promise<void> {
    await promisify(fsync)(this.#handle!.fd);
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}

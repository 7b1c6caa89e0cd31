import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type DeadLetter, type DeadLetters, letterRecord } from '../core/dead-letter.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import { expectKind } from '../core/options.ts';
import { endsWithLineFeed, syncFolder } from './file-system.ts';
import { takeTurns } from './turns.ts';

/**
 * Keeps dead letters as lines of JSON: source, record, byte and line as far as known, code, reason, chunk and attempts of
 * what a sink refused, time, and the record as `raw` (its text), `rawBase64` (bytes that are not UTF-8), `value`, or
 * `inspected` (what JSON cannot hold). The file is made with the first letter, for its owner only; letters come after
 * those it has. A link, or a file of someone else, is refused.
 *
 * A letter is safe against a power cut when `add` resolves. Letters that come while others are being written are written
 * together, in their order: wait for `add`, and memory stays bounded.
 * @param file path of the file
 */
export function deadLetterFile(file: string | URL): DeadLetters {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  expectKind('file', file, typeof path === 'string' && path !== '', 'a path or a file URL');
  return new DeadLetterFile(path);
}

class DeadLetterFile implements DeadLetters {
  readonly #path: string;
  readonly #inTurn = takeTurns();
  #handle: FileHandle | undefined;
  #waiting: string[] = [];
  /** The write that takes what is waiting, once those before it are done. */
  #next: Promise<void> | undefined;
  /** Whether the file may end inside a line: after a write that failed, or a crash. */
  #isTorn = false;
  #isClosed = false;

  constructor(path: string) {
    this.#path = path;
  }

  async add(letter: DeadLetter): Promise<void> {
    if (this.#isClosed)
      throw new TypeError(`${this.#path} must stay open until the last dead letter is added`);
    this.#waiting.push(`${encodeJson(letterRecord(letter))}\n`);
    this.#next ??= this.#inTurn(() => this.#writeWaiting());
    return this.#next;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#inTurn(async () => {
      const handle = this.#handle;
      this.#handle = undefined;
      await handle?.close();
    });
  }

  async #writeWaiting(): Promise<void> {
    this.#next = undefined;
    const lines = this.#waiting.splice(0).join('');
    this.#handle ??= await this.#open();
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    this.#isTorn = true;
    for (let from = 0; from < bytes.length; )
      from += (await this.#handle.write(bytes, from, bytes.length - from)).bytesWritten;
    this.#isTorn = false;
    await this.#handle.datasync();
  }

  async #open(): Promise<FileHandle> {
    const handle = await openOwned(this.#path);
    this.#isTorn = !(await endsWithLineFeed(handle));
    return handle;
  }
}

async function openOwned(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDWR } = constants;
  let handle: FileHandle;
  try {
    handle = await open(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_RDWR, 0o600);
  } catch (cause) {
    const isLink = (cause as NodeJS.ErrnoException).code === 'ELOOP';
    throw unusable(path, isLink ? 'it is a symbolic link' : messageOf(cause), cause);
  }
  try {
    const { uid, mode } = await ownFile(handle, path);
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) await handle.chmod(0o600);
    await syncFolder(dirname(path));
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function ownFile(handle: FileHandle, path: string): Promise<Stats> {
  const stats = await handle.stat();
  if (!stats.isFile()) throw unusable(path, 'it is not a regular file');
  if (process.getuid !== undefined && stats.uid !== process.getuid())
    throw unusable(path, 'it belongs to another user');
  return stats;
}

function unusable(path: string, reason: string, cause?: unknown): PipelineError {
  return new PipelineError({
    code: 'SINK_FAILED',
    message: `${path} cannot hold dead letters: ${reason}`,
    cause,
  });
}

import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecordRange } from '../core/checkpoint.ts';
import { type DeadLetter, type DeadLetters, type LetteringRun, letterRecord } from '../core/dead-letter.ts';
import { messageOf, PipelineError } from '../core/errors.ts';
import { encodeJson } from '../core/json.ts';
import { expectKind } from '../core/options.ts';
import { endsWithLineFeed, syncFolder } from './file-system.ts';
import { readLetters } from './read-letters.ts';
import { takeTurns } from './turns.ts';

/**
 * Keeps dead letters as lines of JSON: source, record, byte and line as far as known, code, reason, chunk and attempts of
 * what a sink refused, time, and the record as `raw` (its text), `rawBase64` (bytes that are not UTF-8), `value`, or
 * `inspected` (what JSON cannot hold). The file is made with the first letter, for its owner only; letters come after
 * those it has. A link, or a file of someone else, is refused.
 *
 * A letter is safe against a power cut when `add` resolves. Letters that come while others are being written are written
 * together, in their order: wait for `add`, and memory stays bounded.
 *
 * Letters of a run with a checkpoint hold its name (`run`; `runId`, `sourceIndex` and `made` tell its records apart). When
 * the run goes on, the file is read: records that have a letter of it are left out, so that none has two, and a line that
 * a crash has torn is cut off. A file may hold the letters of several runs, but not of two at the same time.
 * @param file path of the file
 */
export function deadLetterFile(file: string | URL): DeadLetters {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  expectKind('file', file, typeof path === 'string' && path !== '', 'a path or a file URL');
  return new DeadLetterFile(path);
}

class DeadLetterFile implements DeadLetters {
  readonly file: string;
  readonly #inTurn = takeTurns();
  #handle: FileHandle | undefined;
  #waiting: string[] = [];
  /** The write that takes what is waiting, once those before it are done. */
  #next: Promise<void> | undefined;
  /** Whether the file may end inside a line: after a write that failed, or a crash. */
  #isTorn = false;
  #isClosed = false;
  #run: LetteringRun | undefined;

  constructor(path: string) {
    this.file = path;
  }

  open(run: LetteringRun): Promise<readonly RecordRange[]> {
    this.#run = run;
    return this.#inTurn(async () => (run.isContinued ? this.#lookBack(run) : []));
  }

  async add(letter: DeadLetter): Promise<void> {
    if (this.#isClosed)
      throw new TypeError(`${this.file} must stay open until the last dead letter is added`);
    this.#waiting.push(`${encodeJson(letterRecord(letter, this.#run))}\n`);
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

  async #lookBack(run: LetteringRun): Promise<readonly RecordRange[]> {
    const { O_APPEND, O_RDWR } = constants;
    this.#handle ??= await openOwned(this.file, O_APPEND | O_RDWR).catch(unlessMissing);
    if (this.#handle === undefined) return [];
    const { lettered, wholeLines } = await readLetters(this.#handle, run);
    await this.#handle.truncate(wholeLines);
    await this.#handle.datasync();
    this.#isTorn = !(await endsWithLineFeed(this.#handle));
    return lettered;
  }

  async #writeWaiting(): Promise<void> {
    this.#next = undefined;
    const lines = this.#waiting.splice(0).join('');
    this.#handle ??= await this.#open();
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    const { size } = await this.#handle.stat();
    let written = 0;
    try {
      while (written < bytes.length)
        written += (await this.#handle.write(bytes, written, bytes.length - written)).bytesWritten;
      await this.#handle.datasync();
      this.#isTorn = false;
    } catch (error) {
      await this.#takeBack(this.#handle, size, written).catch(() => {
        this.#isTorn = true;
      });
      throw error;
    }
  }

  /** Nobody was told that these letters are safe, and nobody who reads the file later is to believe it. */
  async #takeBack(handle: FileHandle, size: number, written: number): Promise<void> {
    const isOnlyOwn = (await handle.stat()).size === size + written;
    if (isOnlyOwn) await handle.truncate(size);
    else this.#isTorn = true;
  }

  async #open(): Promise<FileHandle> {
    const { O_APPEND, O_CREAT, O_RDWR } = constants;
    const handle = await openOwned(this.file, O_APPEND | O_CREAT | O_RDWR);
    this.#isTorn = !(await endsWithLineFeed(handle));
    return handle;
  }
}

/** Every letter begins with it. */
const OPENING = 0x7b;

function unlessMissing(error: unknown): undefined {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  if (code !== 'ENOENT') throw error;
}

async function openOwned(path: string, flags: number): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  } catch (cause) {
    const isLink = (cause as NodeJS.ErrnoException).code === 'ELOOP';
    throw unusable(path, isLink ? 'it is a symbolic link' : messageOf(cause), cause);
  }
  try {
    const { uid, mode } = await ownFile(handle, path);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, 0);
    if (bytesRead > 0 && buffer[0] !== OPENING) throw unusable(path, 'it holds something else');
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

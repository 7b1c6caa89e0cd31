import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** What a file is to a run, as its options name it: `sink`, `deadLetters`. */
export interface FileUse {
  readonly what: string;
  /** Path; `undefined` where it is no file. */
  readonly file: string | undefined;
}

/** Two that write to one file would overwrite each other. @throws TypeError that names both */
export function refuseShared(one: FileUse, others: readonly FileUse[]): void {
  if (one.file === undefined) return;
  const identity = identityOf(one.file);
  const same = others.find(({ file }) => file !== undefined && identityOf(file) === identity);
  if (same !== undefined)
    throw new TypeError(
      `${one.what} must be another file than that of the ${same.what}, both are ${one.file}`,
    );
}

/** The same for two paths of one file, be they links. */
function identityOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stats !== undefined) return `${stats.dev} ${stats.ino}`;
  const path = resolve(file);
  return join(realFolder(dirname(path)), basename(path));
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder; // there is none: whoever makes the file says so
  }
}

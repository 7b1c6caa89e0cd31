import { rmSync } from 'node:fs';

/** Temporary files that nobody wants if the process ends now. */
const unfinished = new Set<string>();

/** A process that is told to exit, as by a second Ctrl-C, awaits nothing: what it leaves behind goes in its last moment. */
export function removeAtExit(file: string): void {
  if (unfinished.size === 0) process.on('exit', removeAll);
  unfinished.add(file);
}

/** The file has its final name, or is gone. */
export function forgetAtExit(file: string): void {
  unfinished.delete(file);
  if (unfinished.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const file of unfinished) {
    try {
      rmSync(file, { force: true });
    } catch {
      // Windows removes no file that is open: it stays, under its temporary name
    }
  }
}

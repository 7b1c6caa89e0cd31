import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const EVERY_MS = 50;

/**
 * Frees the memory of what is written to the files of a folder that lies in memory, so that the next bytes take the same:
 * a virtual machine that needs more gets it from its host, at a tenth of the speed.
 * @returns ends it
 */
export function forgetWritten(folder: string): () => void {
  const forget = () => {
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0; // it may just have got its final name
      if (size > 0)
        spawn('fallocate', ['--punch-hole', '--length', String(size), file]).on('error', () => end());
    }
  };
  const timer = setInterval(forget, EVERY_MS);
  const end = () => clearInterval(timer);
  return end;
}

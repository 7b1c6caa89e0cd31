import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** A bug, planted in a copy of the sources, and who must find it. */
export interface Mutant {
  /** The bug, in a few words. */
  readonly name: string;
  /** The file, below `src`. */
  readonly file: string;
  /** A text that is there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The test file that must fail, below `test`. */
  readonly test: string;
  /** Only these of its tests: a part of their full names. @default all */
  readonly only?: string;
}

const ROOT = resolve(import.meta.dirname, '../..');

/** A copy of the project in which one bug at a time can be planted. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'mutants-'));

  constructor() {
    for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
      cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** @returns the names of the tests that have failed with the bug */
  async failuresWith({ file, find, replace, test, only }: Mutant): Promise<readonly string[]> {
    const path = join(this.folder, 'src', file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`the text must be in ${file} exactly once: ${find}`);
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    try {
      return await this.#failuresOf(test, only);
    } finally {
      writeFileSync(path, text);
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #failuresOf(test: string, only: string | undefined): Promise<readonly string[]> {
    const report = join(this.folder, 'report.json');
    rmSync(report, { force: true });
    const args = ['run', join('test', test), '--bail=1', '--testTimeout=20000', '--typecheck.enabled=false'];
    const chosen = only === undefined ? [] : ['-t', only];
    const child = spawn(
      process.execPath,
      [
        join('node_modules/vitest/vitest.mjs'),
        ...args,
        ...chosen,
        '--reporter=json',
        `--outputFile=${report}`,
      ],
      { cwd: this.folder, stdio: 'ignore' },
    );
    await new Promise((done) => child.once('exit', done));
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    // a file that cannot be loaded has no tests: that is no catch
    return testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    );
  }
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

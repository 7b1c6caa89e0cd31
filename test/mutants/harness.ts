import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

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

  /** Runs the tests that are to find bugs where there are none. @returns the bugs of which no test passes, or one fails */
  async notLookedFor(mutants: readonly Mutant[]): Promise<readonly string[]> {
    const whole = new Set(mutants.filter(({ only }) => only === undefined).map(({ test }) => test));
    const partly = mutants.filter(({ test }) => !whole.has(test));
    const names = partly.map(({ only }) => only).join('|');
    const results = [
      ...(whole.size > 0 ? await this.#run([...whole]) : []),
      ...(partly.length > 0
        ? await this.#run(
            partly.map(({ test }) => test),
            ['-t', names],
          )
        : []),
    ];
    return mutants.filter((mutant) => !isLookedFor(mutant, results)).map(({ name }) => name);
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
      const chosen = only === undefined ? [] : ['-t', only];
      const results = await this.#run([test], ['--bail=1', ...chosen]);
      // a file that cannot be loaded has no tests: that is no catch
      return results.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
    } finally {
      writeFileSync(path, text);
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @param tests files, below `test` */
  async #run(tests: readonly string[], args: readonly string[] = []): Promise<readonly TestResult[]> {
    const report = join(this.folder, 'report.json');
    rmSync(report, { force: true });
    const files = [...new Set(tests)].map((test) => join('test', test));
    const output = ['--reporter=json', `--outputFile=${report}`];
    const child = spawn(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', ...files, ...args, ...output, ...SETTINGS],
      { cwd: this.folder, stdio: 'ignore' },
    );
    await new Promise((done) => child.once('exit', done));
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    return testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ fullName, status }) => ({
        test: relative(join(realpathSync(this.folder), 'test'), name),
        fullName,
        status,
      })),
    );
  }
}

/** A thread starts sooner than a process. */
const SETTINGS = ['--pool=threads', '--testTimeout=20000', '--typecheck.enabled=false'];

interface TestResult {
  /** The file, below `test`. */
  readonly test: string;
  readonly fullName: string;
  readonly status: string;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function isLookedFor({ test, only = '' }: Mutant, results: readonly TestResult[]): boolean {
  const own = results.filter((result) => result.test === test && result.fullName.includes(only));
  return own.some(({ status }) => status === 'passed') && own.every(({ status }) => status !== 'failed');
}

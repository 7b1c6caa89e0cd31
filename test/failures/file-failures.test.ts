import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rmdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { type Expected, errorOf, expectFailure } from './expect-failure.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'file-errors-'));
  await writeFile(at('file'), 'text');
});
afterEach(() => rmSync(folder, { recursive: true }));

type Row = readonly [what: string, fail: () => Promise<unknown>, code: string | RegExp];

const ROWS: readonly Row[] = [
  ['a file that is not there', () => readFile(at('nothing')), 'ENOENT'],
  ['a folder that is not there', () => writeFile(at('nothing/file'), ''), 'ENOENT'],
  ['a folder instead of a file', () => readFile(folder), 'EISDIR'],
  ['a folder to write to', () => writeFile(folder, ''), 'EISDIR'],
  ['a file instead of a folder', () => writeFile(at('file/more'), ''), 'ENOTDIR'],
  ['a list of what is in a file', () => readdir(at('file')), 'ENOTDIR'],
  ['a file that must be new', () => writeFile(at('file'), '', { flag: 'wx' }), 'EEXIST'],
  ['a folder that must be new', () => mkdir(folder), 'EEXIST'],
  ['a name that is too long', () => writeFile(at('x'.repeat(5_000)), ''), 'ENAMETOOLONG'],
  ['a link that leads to itself', selfLink, 'ELOOP'],
  ['a folder that is not empty', () => rmdir(folder), 'ENOTEMPTY'],
  ['a folder that would contain itself', () => rename(folder, at('inner')), 'EINVAL'],
  ['a file that is only open for reading', writeToReader, 'EBADF'],
];

/** What only Linux has. */
const LINUX: readonly Row[] = [
  ['a full disk', () => writeFile('/dev/full', 'x'), 'ENOSPC'],
  ['another file system', () => rename(at('file'), `/dev/shm/file-errors-${process.pid}`), 'EXDEV'],
  ['a file that nobody may remove', () => unlink('/proc/version'), /^(?:EPERM|EACCES)$/],
  [
    'a file that grows beyond what is allowed',
    () => limited('ulimit -f 1; trap "" XFSZ', 'fs.writeFileSync(process.argv[1], "x".repeat(100_000))'),
    'EFBIG',
  ],
];

const runWide = (why: string | RegExp): Expected => ({ kind: 'run-wide', why });

describe('about the run is', () => {
  test.for(ROWS)('%s', async ([, fail, code]) => {
    await expectFailure(await errorOf(fail), runWide(code));
  });

  test.for(LINUX)('%s', async ([, fail, code], { skip }) => {
    skip(process.platform !== 'linux' || !existsSync('/dev/shm'), 'only Linux has these files');
    await expectFailure(await errorOf(fail), runWide(code));
  });
});

test('more files than a process may have open pass: not applied', async ({ skip }) => {
  skip(process.platform === 'win32', 'Windows has no such limit');
  const all = 'for (;;) fs.openSync(process.argv[1])';
  const error = await errorOf(() => limited('ulimit -n 64', all));
  await expectFailure(error, { kind: 'not-applied', why: 'EMFILE' });
});

async function selfLink(): Promise<void> {
  await symlink(at('loop'), at('loop'));
  await readFile(at('loop'));
}

async function writeToReader(): Promise<void> {
  const file = await open(at('file'), 'r');
  try {
    await file.write('x');
  } finally {
    await file.close();
  }
}

/** What a script throws in a process with a limit. */
async function limited(limit: string, script: string): Promise<never> {
  const caught = `const fs = require('node:fs'); try { ${script} } catch (error) { console.log(JSON.stringify({ ...error, message: error.message })) }`;
  const command = `${limit}; exec "$0" -e "$1" "$2"`;
  const text = execFileSync('sh', ['-c', command, process.execPath, caught, at('file')], {
    encoding: 'utf8',
  });
  throw Object.assign(new Error(), JSON.parse(text));
}

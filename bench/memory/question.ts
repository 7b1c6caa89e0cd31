import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { jsonArray, ndjson } from '../support/data.ts';
import type { Figures, Question } from '../support/question.ts';
import { forgetWritten } from './forgotten.ts';

const CHILD = join(import.meta.dirname, 'child.mjs');
/** In memory where that can be: a disk takes some gigabytes at once, and then fewer. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export const question: Question = {
  title:
    'a file into an NDJSON file, and to an output that takes no time, in chunks of 10,000 records of 1.5 KB: memory, and time per byte',
  inputs: {
    '15 MB of JSON': () => jsonArray(10_000),
    '150 MB of JSON': () => jsonArray(100_000),
    '1 GB of JSON': () => jsonArray(700_000),
    '4 GB of JSON': () => jsonArray(2_800_000),
    '1 GB of NDJSON': () => ndjson(700_000),
  },
  routes: {
    'bytes to nowhere, 15 MB': { input: '15 MB of JSON', run: (file) => discard('bytes', file) },
    'bytes to nowhere, 150 MB': { input: '150 MB of JSON', run: (file) => discard('bytes', file) },
    'bytes to nowhere, 4 GB': { input: '4 GB of JSON', run: (file) => discard('bytes', file) },
    'bytes, 1 GB': { input: '1 GB of JSON', run: (file) => copy('bytes', file) },
    'bytes, 4 GB': { input: '4 GB of JSON', run: (file) => copy('bytes', file) },
    'bytes, 1 GB of NDJSON': { input: '1 GB of NDJSON', run: (file) => copy('bytes', file) },
    'objects, 150 MB': { input: '150 MB of JSON', run: (file) => copy('objects', file) },
    'objects, 1 GB': { input: '1 GB of JSON', run: (file) => copy('objects', file) },
  },
  targets: [
    { route: 'bytes to nowhere, 4 GB', against: 'bytes to nowhere, 15 MB', atLeast: 0.9 },
    { route: 'bytes to nowhere, 4 GB', against: 'bytes to nowhere, 150 MB', atLeast: 0.9 },
    { route: 'bytes, 4 GB', against: 'bytes, 1 GB', atLeast: 0.9 },
    { route: 'objects, 1 GB', against: 'objects, 150 MB', atLeast: 0.9 },
  ],
  limits: [
    { route: 'bytes, 1 GB', atMostMiB: 64 },
    { route: 'bytes, 4 GB', atMostMiB: 64 },
    { route: 'bytes, 1 GB of NDJSON', atMostMiB: 64 },
    { route: 'bytes to nowhere, 4 GB', atMostMiB: 64 },
    { route: 'objects, 1 GB', atMostMiB: 200 },
  ],
};

type Route = 'bytes' | 'objects';

async function copy(route: Route, file: string): Promise<Partial<Figures>> {
  const folder = mkdtempSync(join(FOLDER, 'chain-reaction-bench-'));
  const end = forgetWritten(folder);
  const figures = await run([route, file, join(folder, 'copied.ndjson')], 'ignore');
  end();
  rmSync(folder, { recursive: true });
  return figures;
}

async function discard(route: Route, file: string): Promise<Partial<Figures>> {
  const nowhere = openSync(devNull, 'w');
  const figures = await run([route, file], nowhere);
  closeSync(nowhere);
  return figures;
}

/** In a process that does nothing else, over one that does nothing at all. */
async function run(parameters: readonly string[], stdout: number | 'ignore'): Promise<Partial<Figures>> {
  const idle = execFileSync(process.execPath, ['-e', 'console.log(process.resourceUsage().maxRSS * 1024)']);
  const child = spawn(process.execPath, [CHILD, ...parameters], { stdio: ['ignore', stdout, 'pipe'] });
  const figures = JSON.parse(await text(child.stderr!)) as Figures;
  return { ...figures, idleBytes: Number(idle.toString()) };
}

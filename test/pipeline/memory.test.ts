import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const RECORDS = 100_000;
const folder = mkdtempSync(join(tmpdir(), 'memory-'));
const file = join(folder, 'records.ndjson');

beforeAll(() => {
  const handle = openSync(file, 'w');
  const text = 'x'.repeat(2_000);
  for (let id = 0; id < RECORDS; id++) writeSync(handle, `{"id":${id},"text":"${text}"}\n`);
  closeSync(handle);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A run of 200 MB in chunks of 20 MB, in a process whose heap may grow to 96 MB. */
function run(...flags: readonly string[]): { written: number; peakLive: number; overIdleMiB: number } {
  const script = resolve(import.meta.dirname, '../support/memory-run.ts');
  const args = ['--no-warnings', '--max-old-space-size=96', ...flags, script, file];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as ReturnType<typeof run>;
}

describe('A run of 200 MB in chunks of 20 MB', () => {
  test('fits into a small heap, and peaks below 200 MiB over an idle process', () => {
    const { written, overIdleMiB } = run();
    expect(written).toBe(RECORDS);
    expect(overIdleMiB).toBeLessThan(200);
  }, 60_000);

  test('keeps no chunk that has been written: the sink only ever sees its own', () => {
    expect(run('--expose-gc').peakLive).toBe(1);
  }, 60_000);
});

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

test.each([
  [
    'are skipped, with the reason',
    '',
    0,
    /^(\d+) skipped: no server for REDIS_URL listens on 127\.0\.0\.1:1\n0 passed, 0 failed, \1 skipped$/m,
  ],
  ['fail where servers are required', '1', 1, /^0 passed, [1-9]\d* failed, 0 skipped$/m],
])('tests without their server %s', (_, required, status, closing) => {
  const args = [VITEST, 'run', 'test/integration/redis-failures.test.ts', '--typecheck.enabled=false'];
  const env = { ...process.env, REDIS_URL: 'redis://127.0.0.1:1', REQUIRE_SERVICES: required, NO_COLOR: '1' };
  const run = spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8', timeout: 20_000 });
  expect(run.stdout).toMatch(closing);
  expect(run.status).toBe(status);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';

/** A path inside an empty folder of its own for each test. */
export function temporaryFolder(): (name?: string) => string {
  const root = mkdtempSync(join(tmpdir(), 'chain-reaction-'));
  let folder = root;
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'test-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return (name = '') => join(folder, name);
}

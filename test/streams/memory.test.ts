import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const child = join(import.meta.dirname, 'memory-child.ts');

/** @param waiting chunks in flight that wait for an earlier one */
function expectFewChunks(flags: readonly string[], waiting: number): void {
  const output = execFileSync(process.execPath, ['--expose-gc', '--no-warnings', child, ...flags], {
    encoding: 'utf8',
  });
  const { taken, liveMiB, chunksAhead } = JSON.parse(output) as Record<string, number>;
  expect(taken).toBe(160_000);
  // beside the chunks in flight only a tenth of the next one is read, and some pieces are on their way
  expect(chunksAhead).toBeLessThan(waiting + 0.2);
  expect(chunksAhead).toBeGreaterThanOrEqual(waiting + 0.1);
  expect(liveMiB).toBeLessThan(150);
}

test.each(['bytes', 'objects'])(
  'A run of 160,000 records of 2 KB into a slow sink keeps little more than one chunk of 10,000 alive: %s',
  (route) => expectFewChunks([route], 0),
);

test('A run with concurrency 4 keeps little more than four chunks alive', () => {
  expectFewChunks(['bytes', '4'], 0);
});

test('A run with concurrency 4 keeps little more than four chunks alive, though all wait for one key', () => {
  expectFewChunks(['bytes', '4', 'id'], 3);
});

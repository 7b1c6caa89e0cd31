import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const child = join(import.meta.dirname, 'memory-child.ts');

test.each(['bytes', 'objects'])(
  'A run of 160,000 records of 2 KB into a slow sink keeps no more than two chunks of 10,000 alive: %s',
  (route) => {
    const output = execFileSync(process.execPath, ['--expose-gc', '--no-warnings', child, route], {
      encoding: 'utf8',
    });
    const { taken, liveMiB, chunksAhead } = JSON.parse(output) as Record<string, number>;
    expect(taken).toBe(160_000);
    // beside the chunk that is written only one more is filled, or waits, and some pieces are on their way
    expect(chunksAhead).toBeLessThan(1.2);
    expect(chunksAhead).toBeGreaterThanOrEqual(1);
    expect(liveMiB).toBeLessThan(200);
  },
);

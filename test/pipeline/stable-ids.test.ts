import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { memoryCheckpoint } from '../../src/checkpoint/index.ts';
import type { Chunk } from '../../src/core/chunk.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { temporaryFolder } from '../sinks/folder.ts';

const path = temporaryFolder();

test.each([
  ['lines', 'ndjson', (ids: number[]) => ids.map((id) => `{"id":${id}}\n`).join('')],
  ['an array', 'json', (ids: number[]) => `[${ids.map((id) => `{"id":${id}}`).join(',\n')}]`],
  ['CSV', 'csv', (ids: number[]) => `id\n${ids.map((id) => `${id}\n`).join('')}`],
] as const)(
  'the place of a record is the same when it comes again, in chunks of other sizes: %s',
  async (_name, ending, text) => {
    const ids = Array.from({ length: 1_500 }, (_, id) => id);
    writeFileSync(path(`a.${ending}`), text(ids.slice(0, 700)));
    writeFileSync(path(`b.${ending}`), text(ids.slice(700)));
    const store = memoryCheckpoint();
    const stored = new Map<string, number>();
    let sent = 0;
    const run = (batchSize: number, most: number) =>
      new BatchProcessor<{ id: number | string }>({
        source: [path(`a.${ending}`), path(`b.${ending}`)],
        batchSize,
        concurrency: 3,
        checkpoint: { store, run: 'ids' },
        sink: {
          name: 'by id',
          guarantee: 'at-least-once',
          async write(chunk: Chunk<{ id: number | string }>) {
            chunk.records.forEach(({ id }, i) => stored.set(chunk.describe(i), Number(id)));
            sent += chunk.count;
            await new Promise(setImmediate);
            if (sent >= most) throw new Error('cut off'); // written, and not noted
          },
        },
      }).run();
    await expect(run(100, 450)).rejects.toThrow('cut off');
    await expect(run(170, 1_000)).rejects.toThrow('cut off');
    await run(230, Number.POSITIVE_INFINITY);
    expect([...stored.values()].toSorted((a, b) => a - b)).toEqual(ids);
    expect(sent, 'records that came again').toBeGreaterThan(ids.length);
  },
);

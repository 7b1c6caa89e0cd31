/**
 * A run that writes a file and notes how far it has come, chunk by chunk: `node file-process.ts FOLDER VARIANT`. Begun
 * again, it goes on. Says what it met when it fails.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import type { PipelineError } from '../../src/core/errors.ts';
import type { Cursor } from '../../src/core/position.ts';
import { type FileSinkOptions, fileSink } from '../../src/sinks/file-sink.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';

/** Name → the file that is written, and how. */
export const VARIANTS: Readonly<Record<string, FileSinkOptions>> = {
  ndjson: { file: 'out.ndjson' },
  gzip: { file: 'out.ndjson.gz' },
  zstd: { file: 'out.csv.zst' },
  csv: { file: 'out.csv' },
  json: { file: 'out.json' },
  'json in gzip': { file: 'out.json.gz' },
  'a new file': { file: 'out.ndjson', ifExists: 'fail' },
  'an old file': { file: 'out.csv', ifExists: 'append' },
};

const COUNT = 3;
const signal = new AbortController().signal;

/** Of different sizes, so that no part of the output is taken for another one. */
function chunk(index: number) {
  const records = [0, 1].map((each) => ({ id: 2 * index + each, name: 'é'.repeat(300 * (index + each)) }));
  return chunkOf(records, { index, before: 2 * index });
}

/** Goes on until the file is complete. Commits after each chunk, and before the end, as a run does. */
export async function writeFile(folder: string, variant: string): Promise<void> {
  const store = fileCheckpoint(join(folder, 'checkpoint'));
  const options = VARIANTS[variant]!;
  const sink = fileSink({ ...options, file: join(folder, options.file as string) });
  let cursor: Cursor | undefined;
  const save = async (state: 'running' | 'finished') =>
    store.save('orders', { ...(cursor && { cursor }), sink: committed, state });
  let committed: unknown;
  await store.open('orders');
  try {
    const earlier = await store.load('orders');
    if (earlier?.state === 'finished') return;
    cursor = earlier?.cursor;
    committed = earlier?.sink;
    if (earlier === undefined) await save('running');
    const state = committed === undefined ? {} : { state: committed };
    await sink.open!({ signal, resume: { isContinued: earlier !== undefined, ...state } });
    let isComplete = false;
    try {
      for (let index = (cursor?.records ?? 0) / 2; index < COUNT; index++) {
        const next = chunk(index);
        await sink.write(next, { attempt: 1, signal });
        cursor = next.end;
        committed = await sink.commit!();
        await save('running');
      }
      isComplete = true;
    } finally {
      committed = isComplete ? await sink.commit!() : committed;
      if (isComplete) await save('running');
      await sink.close!({ complete: isComplete });
    }
    await save('finished');
  } finally {
    await store.close('orders');
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, variant] = process.argv.slice(2) as [string, string];
  await writeFile(folder, variant).catch((error: unknown) => {
    const { code, cause } = error as PipelineError;
    const met = (cause as NodeJS.ErrnoException | undefined)?.code;
    writeSync(1, `${code}${met === undefined ? '' : ` ${met}`}\n`);
  });
}

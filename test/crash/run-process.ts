/**
 * A whole run from a file into a file, with a checkpoint: `node run-process.ts FOLDER`. Begun again, it goes on.
 */
import { join } from 'node:path';
import { fileCheckpoint } from '../../src/checkpoint/file-checkpoint.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { fileSink } from '../../src/sinks/file-sink.ts';

const folder = process.argv[2]!;

// A file is committed once in ten seconds at the very least: whenever somebody looks at the clock they have gone by.
let now = 0;
performance.now = () => (now += 10_000);

await new BatchProcessor({
  source: join(folder, 'rows.ndjson'),
  sink: fileSink({ file: join(folder, 'out.csv') }),
  batchSize: 100,
  checkpoint: { store: fileCheckpoint(join(folder, 'checkpoint')) },
}).run();

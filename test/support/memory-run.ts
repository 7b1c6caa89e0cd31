/** `node memory-run.ts FILE`, in a process of its own: a slow sink. Prints peak memory over idle, and live chunks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';

const idle = process.memoryUsage.rss();
let live = 0;
let peakLive = 0;
const registry = new FinalizationRegistry(() => live--);
const { written } = await new BatchProcessor({
  source: process.argv[2]!,
  batchSize: 10_000,
  sink: {
    name: 'slow',
    guarantee: 'at-least-once',
    async write(chunk) {
      live++;
      registry.register(chunk, undefined);
      await sleep(5);
      globalThis.gc?.();
      await sleep(0);
      peakLive = Math.max(peakLive, live);
    },
  },
}).run();
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ written, peakLive, overIdleMiB: (peak - idle) / 2 ** 20 }));

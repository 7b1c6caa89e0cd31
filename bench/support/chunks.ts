import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';

/** Chunks of 1,000 records, all of them decoded and looked at. @returns how many records there were */
export async function ourChunks(file: string): Promise<number> {
  let count = 0;
  await new BatchProcessor({
    source: file,
    sink: {
      name: 'count',
      guarantee: 'at-least-once',
      keepsNothing: true,
      write: async ({ records }) => {
        count += records.length;
      },
    },
  }).run();
  return count;
}

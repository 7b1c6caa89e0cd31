import type { Chunk } from '../core/chunk.ts';

/** `orders.ndjson: records 1,001–2,000`: which records a chunk holds, for a message. */
export function describeRange(chunk: Chunk): string {
  const first = chunk.position(0).record.toLocaleString('en-US');
  const last = chunk.position(chunk.count - 1).record.toLocaleString('en-US');
  const from = chunk.blocks[0]!.source;
  const to = chunk.blocks.at(-1)!.source;
  if (from !== to)
    return `${from}: record ${first} to ${to}: record ${last} (${chunk.count.toLocaleString('en-US')} records)`;
  return first === last ? `${from}: record ${first}` : `${from}: records ${first}–${last}`;
}

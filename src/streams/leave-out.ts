import { FinishedRanges } from '../checkpoint/finished-ranges.ts';
import type { Checkpoint } from '../core/checkpoint.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { Tally } from '../core/tally.ts';

/** Leaves out whole records that earlier runs have dealt with. They count as neither read nor unaccounted. */
export async function* leaveOut<T>(
  done: Pick<Checkpoint, 'cursor' | 'finished'>,
  blocks: AsyncGenerator<RecordBlock<T>, void>,
  tally: Tally,
): AsyncGenerator<RecordBlock<T>, void> {
  const ranges = new FinishedRanges(done);
  for await (const block of blocks) {
    const { source, records: before } = block.start;
    let next = 0;
    for (const { from, to } of ranges.missing(source, before, before + block.count)) {
      omit(block, next, from - before, tally);
      next = Math.min(to - before, block.count);
      yield from === before && next === block.count ? block : block.slice(from - before, next);
    }
    omit(block, next, block.count, tally);
  }
}

function omit<T>(block: RecordBlock<T>, from: number, to: number, tally: Tally): void {
  if (from >= to) return;
  tally.read -= to - from;
  tally.settle(from === 0 && to === block.count ? block : block.slice(from, to));
}

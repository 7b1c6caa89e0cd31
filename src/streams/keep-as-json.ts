import { ObjectBlock } from '../core/object-block.ts';
import type { RecordBlock } from '../core/record-block.ts';
import { Stage } from './stage.ts';

/** Makes JSON of objects as soon as they are there, for a sink that takes nothing else: then they live no longer than their block is on its way. */
export class KeepAsJson<T> extends Stage<RecordBlock<T>, RecordBlock<T>> {
  protected override *process(block: RecordBlock<T>): Generator<RecordBlock<T>, void> {
    if (block instanceof ObjectBlock) block.keepAsJson();
    yield block;
  }
}

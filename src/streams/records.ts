import type { Duplex } from 'node:stream';
import { PipelineError } from '../core/errors.ts';
import { isRecordBlock, type RecordBlock } from '../core/record-block.ts';
import { Stage } from './stage.ts';

/**
 * A stream that flattens blocks and chunks into single records, for streams that want those. Fails at a record that is
 * `null`, which a Node stream takes for its end: filter such records, or write blocks.
 */
export function records(): Duplex {
  return new Flatten();
}

class Flatten extends Stage<unknown, unknown> {
  protected override process(item: unknown): Iterable<unknown> {
    return isRecordBlock(item) ? carried(item) : [item];
  }
}

function* carried(block: RecordBlock): Generator<unknown, void> {
  for (const [index, record] of block.records.entries()) {
    if (record === null || record === undefined) throw notCarried(block, index, record);
    yield record;
  }
}

function notCarried(block: RecordBlock, index: number, record: null | undefined): PipelineError {
  const { source } = block;
  const message = `A stream of single records cannot carry ${record}`;
  return new PipelineError({ code: 'REFUSED_RECORD', message, source, position: block.position(index) });
}

import { PipelineError } from '../core/errors.ts';
import type { RecordBlock } from '../core/record-block.ts';

/**
 * The error that says which record of a chunk or block cannot be written as it is, and why. Values of records stay out of it.
 * @param reason what is wrong and what to do, without the place and without a final period
 */
export function refusedRecord(
  chunk: RecordBlock,
  index: number,
  reason: string,
  cause?: unknown,
): PipelineError {
  return new PipelineError({
    code: 'REFUSED_RECORD',
    message: `${chunk.describe(index)}: ${reason}`,
    position: chunk.position(index),
    cause,
  });
}

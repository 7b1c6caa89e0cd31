import type { BatchProcessorOptions } from '../pipeline/batch-processor.ts';
import { UsageError } from './exit-codes.ts';
import { parseCount, parseCountOrAdaptive, parseCountOrShare, parseDuration, parseSize } from './units.ts';

/** The flags that say how records are chunked, written, retried and set aside. */
export interface WritingFlags {
  readonly batchSize?: string;
  readonly maxBytes?: string;
  readonly maxWait?: string;
  readonly concurrency?: string;
  readonly orderBy?: string;
  readonly maxRetries?: string;
  readonly timeout?: string;
  readonly onUnknownOutcome?: 'retry' | 'fail';
  readonly transform?: string;
  readonly transformConcurrency?: string;
  readonly onInvalid?: 'fail' | 'dead-letter';
  readonly deadLetters?: string;
  readonly maxInvalid?: string;
}

type Writing = Pick<
  BatchProcessorOptions,
  'batchSize' | 'maxBytes' | 'maxWaitMs' | 'concurrency' | 'orderBy' | 'transformConcurrency' | 'maxInvalid'
> &
  Required<Pick<BatchProcessorOptions, 'retry'>>;

/** What the flags mean to a `BatchProcessor`. @throws UsageError when a value cannot be read, or two contradict each other */
export function writingOf(flags: WritingFlags): Writing {
  const { batchSize, maxBytes, maxWait, concurrency, transformConcurrency, maxInvalid } = flags;
  const { orderBy, maxRetries, timeout, onUnknownOutcome } = flags;
  checkInvalidFlags(flags);
  return {
    ...(batchSize !== undefined && { batchSize: parseCountOrAdaptive('--batch-size', batchSize) }),
    ...(maxBytes !== undefined && { maxBytes: parseSize('--max-bytes', maxBytes) }),
    ...(maxWait !== undefined && { maxWaitMs: parseDuration('--max-wait', maxWait) }),
    ...(concurrency !== undefined && { concurrency: parseCountOrAdaptive('--concurrency', concurrency) }),
    ...(orderBy !== undefined && { orderBy }),
    ...(transformConcurrency !== undefined && {
      transformConcurrency: parseCount('--transform-concurrency', transformConcurrency),
    }),
    ...(maxInvalid !== undefined && { maxInvalid: parseCountOrShare('--max-invalid', maxInvalid) }),
    retry: {
      ...(maxRetries !== undefined && { maxRetries: parseCount('--max-retries', maxRetries) }),
      ...(timeout !== undefined && { timeoutMs: parseDuration('--timeout', timeout) }),
      ...(onUnknownOutcome !== undefined && { onUnknownOutcome }),
    },
  };
}

function checkInvalidFlags(flags: WritingFlags): void {
  const { onInvalid, deadLetters, maxInvalid, transform, transformConcurrency } = flags;
  if (maxInvalid !== undefined && deadLetters === undefined)
    throw new UsageError('--max-invalid needs a place for such records: --dead-letters FILE');
  if (onInvalid === 'dead-letter' && deadLetters === undefined)
    throw new UsageError('--on-invalid dead-letter needs a place for them: --dead-letters FILE');
  if (onInvalid === 'fail' && deadLetters !== undefined)
    throw new UsageError('--dead-letters makes no sense with --on-invalid fail');
  if (transformConcurrency !== undefined && transform === undefined)
    throw new UsageError('--transform-concurrency is for --transform FILE, and there is none');
}

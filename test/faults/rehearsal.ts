import { expect, onTestFinished } from 'vitest';
import type { Sink } from '../../src/core/sink.ts';
import type { RetryEvent, RetryOptions } from '../../src/delivery/retry-options.ts';
import type { WriteError } from '../../src/delivery/write-error.ts';
import type { FailureKind } from '../../src/failures/index.ts';
import { BatchProcessor } from '../../src/pipeline/batch-processor.ts';
import { type Summary, summaryOf } from '../../src/pipeline/summary.ts';
import { type FaultProxy, faultProxy, type Toxic } from '../../src/testing/index.ts';

/** Records of a rehearsal: three chunks, the last one not full. */
export const RECORDS: readonly { readonly id: number }[] = Array.from({ length: 250 }, (_, id) => ({ id }));
export const BATCH_SIZE = 100;
export const CHUNKS = 3;

export interface Rehearsed {
  readonly summary: Summary;
  /** Of each retry, what had failed. */
  readonly retries: readonly RetryEvent[];
  /** What ended the run, if it did not end well. */
  readonly error: WriteError | undefined;
}

/** A proxy that ends with the test. */
export async function proxyTo(target: string, toxics: readonly Toxic[] = []): Promise<FaultProxy> {
  const proxy = await faultProxy({ target, toxics });
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Runs the records into a sink; waits between attempts are a few milliseconds. Its counts add up, however it ends. */
export async function rehearse(
  sink: Sink,
  { concurrency = 1, ...retry }: RetryOptions & { readonly concurrency?: number } = {},
): Promise<Rehearsed> {
  const retries: RetryEvent[] = [];
  const processor = new BatchProcessor({
    source: RECORDS,
    sink,
    batchSize: BATCH_SIZE,
    concurrency,
    retry: {
      initialDelayMs: 2,
      maxDelayMs: 10,
      timeoutMs: 5_000,
      ...retry,
      onRetry: (event) => void retries.push(event),
    },
  });
  const outcome = await processor.run().then(
    (summary) => ({ summary, error: undefined }),
    (error: unknown) => ({ summary: summaryOf(error)!, error: error as WriteError }),
  );
  addsUp(outcome.summary, outcome.error === undefined);
  expect(outcome.summary.retries).toBe(retries.length);
  return { ...outcome, retries };
}

/** The kinds of failures that were retried, each once. */
export function kindsOf({ retries }: Rehearsed): readonly FailureKind[] {
  return [...new Set(retries.map(({ failure }) => failure.kind))];
}

/**
 * No record that the summary calls written is missing at its place. One is there twice only where the sink is not
 * idempotent and the summary says that it may be.
 */
export function expectConserved(
  stored: readonly number[],
  { summary, error }: Rehearsed,
  isIdempotent: boolean,
): void {
  const distinct = new Set(stored).size;
  const twice = stored.length - distinct;
  expect(twice).toBeLessThanOrEqual(isIdempotent ? 0 : summary.possibleDuplicates);
  if (isIdempotent) expect(summary.possibleDuplicates).toBe(0);
  if (error === undefined)
    expect([...new Set(stored)].sort((a, b) => a - b)).toEqual(RECORDS.map(({ id }) => id));
  else expect(distinct).toBeGreaterThanOrEqual(summary.written);
}

function addsUp(
  { read, added, written, filtered, deadLettered, unaccounted }: Summary,
  isWhole: boolean,
): void {
  const left = unaccounted.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  expect(read + added).toBe(written + filtered + deadLettered + left);
  if (isWhole)
    expect({ read, written, left }).toEqual({ read: RECORDS.length, written: RECORDS.length, left: 0 });
}

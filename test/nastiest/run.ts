import { onTestFinished, vi } from 'vitest';
import { BatchProcessor, type BatchProcessorOptions } from '../../src/pipeline/batch-processor.ts';
import { type Summary, summaryOf } from '../../src/pipeline/summary.ts';

export interface Ran {
  readonly summary: Summary;
  /** What ended the run, if it did not end well. */
  readonly error: (Error & { readonly code?: string }) | undefined;
}

/** Runs to the end, good or bad, with retries of a few milliseconds. */
export async function run<In, Out = In>(options: BatchProcessorOptions<In, Out>): Promise<Ran> {
  const { retry, ...others } = options;
  const processor = new BatchProcessor<In, Out>({
    ...others,
    retry: { initialDelayMs: 1, maxDelayMs: 2, ...retry },
  });
  return ranBy(processor);
}

export function ranBy(processor: { run(): Promise<Summary> }): Promise<Ran> {
  return processor.run().then(
    (summary) => ({ summary, error: undefined }),
    (error: unknown) => ({ summary: summaryOf(error)!, error: error as Error }),
  );
}

export interface Numbered {
  readonly id: number;
}

/** Records with the numbers 1 to `count`. */
export const numbered = (count: number): readonly Numbered[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1 }));

export const idsOf = (records: readonly Numbered[]): number[] => records.map(({ id }) => id);

/** Records of the summary that are neither written, filtered nor set aside. */
export const left = ({ unaccounted }: Summary): number[] =>
  unaccounted.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));

/** An error that means: not now, and nothing was written. */
export const busy = () => Object.assign(new Error('busy'), { status: 503 });
/** An error that means: not these records. */
export const refused = () => Object.assign(new Error('refused'), { status: 422 });

/** Sees to it that nothing is rejected unheard, until the test ends. */
export function expectNoUnhandled(): ReturnType<typeof vi.fn> {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  return unhandled;
}

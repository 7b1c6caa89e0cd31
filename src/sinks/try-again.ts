import { backoff, classify, isTransientKind, wait } from '../failures/index.ts';

const MAX_RETRIES = 3;
const delayBefore = backoff({ initialDelayMs: 250 });

/**
 * Does again what has failed for a passing reason: only for what may be done twice.
 * @param work is told how often it has failed
 */
export async function tryAgain<R>(
  work: (failures: number) => Promise<R>,
  signal: AbortSignal = new AbortController().signal,
): Promise<R> {
  for (let failures = 0; ; ) {
    try {
      return await work(failures);
    } catch (error) {
      const { kind, maxRetries, maxRetriesAtFirst } = classify(error);
      const most = Math.min(MAX_RETRIES, maxRetries ?? MAX_RETRIES, maxRetriesAtFirst ?? MAX_RETRIES);
      if (!isTransientKind(kind) || failures >= most) throw error;
      await wait(delayBefore(++failures), signal);
    }
  }
}

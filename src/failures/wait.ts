import { MAX_TIMER_MS, numberBetween } from '../core/options.ts';

/**
 * Waits. An abort ends the wait at once, with the reason of the signal, and leaves no timer behind.
 * @param ms milliseconds, 0 to 2,147,483,647
 */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  numberBetween('ms', ms, 0, MAX_TIMER_MS);
  signal.throwIfAborted();
  if (ms === 0) return;
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

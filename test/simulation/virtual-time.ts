import { vi } from 'vitest';

/** Timers and clocks that stand still until they are moved; everything else goes on as it is. */
export function freezeTime(): void {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
    now: 0,
  });
}

/** Turns of the event loop without anything to wait for after which only a timer can go on. */
const IDLE_TURNS = 4;

/** Waits for a promise, and moves the time to the next timer whenever nothing else happens. */
export async function inVirtualTime<T>(work: Promise<T>): Promise<T> {
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  work.then(settle, settle);
  for (let turns = 0; !isSettled; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turns < IDLE_TURNS) continue;
    if (vi.getTimerCount() > 0) vi.advanceTimersToNextTimer();
    else if (turns > 1_000) throw new Error('Nothing is left that could go on');
    if (vi.getTimerCount() > 0) turns = 0;
  }
  return work;
}

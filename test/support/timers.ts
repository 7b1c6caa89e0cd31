import { expect } from 'vitest';

/** Milliseconds that a timer of the test runner may last: it has one now and then. */
const RUNNERS = 200;

export const activeTimers = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Fails when timers are left over; those of the test runner are waited for. @param before how many there were */
export async function expectNoMoreTimers(before: number): Promise<void> {
  const until = performance.now() + RUNNERS;
  while (activeTimers() > before && performance.now() < until) await new Promise(setImmediate);
  expect(activeTimers()).toBeLessThanOrEqual(before);
}

import { expect, vi } from 'vitest';
import {
  type ClassifyOptions,
  classify,
  type FailureKind,
  isTransientKind,
} from '../../src/failures/index.ts';
import { deliver, failureOf, sinkThat, throws, timesOf } from '../delivery/deliveries.ts';

export interface Expected {
  readonly kind: FailureKind;
  /** By what it is recognised. */
  readonly why?: string | RegExp;
  /** Attempts with the usual policy when every one of them fails so. @default 4 for a transient kind, else 1 */
  readonly attempts?: number;
  /** The wait that the receiver asks for, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** An error means this, and `retrying` makes so many attempts of it, exactly 1, 2 and 4 s apart or as long as it is asked to wait. */
export async function expectFailure(
  error: unknown,
  expected: Expected,
  options: ClassifyOptions = {},
): Promise<void> {
  const { kind, why = /./, retryAfterMs, attempts = isTransientKind(kind) ? 4 : 1 } = expected;
  const failure = classify(error, options);
  const said = why instanceof RegExp ? expect.stringMatching(why) : why;
  expect(failure, describe(error)).toMatchObject({ kind, why: said });
  expect(failure.retryAfterMs).toBe(retryAfterMs);

  vi.useFakeTimers({ now: 0 });
  try {
    const sink = sinkThat(throws(error));
    const delivery = await deliver(sink, options.classify && { classify: options.classify });
    const waits = [1_000, 2_000, 4_000].slice(0, attempts - 1).map((ms) => Math.max(ms, retryAfterMs ?? 0));
    expect(delivery.events.map(({ delayMs }) => delayMs)).toEqual(waits);
    expect(timesOf(sink)).toEqual(startsAfter(waits));
    expect(failureOf(delivery)).toMatchObject({ attempts, failure: { kind } });
  } finally {
    vi.useRealTimers();
  }
}

/** What the work fails with. */
export async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('it should have failed');
}

function startsAfter(waits: readonly number[]): readonly number[] {
  let at = 0;
  return [0, ...waits.map((ms) => (at += ms))];
}

function describe(error: unknown): string {
  const { name, code, message } = Object(error) as Partial<NodeJS.ErrnoException>;
  return `${name} ${code}: ${message}`;
}

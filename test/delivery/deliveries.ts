import { vi } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import type { Sink, WriteContext } from '../../src/core/sink.ts';
import type { RetryEvent, RetryOptions } from '../../src/delivery/retry-options.ts';
import { retrying } from '../../src/delivery/retrying.ts';
import type { WriteError } from '../../src/delivery/write-error.ts';
import { chunkOf } from '../../src/testing/chunk-of.ts';

/** What one attempt does: resolves, or throws. */
export type Act<T = unknown> = (chunk: Chunk<T>, context: WriteContext) => unknown;

/** A sink whose attempts do one thing after another; the last one is repeated. */
export function sinkThat<T>(...acts: readonly Act<T>[]): Sink<T> & { readonly attempts: Attempt<T>[] } {
  const attempts: Attempt<T>[] = [];
  return {
    name: 'shop',
    guarantee: 'at-least-once',
    attempts,
    async write(chunk, context) {
      attempts.push({ at: Date.now(), chunk, ...context });
      await acts[Math.min(attempts.length, acts.length) - 1]?.(chunk, context);
    },
  };
}

export interface Attempt<T> extends WriteContext {
  /** Milliseconds since the test began, by the timers of the test. */
  readonly at: number;
  readonly chunk: Chunk<T>;
}

export const throws = (error: unknown) => () => {
  throw error;
};

export const done = () => undefined;

/** A delivery under way, with fake timers from 0. */
export interface Delivery {
  readonly events: RetryEvent[];
  /** `undefined` while it goes on. */
  readonly outcome: 'written' | WriteError | undefined;
  readonly stop: AbortController;
}

export const CHUNK = chunkOf([{ id: 1 }, { id: 2 }, { id: 3 }], { source: 'orders.ndjson' });

/** Begins a delivery; `vi.useFakeTimers({ now: 0 })` comes first. */
export function begin<T>(sink: Sink<T>, options: RetryOptions = {}, chunk = CHUNK as Chunk<T>): Delivery {
  const stop = new AbortController();
  const events: RetryEvent[] = [];
  const delivery: { -readonly [K in keyof Delivery]: Delivery[K] } = { events, outcome: undefined, stop };
  const onRetry = (event: RetryEvent) => {
    events.push(event);
    options.onRetry?.(event);
  };
  retrying(sink, { ...options, onRetry })
    .write(chunk, { attempt: 1, signal: stop.signal })
    .then(
      () => (delivery.outcome = 'written'),
      (error: unknown) => (delivery.outcome = error as WriteError),
    );
  return delivery;
}

/** Runs a delivery to its end, whatever the time. */
export async function deliver<T>(sink: Sink<T>, options: RetryOptions = {}, chunk = CHUNK as Chunk<T>) {
  const delivery = begin(sink, options, chunk);
  for (let i = 0; i < 500 && delivery.outcome === undefined; i++) await vi.advanceTimersToNextTimerAsync();
  return delivery;
}

/** When the attempts began, in milliseconds from the first. */
export function timesOf({
  attempts,
}: {
  readonly attempts: readonly Attempt<never>[] | readonly Attempt<unknown>[];
}) {
  return attempts.map(({ at }) => at - attempts[0]!.at);
}

export function failureOf({ outcome }: Delivery): WriteError {
  if (outcome === undefined || outcome === 'written') throw new Error(`it should have failed: ${outcome}`);
  return outcome;
}

/** By the timers of the test, unlike that of `node:timers/promises`. */
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

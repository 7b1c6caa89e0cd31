import type { AdaptiveConcurrency } from '../../src/delivery/adaptive-concurrency.ts';
import { randomFrom } from '../../src/testing/random.ts';

/** A sink whose writes take longer the more of them share what it can do. */
export interface LoadedSink {
  /** Milliseconds of a write when there are few. */
  readonly ms: number;
  /** Writes at once that it does as quickly as one. */
  readonly knee: number;
  /** Writes at once beyond which it asks for time. @default no bound */
  readonly most?: number;
}

export interface Load {
  /** The sink at write number `index`, from 0. */
  readonly sink: (index: number) => LoadedSink;
  readonly writes: number;
  /** How much the time of a write varies: about this share of it. */
  readonly noise: number;
  readonly seed: number;
}

/** Keeps as many writes under way as the controller allows. @returns the limit after each write */
export function limitsUnder(controller: AdaptiveConcurrency, load: Load): readonly number[] {
  const random = randomFrom(load.seed);
  const underWay: { readonly beganAt: number; readonly endsAt: number; readonly isBusy: boolean }[] = [];
  const limits: number[] = [];
  let now = 0;
  for (let begun = 0; limits.length < load.writes; ) {
    while (underWay.length < controller.limit) {
      controller.begin();
      const { ms, knee, most = Number.POSITIVE_INFINITY } = load.sink(begun++);
      const isBusy = underWay.length + 1 > most;
      const share = Math.max((underWay.length + 1) / knee, 1);
      const takes = isBusy ? 1 : ms * share * noisy(random, load.noise);
      underWay.push({ beganAt: now, endsAt: now + takes, isBusy });
    }
    underWay.sort((a, b) => a.endsAt - b.endsAt);
    const { beganAt, endsAt, isBusy } = underWay.shift()!;
    now = endsAt;
    const ms = endsAt - beganAt;
    controller.end({ at: now, ms, latency: isBusy ? undefined : ms, isBusy });
    limits.push(controller.limit);
  }
  return limits;
}

/** About 1, and as often a quarter more as a fifth less: as times vary. */
export function noisy(random: () => number, noise: number): number {
  const around0 = random() + random() + random() - 1.5;
  return Math.exp(noise * 2 * around0);
}

export const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

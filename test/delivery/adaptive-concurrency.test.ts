import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdaptiveConcurrency } from '../../src/delivery/adaptive-concurrency.ts';
import { type LoadedSink, limitsUnder, mean } from './simulated-load.ts';

const always = (sink: LoadedSink) => () => sink;

/** A round of writes at the limit, all of which take `ms` and end at once. */
function round(controller: AdaptiveConcurrency, at: number, ms: number, isBusy = false): void {
  const count = controller.limit;
  for (let i = 0; i < count; i++) controller.begin();
  for (let i = 0; i < count; i++) controller.end({ at, ms, latency: isBusy ? undefined : ms, isBusy });
}

/** After `rounds` rounds of 100 ms. */
function after(rounds: number): AdaptiveConcurrency {
  const controller = new AdaptiveConcurrency();
  for (let i = 1; i <= rounds; i++) round(controller, i * 100, 100);
  return controller;
}

describe('AdaptiveConcurrency', () => {
  test('begins with one write at a time', () => {
    expect(new AdaptiveConcurrency().limit).toBe(1);
  });

  test('allows one more after each round in which the limit was reached and writes took no longer', () => {
    expect([1, 2, 3, 10].map((rounds) => after(rounds).limit)).toEqual([1, 2, 3, 10]);
  });

  test('allows no more than are asked for', () => {
    const controller = after(5);
    for (let at = 600; at < 2_000; at += 100) {
      controller.begin();
      controller.end({ at, ms: 100, latency: 100, isBusy: false });
    }
    expect(controller.limit).toBe(5);
  });

  test('falls by a tenth, and at least by one, when a write takes longer by more than its deviation', () => {
    const few = after(4);
    round(few, 500, 120);
    expect(few.limit).toBe(3);
    const many = after(30);
    round(many, 3_100, 120); // the first to end is one of the round before
    expect(many.limit).toBe(31);
    round(many, 3_220, 120);
    expect(many.limit).toBe(27);
  });

  test('takes what is within its deviation for as quick as ever', () => {
    const controller = new AdaptiveConcurrency();
    for (let i = 1; i <= 20; i++) round(controller, i * 200, i % 2 === 0 ? 90 : 110);
    const { limit } = controller;
    round(controller, 4_200, 115);
    round(controller, 4_400, 115);
    expect(controller.limit).toBeGreaterThanOrEqual(limit);
    round(controller, 4_600, 145);
    round(controller, 4_800, 145);
    expect(controller.limit).toBeLessThan(limit);
  });

  test('falls when the sink is busy, once a round, however many of its writes say so', () => {
    const controller = after(20);
    round(controller, 2_100, 1, true);
    expect(controller.limit).toBe(18);
  });

  test('goes on with 64 at most, and one at least', () => {
    const controller = after(200);
    expect(controller.limit).toBe(64);
    for (let at = 30_000; at < 60_000; at += 100) round(controller, at, 1, true);
    expect(controller.limit).toBe(1);
  });

  test.each([2, 8, 20, 40])('settles near %i when that is what the sink does as quickly as one', (knee) => {
    for (const noise of [0, 0.05, 0.3])
      for (const seed of [1, 2, 3]) {
        const limits = limitsUnder(new AdaptiveConcurrency(), {
          sink: always({ ms: 100, knee }),
          writes: 6_000,
          noise,
          seed,
        }).slice(3_000);
        expect(mean(limits)).toBeGreaterThan(knee * 0.75);
        expect(mean(limits)).toBeLessThan(knee * 1.5 + 1);
      }
  });

  test('settles near what the sink takes before it asks for time', () => {
    const limits = limitsUnder(new AdaptiveConcurrency(), {
      sink: always({ ms: 100, knee: 1_000, most: 12 }),
      writes: 4_000,
      noise: 0.1,
      seed: 1,
    }).slice(2_000);
    expect(Math.max(...limits)).toBeLessThanOrEqual(14);
    expect(mean(limits)).toBeGreaterThan(8);
  });

  test('backs off when the sink can do less than before, and comes back', () => {
    for (const noise of [0, 0.05, 0.2]) {
      const limits = limitsUnder(new AdaptiveConcurrency(), {
        sink: (index) => ({ ms: 100, knee: index < 3_000 || index >= 6_000 ? 20 : 5 }),
        writes: 10_000,
        noise,
        seed: 1,
      });
      expect(mean(limits.slice(2_000, 3_000))).toBeGreaterThan(15);
      expect(mean(limits.slice(5_000, 6_000))).toBeLessThan(9);
      expect(mean(limits.slice(9_000))).toBeGreaterThan(15);
    }
  });

  test('goes up again when each write takes longer for good, though the sink does as many at once', () => {
    for (const noise of [0, 0.05, 0.2]) {
      const limits = limitsUnder(new AdaptiveConcurrency(), {
        sink: (index) => ({ ms: index < 3_000 ? 100 : 400, knee: 20 }),
        writes: 10_000,
        noise,
        seed: 1,
      });
      expect(Math.min(...limits.slice(3_000, 6_000))).toBe(1);
      expect(mean(limits.slice(8_000))).toBeGreaterThan(15);
    }
  });

  test('never leaves its bounds, whatever it is told', () => {
    const ends = fc.array(
      fc.record({
        ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
        isBusy: fc.boolean(),
        isMeasured: fc.boolean(),
        begun: fc.integer({ min: 1, max: 100 }),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(ends, (steps) => {
        const controller = new AdaptiveConcurrency();
        let at = 0;
        for (const { ms, isBusy, isMeasured, begun } of steps) {
          for (let i = 0; i < begun; i++) controller.begin();
          at += ms;
          for (let i = 0; i < begun; i++)
            controller.end({ at, ms, latency: isMeasured ? ms : undefined, isBusy });
          expect(Number.isInteger(controller.limit)).toBe(true);
          expect(controller.limit).toBeGreaterThanOrEqual(1);
          expect(controller.limit).toBeLessThanOrEqual(64);
        }
      }),
      { numRuns: 200 },
    );
  });
});

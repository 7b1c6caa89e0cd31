import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdaptiveBatchSize } from '../../src/delivery/adaptive-batch-size.ts';
import { randomFrom } from '../../src/testing/random.ts';
import { mean, noisy } from './simulated-load.ts';

const BOUNDS = { min: 100, max: 10_000, initial: 1_000 };

interface Model {
  /** Milliseconds that a chunk of so many records takes. */
  readonly takes: (records: number) => number;
  readonly isTooLarge?: (records: number) => boolean;
}

/** One chunk after another. @returns the size before each of them */
function sizesWith({ takes, isTooLarge }: Model, noise = 0, chunks = 2_000): readonly number[] {
  const random = randomFrom(7);
  const controller = new AdaptiveBatchSize(BOUNDS);
  return Array.from({ length: chunks }, () => {
    const { size } = controller;
    if (isTooLarge?.(size)) controller.halve(size);
    else controller.add(size, takes(size) * noisy(random, noise));
    return size;
  });
}

/** Writes five full chunks. */
function five(controller: AdaptiveBatchSize, recordsPerMs: number): number {
  const { size } = controller;
  for (let i = 0; i < 5; i++) controller.add(size, size / recordsPerMs);
  return controller.size;
}

describe('AdaptiveBatchSize', () => {
  test('climbs by a quarter as long as that brings 2 % more records per second, and turns when it does not', () => {
    const controller = new AdaptiveBatchSize(BOUNDS);
    expect([1, 1.1, 1.2, 1.21].map((rate) => five(controller, rate))).toEqual([1_250, 1_563, 1_954, 1_563]);
  });

  test('tells nothing from chunks that are not full, or of another size', () => {
    const controller = new AdaptiveBatchSize(BOUNDS);
    for (let i = 0; i < 100; i++) {
      controller.add(999, 1);
      controller.add(1_250, 1);
    }
    expect(controller.size).toBe(1_000);
  });

  test('takes no notice of one slow write among five', () => {
    const controller = new AdaptiveBatchSize(BOUNDS);
    five(controller, 1);
    for (const ms of [600, 600, 90_000, 600, 600]) controller.add(1_250, ms);
    expect(controller.size).toBe(1_563);
  });

  test('is halved when a chunk was too large, and once only when several were', () => {
    const controller = new AdaptiveBatchSize(BOUNDS);
    controller.halve(1_000);
    expect(controller.size).toBe(500);
    controller.halve(1_000);
    expect(controller.size).toBe(500);
    controller.halve(500);
    expect(controller.size).toBe(250);
  });

  test('comes no closer than a tenth to a size that was refused, for a while', () => {
    const sizes = sizesWith({ takes: (n) => 50 + n * 0.05, isTooLarge: (n) => n > 3_000 });
    const refused = sizes.filter((size) => size > 3_000).length;
    expect(refused).toBeGreaterThan(1);
    expect(refused).toBeLessThan(sizes.length / 30);
    expect(mean(sizes.slice(500))).toBeGreaterThan(2_000);
  });

  test.each([0, 0.05, 0.2])('finds the size with the most records per second, noise %f', (noise) => {
    const best = { takes: (n: number) => 50 + n * 0.02 + Math.max(n - 2_500, 0) ** 2 * 0.0002 };
    const sizes = sizesWith(best, noise).slice(500);
    expect(mean(sizes)).toBeGreaterThan(1_800);
    expect(mean(sizes)).toBeLessThan(3_200);
  });

  test('goes up to the most where what a chunk costs by itself is what counts', () => {
    expect(mean(sizesWith({ takes: (n) => 500 + n * 0.05 }).slice(500))).toBeGreaterThan(8_000);
  });

  test('goes down to the least where every record makes the others slower', () => {
    expect(mean(sizesWith({ takes: (n) => n ** 2 * 0.001 }).slice(500))).toBeLessThan(160);
  });

  test('follows a sink that changes', () => {
    let written = 0;
    const sizes = sizesWith({ takes: (n) => (written++ < 1_000 ? 500 + n * 0.05 : n ** 2 * 0.001) });
    expect(mean(sizes.slice(500, 1_000))).toBeGreaterThan(8_000);
    expect(mean(sizes.slice(1_500))).toBeLessThan(160);
  });

  test('respects what a sink takes at most, also when that is less than the least', () => {
    const controller = new AdaptiveBatchSize(BOUNDS);
    controller.lower(1_100);
    five(controller, 1);
    expect(controller.size).toBe(1_100);
    controller.lower(1);
    expect(controller.size).toBe(1);
    controller.halve(1);
    five(controller, 1);
    expect(controller.size).toBe(1);
  });

  test('never leaves its bounds, whatever it is told', () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom('full', 'other', 'halve', 'old'),
        ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
        records: fc.integer({ min: 1, max: 20_000 }),
      }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const controller = new AdaptiveBatchSize(BOUNDS);
        for (const { kind, ms, records } of all) {
          if (kind === 'full') controller.add(controller.size, ms);
          else if (kind === 'other') controller.add(records, ms);
          else controller.halve(kind === 'halve' ? controller.size : records);
          expect(Number.isInteger(controller.size)).toBe(true);
          expect(controller.size).toBeGreaterThanOrEqual(100);
          expect(controller.size).toBeLessThanOrEqual(10_000);
        }
      }),
      { numRuns: 200 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { Brake, type BrakePolicy, type Pass } from '../../src/delivery/brake.ts';
import type { Refusal } from '../../src/delivery/judge.ts';
import type { FailureKind } from '../../src/failures/index.ts';

const POLICY: BrakePolicy = {
  delayBefore: (probe) => 1_000 * 2 ** (probe - 1),
  maxProbes: 3,
  maxWaitMs: 300_000,
};

const met = (kind: FailureKind, retryAfterMs?: number): Refusal => ({
  error: new Error(kind),
  failure: { kind, why: kind, ...(retryAfterMs !== undefined && { retryAfterMs }) },
});
const busy = met('throttled');

/** A brake before some lanes that always have something to write; every method is called with the time of the test. */
class Road {
  readonly brake: Brake;
  now = 0;
  under: Pass[] = [];

  constructor(policy: Partial<BrakePolicy> = {}) {
    this.brake = new Brake({ ...POLICY, ...policy });
  }

  /** Admits what may go, of so many lanes. @returns how many are under way */
  fill(lanes: number): number {
    while (this.under.length < lanes) {
      const pass = this.brake.admit(this.now);
      if (pass === undefined) break;
      this.under.push(pass);
    }
    return this.under.length;
  }

  /** The one that has gone first ends. */
  end(answer?: Refusal): boolean {
    return this.brake.end(this.under.shift()!, answer, this.now);
  }

  endAll(answer?: Refusal): void {
    while (this.under.length > 0) this.end(answer);
  }

  /** Closes the brake and lets its time pass. */
  close(lanes: number): void {
    this.fill(lanes);
    this.endAll(busy);
    this.now += this.brake.closedMs(this.now);
  }
}

describe('Brake', () => {
  test('holds nobody back before the sink asks for time', () => {
    const road = new Road();
    expect(road.fill(64)).toBe(64);
    expect(road.brake.closedMs(0)).toBe(0);
  });

  test('lets nobody go before the time is over, and then one', () => {
    const road = new Road();
    road.fill(1);
    expect(road.end(busy)).toBe(true);
    road.now = 999;
    expect(road.fill(8)).toBe(0);
    expect(road.brake.closedMs(999)).toBe(1);
    road.now = 1_000;
    expect(road.fill(8)).toBe(1);
  });

  test('lets 1, 2, 4, 8 go at once, and then as many as there are', () => {
    const road = new Road();
    road.close(12);
    const rounds: number[] = [];
    for (let round = 0; round < 6; round++) {
      rounds.push(road.fill(12));
      road.endAll();
    }
    expect(rounds).toEqual([1, 2, 4, 8, 12, 12]);
    expect(road.fill(64)).toBe(64);
  });

  test('does so also when some probes have failed before', () => {
    const road = new Road();
    for (let i = 0; i < 3; i++) road.close(8);
    const rounds: number[] = [];
    for (let round = 0; round < 4; round++) {
      rounds.push(road.fill(8));
      road.endAll();
    }
    expect(rounds).toEqual([1, 2, 4, 8]);
  });

  test('counts the lanes by who had to wait, not by who is under way when two end at once', () => {
    const road = new Road();
    road.close(12);
    for (const atOnce of [1, 2, 4]) {
      expect(road.fill(12)).toBe(atOnce);
      for (let i = 0; i < atOnce; i++) road.end(); // none goes in between
    }
    expect(road.fill(12)).toBe(8);
  });

  test('closes for longer when a probe fails, whatever it has met', () => {
    const road = new Road({ maxProbes: 10 });
    const waits: number[] = [];
    for (const kind of ['throttled', 'not-applied', 'unknown-outcome', 'throttled'] as const) {
      road.fill(1);
      road.end(met(kind === 'throttled' || waits.length > 0 ? kind : 'throttled'));
      waits.push(road.brake.closedMs(road.now));
      road.now += waits.at(-1)!;
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  test('begins with the short wait again after a success', () => {
    const road = new Road();
    road.close(1);
    road.close(1);
    road.fill(1);
    road.end();
    road.fill(1);
    road.end(busy);
    expect(road.brake.closedMs(road.now)).toBe(1_000);
  });

  test.each(['not-applied', 'unknown-outcome', 'bad-records', 'unrecognised'] as const)(
    'does not close for %s where there was no probe',
    (kind) => {
      const road = new Road();
      road.fill(8);
      road.endAll(met(kind));
      expect(road.fill(8)).toBe(8);
    },
  );

  test.each([
    ['throttled', 7_000, 7_000],
    ['throttled', 500, 1_000],
    ['unknown-outcome', 7_000, 7_000],
    ['not-applied', 7_000, 7_000],
    ['too-large', 7_000, 7_000],
    ['bad-records', 7_000, 7_000],
    ['aborted', 7_000, 0],
    ['bad-records', 300_001, 0],
  ] as const)('after %s with Retry-After of %i ms is closed for %i ms', (kind, asked, ms) => {
    const road = new Road();
    road.fill(1);
    road.end(met(kind, asked));
    expect(road.brake.closedMs(0)).toBe(ms);
  });

  test('takes a refusal for good as an answer: the sink is back', () => {
    const road = new Road();
    road.close(8);
    road.fill(8);
    road.end(met('bad-records'));
    expect(road.fill(8)).toBe(2);
  });

  test('takes a probe that was aborted for none: another goes', () => {
    const road = new Road();
    road.close(8);
    expect(road.fill(8)).toBe(1);
    expect(road.end(met('aborted'))).toBe(false);
    expect(road.fill(8)).toBe(1);
  });

  test('does not close again for answers to what was sent before it closed', () => {
    const road = new Road();
    road.fill(8);
    expect(road.end(busy)).toBe(true);
    road.now = 500;
    for (let i = 0; i < 7; i++) expect(road.end(busy)).toBe(false);
    expect(road.brake.closedMs(500)).toBe(500);
    expect(road.brake.failures).toBe(1);
  });

  test('obeys them where they ask for a longer time', () => {
    const road = new Road();
    road.fill(3);
    road.end(busy);
    expect(road.end(met('throttled', 9_000))).toBe(true);
    expect(road.end(met('throttled', 5_000))).toBe(false);
    expect(road.brake.closedMs(0)).toBe(9_000);
    expect(road.brake.failures).toBe(1);
  });

  test('does not open for a success of what was sent before it closed', () => {
    const road = new Road();
    road.fill(3);
    road.end(busy);
    road.end();
    expect(road.fill(1)).toBe(1);
    road.under.length = 1;
    road.now = 1_000;
    expect(road.fill(8)).toBe(2);
  });

  test('stays below what was too much the last time, and tries one more after a while', () => {
    const road = new Road();
    road.close(12);
    for (const atOnce of [1, 2, 4]) {
      expect(road.fill(12)).toBe(atOnce);
      road.endAll();
    }
    expect(road.fill(12)).toBe(8);
    road.end(busy);
    road.under = [];
    road.now += 1_000;
    const rounds: number[] = [];
    for (let round = 0; round < 14; round++) {
      rounds.push(road.fill(12));
      road.endAll();
    }
    expect(rounds).toEqual([1, 2, ...Array.from({ length: 10 }, () => 4), 5, 5]);
  });

  test('gives the sink up after so many probes, and asks it again after a rest', () => {
    const road = new Road();
    for (let probe = 0; probe <= 3; probe++) {
      expect(road.brake.isGivenUp(road.now)).toBe(false);
      road.fill(1);
      road.end(busy);
      if (probe < 3) road.now += road.brake.closedMs(road.now);
    }
    expect(road.now).toBe(7_000);
    expect(road.brake.isGivenUp(7_000)).toBe(true);
    expect(road.brake.failures).toBe(4);
    road.now = 14_999;
    expect(road.fill(1)).toBe(0);
    road.now = 15_000;
    expect(road.brake.isGivenUp(15_000)).toBe(false);
    expect(road.fill(8)).toBe(1);
    road.end(busy);
    expect(road.brake.isGivenUp(15_000)).toBe(true);
    road.now += 16_000;
    road.fill(8);
    road.end();
    road.fill(1);
    road.end(busy);
    expect(road.brake.isGivenUp(road.now)).toBe(false);
  });

  test('gives it up at once when it asks for more time than it may', () => {
    const road = new Road();
    road.fill(2);
    road.end(met('throttled', 300_001));
    expect(road.brake.isGivenUp(300_000)).toBe(true);
    expect(road.brake.met?.failure.retryAfterMs).toBe(300_001);
  });

  test('rests for a second at least when it gives up, so that whatever waits can fail', () => {
    const road = new Road({ delayBefore: () => 0, maxProbes: 0 });
    road.fill(1);
    road.end(busy);
    expect(road.brake.isGivenUp(999)).toBe(true);
    expect(road.brake.isGivenUp(1_000)).toBe(false);
  });
});

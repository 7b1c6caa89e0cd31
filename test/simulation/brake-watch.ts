import type { PauseEvent } from '../../src/delivery/retry-options.ts';

/** Looks at the writes to one sink: none begins while it has asked for time, and then one alone. */
export class BrakeWatch {
  readonly wrongs: string[] = [];
  readonly #sometimes: Set<string>;
  #pausedAt = Number.NEGATIVE_INFINITY;
  #closedUntil = Number.NEGATIVE_INFINITY;
  #phase: 'open' | 'closed' | 'probing' | 'rising' = 'open';
  /** The last write that has ended was a probe. */
  #wasProbe = false;
  /** Writes under way that have begun since the last pause. */
  #underWay = new Set<object>();

  constructor(sometimes: Set<string>) {
    this.#sometimes = sometimes;
  }

  paused({ delayMs }: PauseEvent): void {
    this.#sometimes.add(this.#wasProbe ? 'a probe fails' : 'the brake closes');
    this.#pausedAt = performance.now();
    this.#closedUntil = this.#pausedAt + delayMs;
    this.#phase = 'closed';
    this.#underWay = new Set();
  }

  /** @returns what to call when the write has ended */
  begin(): () => void {
    const write = {};
    if (performance.now() === this.#pausedAt) return () => {}; // it was let in before
    if (performance.now() < this.#closedUntil) this.wrongs.push('a write began while the brake was closed');
    if (this.#phase === 'probing') this.wrongs.push('a write began beside a probe');
    if (this.#phase === 'closed') this.#phase = 'probing';
    this.#underWay.add(write);
    if (this.#phase === 'rising' && this.#underWay.size > 1) this.#sometimes.add('more go after a probe');
    return () => {
      this.#wasProbe = this.#underWay.delete(write) && this.#phase === 'probing';
      if (this.#wasProbe) this.#phase = 'rising';
    };
  }
}

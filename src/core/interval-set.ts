/** A set of whole numbers, kept as the runs in which they follow each other: small when they arrive nearly in order. */
export class IntervalSet {
  /** Ascending, disjoint and not touching; each from its first number up to, not including, its second. */
  readonly #runs: [from: number, to: number][] = [];

  /** Adds all numbers from `from` up to, not including, `to`. */
  add(from: number, to: number): void {
    if (from >= to) return;
    const last = this.#runs.at(-1);
    if (last === undefined || from > last[1]) {
      this.#runs.push([from, to]);
      return;
    }
    const first = this.#firstEndingAtOrAfter(from);
    let after = first;
    while (after < this.#runs.length && this.#runs[after]![0] <= to) after++;
    const joined = this.#runs.slice(first, after);
    const start = Math.min(from, joined[0]?.[0] ?? from);
    const end = Math.max(to, joined.at(-1)?.[1] ?? to);
    this.#runs.splice(first, after - first, [start, end]);
  }

  /** The runs of numbers of the set that are at least `from`. */
  runs(from = 0): readonly [from: number, to: number][] {
    return this.#runs.filter(([, end]) => end > from).map(([first, end]) => [Math.max(first, from), end]);
  }

  /** The runs of numbers from 0 up to, not including, `end` that are not in the set. */
  gaps(end: number): readonly [from: number, to: number][] {
    const gaps: [number, number][] = [];
    let next = 0;
    for (const [from, to] of this.#runs) {
      if (from >= end) break;
      if (from > next) gaps.push([next, from]);
      next = to;
    }
    if (next < end) gaps.push([next, end]);
    return gaps;
  }

  /** How many numbers of the set lie from `from` up to, not including, `to`. */
  countBetween(from: number, to: number): number {
    let count = 0;
    for (let i = this.#firstEndingAtOrAfter(from); i < this.#runs.length; i++) {
      const [first, end] = this.#runs[i]!;
      if (first >= to) break;
      count += Math.max(Math.min(end, to) - Math.max(first, from), 0);
    }
    return count;
  }

  #firstEndingAtOrAfter(value: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]![1] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

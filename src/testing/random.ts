/**
 * A source of chance, from 0 up to, not including, 1: the same numbers for the same seed. It is mulberry32 (Tommy
 * Ettinger, 2017, public domain): small and good enough to draw faults, and nothing else.
 * @param seed an integer; of a larger one the lowest 32 bits count
 */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A seed made of texts and numbers: FNV-1a (Fowler, Noll and Vo) over their characters. */
export function seedOf(...parts: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of parts.join(' ')) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash;
}

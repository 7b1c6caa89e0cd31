import { scanner } from './scanner.ts';

/** So many bytes and the tokens in them stay in the processor's cache. */
const ROOM = 262_144;

/** Records `first` up to, not including, `until`, which lie in the scanner's long window. */
export interface Windowed {
  readonly first: number;
  readonly until: number;
  /** The bytes that were copied into the window. */
  readonly part: Uint8Array;
  /** Offset in the bytes of the first byte of the window. */
  readonly offset: number;
}

/**
 * Copies the records into the scanner's long window, some at a time. A long record comes alone; one that is longer than
 * the window is not copied: its `part` is too long.
 * @param most records at once
 */
export function* windowsOf(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  most = Number.POSITIVE_INFINITY,
): Generator<Windowed, void> {
  const { longWindow, starts: room } = scanner();
  const atOnce = Math.min(most, room.length);
  for (let first = 0; first < starts.length; ) {
    const until = lastThatFits(starts, ends, first, Math.min(starts.length, first + atOnce));
    const offset = starts[first]!;
    const part = bytes.subarray(offset, ends[until - 1]);
    if (part.length <= longWindow.length) longWindow.set(part);
    yield { first, until, part, offset };
    first = until;
  }
}

/** Tells the scanner where the records of a window begin and end. */
export function noteRecords(
  { first, until }: Pick<Windowed, 'first' | 'until'>,
  starts: Uint32Array,
  ends: Uint32Array,
): void {
  scanner().starts.set(starts.subarray(first, until));
  scanner().ends.set(ends.subarray(first, until));
}

/** @returns the index after the last of the records that fit into the window together with the first, at least one */
export function lastThatFits(
  starts: Uint32Array,
  ends: Uint32Array,
  first: number,
  most: number,
  room = ROOM,
): number {
  const from = starts[first]!;
  let until = first + 1;
  while (until < most && starts[until]! >= ends[until - 1]! && ends[until]! - from <= room) until += 1;
  return until;
}

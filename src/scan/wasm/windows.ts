import { scanner } from './scanner.ts';

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
 * Copies the records into the scanner's long window, as many at a time as fit. A record that is larger than the window
 * comes alone, and is not copied: its `part` is too long.
 * @param room bytes of the window that may be used
 */
export function* windowsOf(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  room: number = scanner().longWindow.length,
): Generator<Windowed, void> {
  const { longWindow } = scanner();
  for (let first = 0; first < starts.length; ) {
    const until = lastThatFits(starts, ends, first, room);
    const offset = starts[first]!;
    const part = bytes.subarray(offset, ends[until - 1]);
    if (part.length <= room) longWindow.set(part);
    yield { first, until, part, offset };
    first = until;
  }
}

/** @returns the index after the last of the records that fit into the window together with the first, at least one */
function lastThatFits(starts: Uint32Array, ends: Uint32Array, first: number, room: number): number {
  const from = starts[first]!;
  let until = first + 1;
  while (until < starts.length && starts[until]! >= ends[until - 1]! && ends[until]! - from <= room)
    until += 1;
  return until;
}

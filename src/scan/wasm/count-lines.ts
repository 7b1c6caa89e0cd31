import { scanner } from './scanner.ts';

/** A window of bytes at a time, with the records that begin in it. */
export function countLines(
  bytes: Uint8Array,
  starts: Uint32Array,
  lines: Uint32Array,
  first: number,
): number {
  const { window, starts: room, ends: found, countLines } = scanner();
  let line = first;
  let next = 0;
  for (let at = 0; at < bytes.length; at += window.length) {
    const part = bytes.subarray(at, at + window.length);
    let until = next;
    while (until < starts.length && starts[until]! < at + part.length) until++;
    window.set(part);
    room.set(starts.subarray(next, until));
    line = countLines(part.length, at, until - next, line);
    lines.set(found.subarray(0, until - next), next);
    next = until;
  }
  lines.fill(line, next);
  return line;
}

const LINE_FEED = 0x0a;

/** From one line feed to the next, at the speed of memory between them. */
export function countLines(
  bytes: Uint8Array,
  starts: Uint32Array,
  lines: Uint32Array,
  first: number,
): number {
  let line = first;
  let feed = bytes.indexOf(LINE_FEED);
  for (const [i, start] of starts.entries()) {
    for (; feed >= 0 && feed < start; feed = bytes.indexOf(LINE_FEED, feed + 1)) line++;
    lines[i] = line;
  }
  for (; feed >= 0; feed = bytes.indexOf(LINE_FEED, feed + 1)) line++;
  return line;
}

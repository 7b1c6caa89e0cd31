const LONG = 16;

/** The indexes of the records that are not plain. */
export function unplainJson(
  bytes: Uint8Array,
  starts: Uint32Array,
  ends: Uint32Array,
  mostBrackets: number,
): readonly number[] {
  const found: number[] = [];
  for (let record = 0; record < starts.length; record++)
    if (!isPlainJson(bytes, starts[record]!, ends[record]!, mostBrackets)) found.push(record);
  return found;
}

/** Looks at each byte once, in strings too. */
export function isPlainJson(bytes: Uint8Array, from: number, to: number, mostBrackets: number): boolean {
  let digits = 0;
  let brackets = 0;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x30 && byte <= 0x39) {
      digits += 1;
      if (digits === LONG) return false;
      continue;
    }
    const lower = byte | 0x20;
    if (lower === 0x65 && digits > 0) return false;
    digits = 0;
    if (lower === 0x7b && ++brackets > mostBrackets) return false;
  }
  return true;
}

import type { RecordBytes } from '../core/record-block.ts';
import type { Region } from './carry.ts';

/** The records of a region. */
export class FramedRun {
  readonly region: Region;
  readonly encoded: RecordBytes;
  /** Line (from 1) on which each record begins. */
  readonly lines: Uint32Array | undefined;

  constructor(region: Region, encoded: RecordBytes, lines: Uint32Array | undefined) {
    this.region = region;
    this.encoded = encoded;
    this.lines = lines;
  }

  get count(): number {
    return this.encoded.starts.length;
  }
}

/** The index of the first record from `from` on that has more than `most` bytes; their number when none has. */
export function firstLarger({ bytes, starts, ends }: RecordBytes, from: number, most: number): number {
  if (bytes.length <= most) return starts.length;
  for (let i = from; i < starts.length; i++) if (ends[i]! - starts[i]! > most) return i;
  return starts.length;
}

/** The index behind the last record up to `end`, not including it, that ends within so many bytes; at least one is. */
export function lastWithin({ starts, ends }: RecordBytes, from: number, end: number, most: number): number {
  const last = starts[from]! + most;
  let to = from + 1;
  while (to < end && ends[to]! <= last) to++;
  return to;
}

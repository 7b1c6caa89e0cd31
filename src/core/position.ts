/** Where a record is, for people: in messages, dead letters and progress. */
export interface Position {
  /** Number of the record in its source, from 1. */
  readonly record: number;
  /** Offset of its first byte in the (decompressed) source, from 0. Absent when the source has no bytes. */
  readonly byte?: number;
  /** Line on which it begins, from 1. Absent for formats that do not count lines. */
  readonly line?: number;
}

/** Where to go on reading: everything before it has been read. The state that a checkpoint saves. */
export interface Cursor {
  /** Which source of the run, from 0, in the order they were given. */
  readonly source: number;
  /** Records of that source before the cursor. */
  readonly records: number;
  /** Bytes of that (decompressed) source before the cursor. Absent when the source has no bytes. */
  readonly bytes?: number;
  /** Lines of that source before the cursor. Absent for formats that do not count lines. */
  readonly lines?: number;
  /** How many records that a transform made of the next record are before the cursor; absent for none. */
  readonly made?: number;
}

/** The cursor at the beginning of a source. */
export function startOf(source: number): Cursor {
  return { source, records: 0, bytes: 0, lines: 0 };
}

/** The cursor just before the record at a position. */
export function cursorBefore(source: number, position: Position): Cursor {
  return {
    source,
    records: position.record - 1,
    ...(position.byte !== undefined && { bytes: position.byte }),
    ...(position.line !== undefined && { lines: position.line - 1 }),
  };
}

/** `orders.ndjson:2 (record 2, byte 9)`, as every message begins that speaks of a record. */
export function describePosition(source: string, { record, byte, line }: Position): string {
  const place = line === undefined ? source : `${source}:${line}`;
  const details = byte === undefined ? `record ${record}` : `record ${record}, byte ${byte}`;
  return `${place} (${details})`;
}

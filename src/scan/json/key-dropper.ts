/** The keys of an object, in their order: at least one, and none of them is written with escapes. */
export interface ObjectShape {
  readonly keys: readonly string[];
  /** What the value of each key is; `undefined` when it may be anything. */
  readonly inside: readonly (InnerShape | undefined)[];
}

/** Objects of a shape: one, or a list of any number of them. In place of each, and of the list, there may be something else. */
export interface InnerShape {
  readonly shape: ObjectShape;
  readonly isList: boolean;
}

/** Stand among the values without keys: before an object or what is in its place, and before and behind the elements of a list. */
export const MARK = {
  endOfList: 0,
  /** The values of an object's keys follow. */
  members: 1,
  /** In place of an object one other value follows. */
  noObject: 2,
  /** In place of a list one other value follows. */
  noList: 3,
} as const;

/** Leaves the keys of one shape out. */
export interface JsonKeyDropper {
  /**
   * Writes the values of records one after another, as one flat JSON array. They are copied as they are, so what is malformed
   * in them stays malformed: when this is JSON, the records were.
   * @param from index of the first record
   * @param to index behind the last one that may be taken
   * @param most so many bytes are written, about
   */
  drop(records: EncodedRecords, from: number, to: number, most: number): KeylessRecords;
}

/** Record `i` is `bytes.subarray(starts[i], ends[i])`. */
export interface EncodedRecords {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Some of the records that were given, from the first on. */
export interface KeylessRecords {
  /** Index behind the last record that was taken; that of the first one when it is not of the shape. */
  readonly until: number;
  /** Valid until the engine's next call; means nothing when no record was taken. */
  readonly json: Uint8Array;
}

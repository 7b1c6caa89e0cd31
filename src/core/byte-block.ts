import { GrowingBytes } from './growing-bytes.ts';
import { encodeJson } from './json.ts';
import { type Cursor, cursorBefore, describePosition, type Position } from './position.ts';
import { PositionList } from './position-list.ts';
import { BLOCK, type RecordBlock, type RecordBytes, sliceOfBytes } from './record-block.ts';
import type { Scratch } from './scratch.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COMMA = 0x2c;
const OPENING = Buffer.from('[');
const CLOSING = Buffer.from(']');

export interface ByteBlockOptions<T> {
  readonly source: string;
  readonly start: Cursor;
  readonly end: Cursor;
  readonly encoded: RecordBytes;
  /** Offset in the source of `encoded.bytes[0]`. */
  readonly offset: number;
  /** Line (from 1) on which each record begins, for formats that count lines. */
  readonly lines?: Uint32Array | undefined;
  /** Decodes all records of the bytes, in order; only called with bytes that were found well-formed, when they are looked at. */
  readonly decode: (encoded: RecordBytes) => readonly T[];
  /** Makes JSON of the bytes; absent where that takes a decoder. */
  readonly putJson?: PutJson | undefined;
  /** The records, when finding them well-formed has decoded them anyway. Nobody else holds them. */
  readonly records?: readonly T[] | undefined;
  /** Called when someone looks at records. */
  readonly onLook?: (() => void) | undefined;
}

/**
 * Puts the records into a room, as JSON with a byte behind each.
 * @returns false when they have to be decoded: then nothing was put
 */
export type PutJson = (encoded: RecordBytes, behind: number, room: GrowingBytes) => boolean;

/** A block of records that are still the bytes of their source. */
export class ByteBlock<T> implements RecordBlock<T> {
  readonly [BLOCK] = true;
  readonly source: string;
  readonly start: Cursor;
  readonly end: Cursor;
  readonly encoded: RecordBytes;
  readonly #options: Omit<ByteBlockOptions<T>, 'records'>;
  #records: readonly T[] | undefined;
  /** Somebody may hold records of it: those are not for anybody who may change them. */
  #isSeen = false;

  constructor(options: ByteBlockOptions<T>) {
    this.source = options.source;
    this.start = options.start;
    this.end = options.end;
    this.encoded = options.encoded;
    const { records, ...others } = options;
    this.#options = others;
    this.#records = records;
  }

  get count(): number {
    return this.encoded.starts.length;
  }

  get memory(): ArrayBufferLike {
    return this.encoded.bytes.buffer;
  }

  get records(): readonly T[] {
    this.#options.onLook?.();
    this.#isSeen = true;
    this.#records ??= this.#options.decode(this.encoded);
    return this.#records;
  }

  get positions(): PositionList {
    const { starts } = this.encoded;
    const { offset, lines } = this.#options;
    return new PositionList({ before: this.start.records, starts, offset, lines });
  }

  position(index: number): Position {
    return this.positions.at(index);
  }

  describe(index: number): string {
    return describePosition(this.source, this.position(index));
  }

  byteLength(index: number): number {
    return this.encoded.ends[index]! - this.encoded.starts[index]!;
  }

  slice(from: number, to: number): RecordBlock<T> {
    this.#isSeen = true;
    const part = this.#part(from, to);
    part.#isSeen = true;
    return part;
  }

  cut(at: number): [RecordBlock<T>, RecordBlock<T>] {
    const parts = [this.#part(0, at), this.#part(at, this.count)] as const;
    for (const part of parts) part.#isSeen = this.#isSeen;
    this.forget();
    return [...parts];
  }

  /** What a decoder had to decode is the copy's, as long as nobody has seen it. */
  copy(): RecordBlock<T> {
    if (this.#isSeen) return new ByteBlock(this.#options);
    const records = this.#records;
    this.forget();
    return new ByteBlock({ ...this.#options, records });
  }

  forget(): void {
    this.#records = undefined;
  }

  ndjson(scratch?: Scratch): Uint8Array {
    if (this.encoded.format === 'json')
      return linesAsTheyAre(this.encoded) ?? joinLines(this.encoded, scratch);
    const room = scratch?.growing() ?? new GrowingBytes();
    this.#putJson(LINE_FEED, room);
    return room.written;
  }

  jsonArray(scratch?: Scratch): Uint8Array {
    if (this.encoded.format === 'json') return joinElements(this.encoded, scratch);
    const room = scratch?.growing() ?? new GrowingBytes();
    room.add(OPENING);
    this.#putJson(COMMA, room);
    if (this.count > 0) room.clear(room.length - 1); // the last comma
    room.add(CLOSING);
    return room.written;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.records[Symbol.iterator]();
  }

  /** Records of another format. @param behind byte behind each of them */
  #putJson(behind: number, room: GrowingBytes): void {
    if (this.#options.putJson?.(this.encoded, behind, room)) return;
    const separator = String.fromCharCode(behind);
    room.add(Buffer.from(this.records.map((record) => encodeJson(record) + separator).join('')));
  }

  #part(from: number, to: number): ByteBlock<T> {
    return new ByteBlock({
      ...this.#options,
      start: this.#cursorAt(from),
      end: this.#cursorAt(to),
      encoded: sliceOfBytes(this.encoded, from, to),
      lines: this.#options.lines?.subarray(from, to),
      records: this.#records?.slice(from, to),
    });
  }

  #cursorAt(index: number): Cursor {
    if (index === 0) return this.start;
    if (index >= this.count) return this.end;
    return cursorBefore(this.start.source, this.position(index));
  }
}

/** The part of the bytes that already is NDJSON: every record followed by one line feed, and the next record. */
function linesAsTheyAre({ bytes, starts, ends }: RecordBytes): Uint8Array | undefined {
  const last = starts.length - 1;
  if (last < 0) return new Uint8Array(0);
  for (let i = 0; i <= last; i++) {
    const end = ends[i]!;
    if (bytes[end] !== LINE_FEED || (i < last && starts[i + 1] !== end + 1)) return undefined;
  }
  const lines = bytes.subarray(starts[0], ends[last]! + 1);
  return countByte(lines, LINE_FEED) === starts.length && lines.indexOf(CARRIAGE_RETURN) < 0
    ? lines
    : undefined;
}

/** Copies the records into lines. Inside valid JSON a raw line break is always white space: it is left out. */
function joinLines(encoded: RecordBytes, scratch: Scratch | undefined): Uint8Array {
  const { starts, ends } = encoded;
  const bytes = asBuffer(encoded.bytes);
  const out = roomFor(totalLength(encoded), scratch);
  const holdsFeed = finder(bytes, LINE_FEED);
  const holdsReturn = finder(bytes, CARRIAGE_RETURN);
  let at = 0;
  for (let i = 0; i < starts.length; i++) {
    const [start, end] = [starts[i]!, ends[i]!];
    const isBroken = holdsFeed(start, end) || holdsReturn(start, end);
    at += isBroken ? copyUnbroken(bytes, start, end, out, at) : bytes.copy(out, at, start, end);
    out[at++] = LINE_FEED;
  }
  return out.subarray(0, at);
}

/** Whether a byte is in a range, asked of ranges in their order: nothing is searched twice. */
function finder(bytes: Buffer, byte: number): (start: number, end: number) => boolean {
  let next = -1;
  return (start, end) => {
    if (next < start) next = bytes.indexOf(byte, start);
    if (next < 0) next = bytes.length;
    return next < end;
  };
}

function joinElements(encoded: RecordBytes, scratch: Scratch | undefined): Uint8Array {
  const { starts, ends } = encoded;
  const bytes = asBuffer(encoded.bytes);
  const out = roomFor(totalLength(encoded) + 2, scratch);
  let at = out.write('[');
  for (let i = 0; i < starts.length; i++) {
    if (i > 0) out[at++] = COMMA;
    at += bytes.copy(out, at, starts[i], ends[i]);
  }
  at += out.write(']', at);
  return out.subarray(0, at);
}

function roomFor(length: number, scratch: Scratch | undefined): Buffer {
  return scratch?.room(length) ?? Buffer.allocUnsafe(length);
}

/** @returns how many bytes were copied: all but line breaks */
function copyUnbroken(bytes: Buffer, start: number, end: number, out: Buffer, to: number): number {
  let at = to;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) out[at++] = byte;
  }
  return at - to;
}

/** The same bytes, with the methods of a Buffer. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes of all records with one separator each. */
function totalLength({ starts, ends }: RecordBytes): number {
  let length = 0;
  for (let i = 0; i < starts.length; i++) length += ends[i]! - starts[i]! + 1;
  return length;
}

function countByte(bytes: Uint8Array, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count++;
  return count;
}

import { PipelineError } from '../../src/core/errors.ts';
import type { Format, MalformedRecord } from '../../src/core/format.ts';
import { newPiece } from '../../src/core/piece-pool.ts';
import type { Cursor, Position } from '../../src/core/position.ts';
import { isRecordBlock, type RecordBlock } from '../../src/core/record-block.ts';

/** What a decoder gave out, in order: values with their positions, and what is wrong with the others. */
export type Item =
  | { readonly value: unknown; readonly position: Position }
  | { readonly code: string; readonly message: string; readonly position: Position; readonly raw: string };

export interface Decoding {
  readonly items: readonly Item[];
  readonly error?: { readonly code: string; readonly message: string; readonly position?: Position };
}

/** Feeds the input cut at the given offsets, and checks on the way what holds for every block. */
export function decoding(format: Format, input: string | Uint8Array, cuts: readonly number[] = []): Decoding {
  return decodingFrom(undefined, format, input, cuts);
}

/** The same, in pieces that all lie in the same memory, which has room in front. */
export function decodingInPlace(format: Format, input: Uint8Array, cuts: readonly number[]): Decoding {
  const memory = newPiece();
  const pieceOf = (bytes: Uint8Array) => {
    memory.set(bytes);
    return memory.subarray(0, bytes.length);
  };
  return decodingFrom(undefined, format, input, cuts, { pieceOf });
}

export interface DecodingOptions {
  /** Is told of all cursors. */
  readonly onCursor?: (cursor: Cursor) => void;
  /** Makes the piece that is decoded. @default a copy of exact size: a decoder that looks beyond it, or keeps it, shows */
  readonly pieceOf?: (bytes: Uint8Array) => Uint8Array;
}

/** The same, beginning at a cursor, with the beginning of the input in pieces of one byte. */
export function decodingFrom(
  start: Cursor | undefined,
  format: Format,
  input: string | Uint8Array,
  cuts: readonly number[],
  { onCursor, pieceOf = (bytes) => new Uint8Array(bytes) }: DecodingOptions = {},
): Decoding {
  const bytes = typeof input === 'string' ? Buffer.from(input) : Buffer.from(input);
  const decoder = format.decoder({ source: 'in', sourceIndex: 0, from: start });
  const items: Item[] = [];
  const before = start?.records ?? 0;
  const collect = (decoded: ReturnType<typeof decoder.decode>) => {
    for (const item of decoded as Iterable<RecordBlock | MalformedRecord>) {
      const read = before + items.length;
      if (isRecordBlock(item)) items.push(...itemsOf(item, bytes, read, onCursor));
      else items.push(malformedItem(item as MalformedRecord, read));
    }
  };
  let from = start === undefined ? 0 : start.bytes! - 1;
  for (let at = 0; at < (start?.bytes ?? 0); at++)
    if (decoder.prepare?.(new Uint8Array(bytes.subarray(at, at + 1))) !== true) break;
  try {
    for (const to of [...cuts.filter((cut) => cut >= from), bytes.length]) {
      collect(decoder.decode(pieceOf(bytes.subarray(from, to))));
      from = to;
    }
    collect(decoder.end());
    return { items };
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    const { code, message, position } = error;
    return { items, error: { code, message, ...(position !== undefined && { position }) } };
  }
}

/** The records of an input in which nothing is wrong. */
export function recordsOf(format: Format, input: string | Uint8Array, cuts?: readonly number[]): unknown[] {
  const { items, error } = decoding(format, input, cuts);
  if (error !== undefined) throw new Error(error.message);
  return items.map((item) => {
    if ('code' in item) throw new Error(item.message);
    return item.value;
  });
}

/** Where to cut so that all pieces but the last have the same size. */
export function everyNth(length: number, size: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil(length / size) - 1) }, (_, i) => (i + 1) * size);
}

export const PIECE_SIZES = [1, 2, 3, 7, 64];

/** The input whole, in pieces of one size, and cut in two at every offset (or at some, where it is long). */
export function* cutsOf(length: number, most = 400): Generator<readonly number[]> {
  yield [];
  for (const size of PIECE_SIZES) yield everyNth(length, size);
  const step = Math.ceil(length / most);
  for (let at = 0; at <= length; at += Math.max(step, 1)) yield [at];
}

function itemsOf(
  block: RecordBlock,
  input: Buffer,
  before: number,
  onCursor: (cursor: Cursor) => void = () => {},
): Item[] {
  for (let at = 1; at <= block.count; at++) onCursor(block.slice(0, at).end);
  onCursor(block.end);
  expectThat(block.start.records === before, `a block starts at ${block.start.records}, not ${before}`);
  expectThat(block.end.records === before + block.count && block.count > 0, 'cursors count the records');
  expectThat(block.records.length === block.count, 'a block has as many records as it says');
  const again = block.copy().records;
  return block.records.map((value, index) => {
    const position = block.position(index);
    expectThat(position.record === before + index + 1, 'positions count the records');
    if (block.encoded !== undefined) {
      const { bytes, starts, ends } = block.encoded;
      const record = bytes.subarray(starts[index], ends[index]);
      const source = input.subarray(position.byte, position.byte! + block.byteLength(index));
      expectThat(source.equals(record), `the bytes of record ${position.record} are those of the source`);
      expectThat(
        Object.is(again[index], value) || typeof again[index] === typeof value,
        'a copy is the same',
      );
      expectThat(
        block.start.bytes! <= position.byte! && position.byte! <= block.end.bytes!,
        'a record lies between the cursors of its block',
      );
    }
    return { value, position };
  });
}

function malformedItem({ malformed, position, raw }: MalformedRecord, before: number): Item {
  expectThat(position.record === before + 1, 'a malformed record is counted');
  return {
    code: malformed.code,
    message: malformed.message,
    position,
    raw: Buffer.from(raw).toString('latin1'),
  };
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}`);
}

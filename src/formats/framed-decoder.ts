import { ByteBlock } from '../core/byte-block.ts';
import { type ErrorCode, PipelineError } from '../core/errors.ts';
import type { Decoder, MalformedRecord } from '../core/format.ts';
import type { Cursor, Position } from '../core/position.ts';
import { type FieldSearch, type RecordBlock, type RecordBytes, sliceOfBytes } from '../core/record-block.ts';
import { type Frames, ScanError } from '../scan/index.ts';
import { Carry, type Region } from './carry.ts';
import type { FramedDecoderOptions } from './framed-decoder-options.ts';
import { FramedRun, firstLarger, lastWithin } from './framed-run.ts';
import { countFeeds, LineCounter } from './line-counter.ts';
import type { RecordFlaw } from './record-flaw.ts';

/** Records of which it is known what is wrong with them. */
interface Examined<T> {
  readonly encoded: RecordBytes;
  readonly flaws: readonly RecordFlaw[];
  /** Those that nothing is wrong with, when they were decoded. */
  readonly records?: readonly T[] | undefined;
}

type Decoded<T> = Generator<RecordBlock<T> | MalformedRecord, void>;

/** Runs of records behind the last look: a chunk of 10,000 records is read long before it is looked at. */
const LOOK_LASTS = 256;
/** Bytes that are decoded at once: objects are several times as large, and live until the next stage has taken all. */
const DECODED_BYTES = 256 * 1024;
/** Of a record that is too large only this much is set aside. */
const RAW_PREFIX = 1_024;
const NOTHING = new Uint8Array(0);
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The steps that all formats share: frame records, join those that span pieces, decode, give out with positions. */
export class FramedDecoder<T> implements Decoder<T> {
  readonly keepsNothing = true;
  readonly #options: FramedDecoderOptions<T>;
  readonly #carry: Carry;
  readonly #lines: LineCounter | undefined;
  readonly #search: FieldSearch = {};
  #awaitsHeader: boolean;
  /** While it is above 0 records are looked at: then decoding finds what is wrong, else they are checked and stay bytes. */
  #looksLeft = 0;
  /** Records given out, malformed ones included. */
  #records: number;
  /** Where the next block begins: at the first byte of a record, or behind the last one. */
  #start: Cursor;
  #isAtCursor: boolean;

  readonly #onLook = (): void => {
    this.#looksLeft = this.#options.lookLasts ?? LOOK_LASTS;
  };

  constructor(options: FramedDecoderOptions<T>) {
    this.#options = options;
    const { bytes = 0, records = 0, lines = 0 } = options.context.from ?? {};
    this.#carry = new Carry(bytes);
    this.#lines = options.lines && new LineCounter(options.lines, lines);
    this.#awaitsHeader = options.takeHeader !== undefined;
    this.#records = records;
    this.#start = this.#cursor(bytes, lines + 1);
    this.#isAtCursor = bytes === 0;
  }

  prepare(piece: Uint8Array): boolean {
    const { framer, prepare } = this.#options;
    if (prepare !== undefined) return prepare(piece);
    return this.#scan(() => framer.learn?.(piece) ?? false);
  }

  *decode(given: Uint8Array): Decoded<T> {
    const piece = this.#seek(given);
    yield* this.#frame(piece, () => this.#options.framer.push(piece));
    // one byte more: a carriage return may turn out to be no part of the record
    if (this.#carry.length <= this.#options.maxRecordBytes + 1) return;
    // what is carried may also be all that follows a flaw, which the framer throws when it is asked again
    yield* this.#frame(NOTHING, () => this.#options.framer.push(NOTHING));
    yield this.#giveUp();
  }

  *end(): Decoded<T> {
    yield* this.#frame(NOTHING, () => this.#options.framer.end());
  }

  /** What it is given begins with the byte before the cursor. */
  #seek(piece: Uint8Array): Uint8Array {
    if (this.#isAtCursor || piece.length === 0) return piece;
    this.#options.framer.seek(this.#start.bytes!, piece[0]!);
    this.#isAtCursor = true;
    return piece.subarray(1);
  }

  *#frame(piece: Uint8Array, frame: () => Frames): Decoded<T> {
    const frames = this.#scan(frame);
    for (const region of this.#carry.take(piece, frames)) yield* this.#giveOut(region);
  }

  #scan<R>(scan: () => R): R {
    try {
      return scan();
    } catch (error) {
      throw error instanceof ScanError ? this.#malformedInput(error) : error;
    }
  }

  *#giveOut(region: Region): Decoded<T> {
    const { bytes, starts, ends } = region;
    const encoded = { format: this.#options.format, bytes, starts, ends, search: this.#search };
    const run = new FramedRun(region, encoded, this.#lines?.count(region));
    let from = this.#awaitsHeader && run.count > 0 ? this.#takeHeader(run) : 0;
    while (from < run.count) {
      const large = firstLarger(encoded, from, this.#options.maxRecordBytes);
      for (let next = from; next < large; ) {
        const to = this.#looksLeft > 0 ? lastWithin(encoded, next, large, DECODED_BYTES) : large;
        yield* this.#decodeRun(run, next, to);
        next = to;
      }
      if (large < run.count) yield this.#malformed(run, { ...this.#tooLarge(), index: large });
      from = large + 1;
    }
    this.#start = this.#cursorAt(run, run.count);
  }

  *#decodeRun(run: FramedRun, from: number, to: number): Decoded<T> {
    if (from === to) return;
    const { records, flaws, encoded } = this.#examine(sliceOfBytes(run.encoded, from, to));
    const block = (first: number, until: number, taken: number) =>
      this.#block(run, first, until, {
        encoded: sliceOfBytes(encoded, first - from, until - from),
        records: taken === 0 && until === to ? records : records?.slice(taken, taken + until - first),
      });
    let next = from;
    let taken = 0;
    for (const flaw of flaws) {
      const index = from + flaw.index;
      if (index > next) yield block(next, index, taken);
      taken += index - next;
      next = index + 1;
      yield this.#malformed(run, { ...flaw, index });
    }
    if (to > next) yield block(next, to, taken);
  }

  /** What is wrong with records, and the records where finding that has decoded them. */
  #examine(encoded: RecordBytes): Examined<T> {
    const { decode, check } = this.#options;
    if (check === undefined || this.#looksLeft > 0) {
      this.#looksLeft -= 1;
      return { encoded, ...decode(encoded) };
    }
    const { flaws, located, rows } = check(encoded);
    return { encoded: (located ?? rows) === undefined ? encoded : { ...encoded, located, rows }, flaws };
  }

  #block(
    run: FramedRun,
    from: number,
    to: number,
    { encoded, records }: Pick<Examined<T>, 'encoded' | 'records'>,
  ): RecordBlock<T> {
    const { decode, context, csv, putJson } = this.#options;
    const start = this.#start;
    this.#records += to - from;
    this.#start = this.#cursorAt(run, to);
    return new ByteBlock({
      source: context.source,
      start,
      end: this.#start,
      encoded: csv === undefined ? encoded : { ...encoded, csv: csv() },
      offset: run.region.offset,
      lines: run.lines?.subarray(from, to),
      decode: (encoded) => decode(encoded).records,
      putJson,
      records,
      onLook: this.#onLook,
    });
  }

  /** @throws PipelineError when the format cannot go on after a malformed record */
  #malformed(run: FramedRun, { index, code, reason }: RecordFlaw): MalformedRecord {
    const { bytes, starts, ends, offset } = run.region;
    const length = ends[index]! - starts[index]!;
    const most = code === 'RECORD_TOO_LARGE' ? Math.min(this.#rawPrefix, length) : length;
    const raw = new Uint8Array(bytes.subarray(starts[index]!, starts[index]! + most));
    const report = this.#report(code, reason, offset + starts[index]!, run.lines?.[index], raw);
    this.#start = this.#cursorAt(run, index + 1);
    return report;
  }

  /** The unfinished record is too large already: the rest of it is not kept. */
  #giveUp(): MalformedRecord {
    const { code, reason } = this.#tooLarge();
    const { offset } = this.#carry;
    const raw = this.#carry.prefix(this.#rawPrefix);
    const line = this.#lines?.current;
    if (this.#awaitsHeader) throw this.#error(code, reason, offset, line);
    const report = this.#report(code, reason, offset, line, raw);
    this.#lines?.count(this.#carry.giveUp());
    return report;
  }

  /** @returns the index of the first record behind the header */
  #takeHeader(run: FramedRun): number {
    const { encoded, region, lines } = run;
    const isLarge = firstLarger(sliceOfBytes(encoded, 0, 1), 0, this.#options.maxRecordBytes) === 0;
    const flaw = isLarge ? this.#tooLarge() : this.#options.takeHeader?.(sliceOfBytes(encoded, 0, 1));
    if (flaw !== undefined)
      throw this.#error(flaw.code, flaw.reason, region.offset + encoded.starts[0]!, lines?.[0]);
    this.#awaitsHeader = false;
    return 1;
  }

  #report(
    code: ErrorCode,
    reason: string,
    byte: number,
    line: number | undefined,
    raw: Uint8Array,
  ): MalformedRecord {
    const malformed = this.#error(code, reason, byte, line);
    if (!this.#options.isRecoverable) throw malformed;
    this.#records++;
    return { malformed, position: malformed.position!, raw };
  }

  #error(code: ErrorCode, message: string, byte: number, line: number | undefined): PipelineError {
    const position: Position = { record: this.#records + 1, byte, ...(line !== undefined && { line }) };
    return new PipelineError({ code, message, source: this.#options.context.source, position });
  }

  #malformedInput(error: ScanError): PipelineError {
    const { incomplete } = this.#options;
    const reason = error.kind === 'incomplete' && incomplete !== undefined ? incomplete : error.message;
    return this.#error(CODES[error.kind], reason, error.offset, this.#lines?.current);
  }

  #tooLarge(): RecordFlaw {
    const most = this.#options.maxRecordBytes.toLocaleString('en-US');
    return {
      index: 0,
      code: 'RECORD_TOO_LARGE',
      reason: `The record is larger than maxRecordBytes (${most})`,
    };
  }

  get #rawPrefix(): number {
    return Math.min(RAW_PREFIX, this.#options.maxRecordBytes);
  }

  /** The cursor before a record of a region, or behind its last one. */
  #cursorAt({ region, lines, count }: FramedRun, index: number): Cursor {
    if (index < count) return this.#cursor(region.offset + region.starts[index]!, lines?.[index]);
    if (count > 0) return this.#cursorBehind(region, lines?.[count - 1]);
    // a region without records moves it only behind a record that was given up
    const isCounted = this.#start.records === this.#records;
    return isCounted ? this.#start : this.#cursor(region.offset + region.bytes.length, this.#lines?.current);
  }

  /**
   * Where reading can go on behind the last record of a region, wherever the region ends: behind the line break, or
   * where there are no lines, behind the record. Anything else may lie between records, and be cut in its middle.
   */
  #cursorBehind({ bytes, starts, ends, offset }: Region, line: number | undefined): Cursor {
    let end = ends.at(-1)!;
    if (line === undefined) return this.#cursor(offset + end, undefined);
    if (bytes[end] === CARRIAGE_RETURN) end++;
    if (bytes[end] === LINE_FEED) end++;
    return this.#cursor(offset + end, line + countFeeds(bytes, starts.at(-1)!, end));
  }

  #cursor(bytes: number, line: number | undefined): Cursor {
    const source = this.#options.context.sourceIndex;
    const cursor = { source, records: this.#records, bytes };
    return this.#lines === undefined || line === undefined ? cursor : { ...cursor, lines: line - 1 };
  }
}

const CODES: Readonly<Record<ScanError['kind'], ErrorCode>> = {
  syntax: 'MALFORMED_INPUT',
  utf8: 'INVALID_UTF8',
  depth: 'RECORD_TOO_DEEP',
  path: 'PATH_NOT_FOUND',
  incomplete: 'SOURCE_TRUNCATED',
};

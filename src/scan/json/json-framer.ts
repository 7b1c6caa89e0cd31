import { ScanError } from '../engine.ts';
import { FrameList } from '../frame-list.ts';
import type { Framer, Frames, JsonFramerOptions } from '../framer.ts';
import {
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  endsScalar,
  isWhiteSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
} from './bytes.ts';
import { PathWalk } from './path-walk.ts';
import { tooDeep, unexpected } from './reasons.ts';
import type { Container, RecordRun } from './record-run.ts';
import { S } from './table.ts';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Frames the records of JSON: finds its way to them, hands them to a `RecordRun`, and checks all around them. */
export class JsonFramer implements Framer {
  readonly #options: JsonFramerOptions;
  readonly #run: RecordRun;
  readonly #walk: PathWalk;
  readonly #frames = new FrameList();
  #phase: 'mark' | 'root' | 'walk' | 'records' | 'after' = 'mark';
  #container: Container = 'values';
  /** Offset of the piece in the input. */
  #base = 0;
  /** What is thrown by the next call, because records before it were given out first. */
  #failure: ScanError | undefined;

  constructor(options: JsonFramerOptions, run: RecordRun) {
    this.#options = options;
    this.#run = run;
    this.#walk = new PathWalk(options.path, options.maxDepth);
  }

  push(piece: Uint8Array): Frames {
    return this.#collect(() => {
      let at = 0;
      while (at < piece.length) at = this.#step(piece, at);
      this.#frames.rest = this.#run.pending ?? piece.length;
      this.#base += piece.length;
      this.#run.advance(piece.length);
    });
  }

  end(): Frames {
    if (this.#failure !== undefined) throw this.#failure;
    this.#frames.clear();
    if (!this.#endsHere()) throw new ScanError('incomplete', this.#base, 'The input ends too early');
    return this.#frames;
  }

  learn(piece: Uint8Array): boolean {
    let at = 0;
    while (at < piece.length && this.#phase !== 'records') at = this.#step(piece, at);
    this.#base += piece.length;
    return this.#phase !== 'records';
  }

  /** A record does not end with what may stand before one. */
  seek(offset: number, before: number): void {
    this.#base = offset;
    this.#phase = this.#options.records === 'document' ? 'after' : 'records';
    const isBehind =
      !endsScalar(before) || before === QUOTE || before === CLOSE_ARRAY || before === CLOSE_OBJECT;
    this.#run.begin(this.#container, isBehind ? 'behind a record' : 'record');
  }

  /** Runs a step; of a failure behind records, these come first and the failure with the next call. */
  #collect(step: () => void): Frames {
    if (this.#failure !== undefined) throw this.#failure;
    this.#frames.clear();
    try {
      step();
    } catch (error) {
      if (!(error instanceof ScanError)) throw error;
      this.#failure = error;
      if (this.#frames.count === 0) throw error;
      this.#frames.rest = this.#frames.ends[this.#frames.count - 1]!;
    }
    return this.#frames;
  }

  #step(piece: Uint8Array, at: number): number {
    switch (this.#phase) {
      case 'mark':
        return this.#skipMark(piece, at);
      case 'root':
        return this.#enterRoot(piece, at);
      case 'walk':
        return this.#goOnWalking(piece, at);
      case 'records':
        return this.#frameRecords(piece, at);
      default:
        return this.#expectNothing(piece, at);
    }
  }

  /** The byte order mark of UTF-8 may stand before everything else, and may be cut anywhere. */
  #skipMark(piece: Uint8Array, at: number): number {
    const seen = this.#base + at;
    if (piece[at] === BYTE_ORDER_MARK[seen]) {
      if (seen === BYTE_ORDER_MARK.length - 1) this.#begin();
      return at + 1;
    }
    if (seen > 0) throw new ScanError('syntax', 0, 'Expected a value, got a part of a byte order mark');
    this.#begin();
    return at;
  }

  #begin(): void {
    const { records } = this.#options;
    this.#phase = records === 'elements' ? 'root' : 'records';
    if (records !== 'elements') this.#enter(records);
  }

  #enter(container: Container): void {
    this.#container = container;
    this.#run.begin(container);
  }

  #enterRoot(piece: Uint8Array, at: number): number {
    const byte = piece[at]!;
    if (isWhiteSpace(byte)) return at + 1;
    if (this.#options.path.length === 0) this.#enterContainer(byte, at);
    else {
      this.#walk.enter(byte, this.#base + at);
      this.#phase = 'walk';
    }
    return at + 1;
  }

  #goOnWalking(piece: Uint8Array, at: number): number {
    const after = this.#walk.run(piece, at, this.#base);
    if (this.#walk.arrived && after < piece.length) {
      this.#enterContainer(piece[after]!, after);
      return after + 1;
    }
    if (this.#walk.done) this.#phase = 'after';
    return after;
  }

  #enterContainer(byte: number, at: number): void {
    const { path, maxDepth } = this.#options;
    if (byte !== OPEN_ARRAY && byte !== OPEN_OBJECT)
      throw PathWalk.wrongValue(path, byte, this.#base + at, 'neither an array nor an object');
    if (path.length >= maxDepth) throw new ScanError('depth', this.#base + at, tooDeep(maxDepth));
    this.#enter(byte === OPEN_ARRAY ? 'array' : 'object');
    this.#phase = 'records';
  }

  #frameRecords(piece: Uint8Array, at: number): number {
    const after = this.#run.run(piece, at, this.#base, this.#frames);
    if (this.#run.closed) {
      this.#phase = this.#walk.arrived ? 'walk' : 'after';
      this.#walk.leaveContainer();
    }
    return after;
  }

  #expectNothing(piece: Uint8Array, from: number): number {
    let at = from;
    while (at < piece.length && isWhiteSpace(piece[at]!)) at++;
    if (at < piece.length) throw unexpected(S.done, piece[at]!, this.#base + at, undefined);
    return at;
  }

  #endsHere(): boolean {
    if (this.#phase === 'after') return true;
    if (this.#phase === 'records') return this.#run.end(this.#frames);
    return this.#options.records === 'values' && this.#base === 0;
  }
}

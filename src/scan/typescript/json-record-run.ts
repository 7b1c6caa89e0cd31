import { ScanError } from '../engine.ts';
import type { FrameList } from '../frame-list.ts';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endsScalar,
  isWhiteSpace,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  RECORD_SEPARATOR,
} from '../json/bytes.ts';
import { tooDeep, unexpected } from '../json/reasons.ts';
import { type Container, type RecordRun, stateAt } from '../json/record-run.ts';
import { A, S, TABLE } from '../json/table.ts';

/** Where the run is: between two records (the states of the grammar), or inside a record or key. */
const IN_NESTED = 'nested';
const IN_STRING = 'string';
const IN_SCALAR = 'scalar';
const IN_KEY = 'key';
type Place = typeof IN_NESTED | typeof IN_STRING | typeof IN_SCALAR | typeof IN_KEY | 'between';

/** The plain loop over the bytes. A backslash hides a quote, in a string and, where no valid record has one, outside. */
export class TypeScriptRecordRun implements RecordRun {
  closed = false;
  pending: number | undefined;
  readonly #maxDepth: number;
  #container: Container = 'values';
  #place: Place = 'between';
  /** State of the grammar between records; inside a key, the state of the string. */
  #state: number = S.value;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  begin(container: Container, at?: 'record' | 'behind a record'): void {
    this.closed = false;
    this.pending = undefined;
    this.#container = container;
    this.#place = 'between';
    this.#state = at === undefined ? FIRST_STATE[container] : stateAt(container, at);
  }

  run(piece: Uint8Array, from: number, base: number, frames: FrameList): number {
    let at = from;
    while (at < piece.length && !this.closed) at = this.#step(piece, at, base, frames);
    return at;
  }

  advance(length: number): void {
    if (this.pending !== undefined) this.pending -= length;
  }

  end(frames: FrameList): boolean {
    if (this.#container === 'array' || this.#container === 'object') return false;
    if (this.#place === IN_SCALAR) this.#close(0, frames);
    return this.#container === 'document' ? this.closed : this.#place === 'between';
  }

  #step(piece: Uint8Array, at: number, base: number, frames: FrameList): number {
    switch (this.#place) {
      case IN_NESTED:
        return this.#goOnNested(piece, at, base, frames);
      case IN_STRING:
        return this.#goOnString(piece, at, frames);
      case IN_SCALAR:
        return this.#goOnScalar(piece, at, frames);
      case IN_KEY:
        return this.#goOnKey(piece, at, base);
      default:
        return this.#between(piece, at, base);
    }
  }

  #goOnNested(piece: Uint8Array, from: number, base: number, frames: FrameList): number {
    let at = from;
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    for (; at < piece.length; at++) {
      const byte = piece[at]!;
      if (byte === BACKSLASH) {
        escaped = !escaped;
        continue;
      }
      if (byte === QUOTE) inString = inString === escaped;
      else if (!inString && isBracket(byte)) {
        depth += isOpening(byte) ? 1 : -1;
        if (depth > this.#maxDepth) throw new ScanError('depth', base + at, tooDeep(this.#maxDepth));
        if (depth === 0) {
          this.#close(at + 1, frames);
          return at + 1;
        }
      }
      escaped = false;
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return at;
  }

  #goOnString(piece: Uint8Array, from: number, frames: FrameList): number {
    let at = from;
    let escaped = this.#escaped;
    for (; at < piece.length; at++) {
      const byte = piece[at]!;
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) {
        this.#close(at + 1, frames);
        return at + 1;
      }
    }
    this.#escaped = escaped;
    return at;
  }

  #goOnScalar(piece: Uint8Array, from: number, frames: FrameList): number {
    let escaped = this.#escaped;
    for (let at = from; at < piece.length; at++) {
      const byte = piece[at]!;
      if (endsScalar(byte) && !(escaped && byte === QUOTE)) {
        this.#close(at, frames);
        return at;
      }
      escaped = byte === BACKSLASH && !escaped;
    }
    this.#escaped = escaped;
    return piece.length;
  }

  #goOnKey(piece: Uint8Array, from: number, base: number): number {
    let state = this.#state;
    for (let at = from; at < piece.length; at++) {
      const next = TABLE[(state << 8) | piece[at]!]!;
      if (next === A.closeString) {
        this.#place = 'between';
        this.#state = S.colon;
        return at + 1;
      }
      if (next >= A.openObject) throw unexpected(state, piece[at]!, base + at, '}');
      state = next;
    }
    this.#state = state;
    return piece.length;
  }

  #between(piece: Uint8Array, from: number, base: number): number {
    const byte = piece[from]!;
    if (isWhiteSpace(byte)) return from + 1;
    if (byte === RECORD_SEPARATOR && this.#container === 'values') return from + 1;
    if (this.#state <= S.valueOrClose && (byte === QUOTE || !endsScalar(byte) || isOpening(byte)))
      return this.#open(byte, from, base);

    const isObject = this.#container === 'object';
    const isClosing = byte === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY);
    if (isClosing && CAN_CLOSE.has(this.#state)) this.closed = true;
    else if (byte === COMMA && this.#state === S.next) this.#state = isObject ? S.key : S.value;
    else if (byte === COLON && this.#state === S.colon) this.#state = S.value;
    else if (byte === QUOTE && (this.#state === S.key || this.#state === S.keyOrClose)) {
      this.#place = IN_KEY;
      this.#state = S.string;
    } else throw unexpected(this.#state, byte, base + from, this.#closes);
    return from + 1;
  }

  get #closes(): ']' | '}' | undefined {
    if (this.#container === 'array') return ']';
    return this.#container === 'object' ? '}' : undefined;
  }

  #open(byte: number, at: number, base: number): number {
    this.pending = at;
    this.#inString = false;
    this.#escaped = byte === BACKSLASH;
    if (isOpening(byte)) {
      if (this.#maxDepth < 1) throw new ScanError('depth', base + at, tooDeep(this.#maxDepth));
      this.#place = IN_NESTED;
      this.#depth = 1;
    } else this.#place = byte === QUOTE ? IN_STRING : IN_SCALAR;
    return at + 1;
  }

  #close(end: number, frames: FrameList): void {
    frames.add(this.pending!, end);
    this.pending = undefined;
    this.#place = 'between';
    this.closed = this.#container === 'document';
    this.#state = this.#container === 'values' ? S.value : S.next;
  }
}

const FIRST_STATE = {
  array: S.valueOrClose,
  object: S.keyOrClose,
  values: S.value,
  document: S.value,
} as const;

/** The states in which the container may end; an array is never in those of keys. */
const CAN_CLOSE: ReadonlySet<number> = new Set([S.valueOrClose, S.keyOrClose, S.next]);

function isBracket(byte: number): boolean {
  return isOpening(byte) || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY;
}

function isOpening(byte: number): boolean {
  return byte === OPEN_OBJECT || byte === OPEN_ARRAY;
}

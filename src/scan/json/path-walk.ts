import { ScanError } from '../engine.ts';
import { CLOSE_OBJECT, COLON, COMMA, isWhiteSpace, OPEN_OBJECT, QUOTE } from './bytes.ts';
import { KeyMatch } from './key-match.ts';
import { JsonMachine } from './machine.ts';
import { tooDeep, unexpected } from './reasons.ts';
import { A, S, TABLE } from './table.ts';

/** Walks from the root along the keys of a path, checks the siblings it passes, and goes on behind the records. */
export class PathWalk {
  /** Whether the next byte that is not white space begins the value at the path. */
  arrived = false;
  /** Whether the root object has ended. */
  done = false;
  readonly #path: readonly string[];
  readonly #maxDepth: number;
  readonly #skipped: JsonMachine;
  readonly #key = new KeyMatch();
  #state: number = S.keyOrClose;
  /** The state of the string, inside a key. */
  #keyState: number | undefined;
  #isSkipping = false;
  /** Number of objects that are open; `path[depth - 1]` is the key that is wanted in the innermost. */
  #depth = 0;
  /** How many keys of the path have been found. */
  #found = 0;
  #isWanted = false;

  constructor(path: readonly string[], maxDepth: number) {
    this.#path = path;
    this.#maxDepth = maxDepth;
    this.#skipped = new JsonMachine(maxDepth);
  }

  static wrongValue(path: readonly string[], byte: number, offset: number, what: string): ScanError {
    if (TABLE[byte] === A.syntax || TABLE[byte] === A.utf8)
      return unexpected(S.value, byte, offset, undefined);
    const place = path.length === 0 ? 'The input' : `The value at ${path.join('.')}`;
    return new ScanError('path', offset, `${place} is ${what}`);
  }

  leaveContainer(): void {
    this.arrived = false;
    this.#state = S.next;
  }

  /** @returns where it stopped: at the value at the path, after the root, or at the end of the piece */
  run(piece: Uint8Array, from: number, base: number): number {
    let at = from;
    while (at < piece.length && !this.done) {
      if (this.#keyState !== undefined) at = this.#goOnKey(piece, at, base);
      else if (this.#isSkipping) at = this.#skip(piece, at, base);
      else if (isWhiteSpace(piece[at]!)) at += 1;
      else if (this.arrived) return at;
      else at = this.#step(piece, at, base);
    }
    return at;
  }

  #step(piece: Uint8Array, at: number, base: number): number {
    const byte = piece[at]!;
    const offset = base + at;
    if (this.#state === S.value) this.enter(byte, offset);
    else if (byte === QUOTE && (this.#state === S.key || this.#state === S.keyOrClose)) {
      this.#keyState = S.string;
      this.#key.begin(this.#path[this.#depth - 1]!);
    } else if (byte === COLON && this.#state === S.colon) this.#expectValue();
    else if (byte === COMMA && this.#state === S.next) this.#state = S.key;
    else if (byte === CLOSE_OBJECT && (this.#state === S.next || this.#state === S.keyOrClose))
      this.#leave(offset);
    else throw unexpected(this.#state, byte, offset, '}');
    return at + 1;
  }

  #goOnKey(piece: Uint8Array, from: number, base: number): number {
    let state = this.#keyState!;
    for (let at = from; at < piece.length; at++) {
      const next = TABLE[(state << 8) | piece[at]!]!;
      if (next === A.closeString) {
        this.#key.add(piece, from, at);
        this.#endKey(base + at);
        return at + 1;
      }
      if (next >= A.openObject) throw unexpected(state, piece[at]!, base + at, '}');
      state = next;
    }
    this.#key.add(piece, from, piece.length);
    this.#keyState = state;
    return piece.length;
  }

  #endKey(offset: number): void {
    this.#keyState = undefined;
    this.#state = S.colon;
    this.#isWanted = this.#key.matches();
    if (this.#isWanted && this.#found >= this.#depth)
      throw new ScanError('path', offset, `The key ${this.#placeOf(this.#depth)} stands there twice`);
  }

  #expectValue(): void {
    this.#state = S.value;
    if (!this.#isWanted) {
      this.#isSkipping = true;
      this.#skipped.maxDepth = this.#maxDepth - this.#depth;
      this.#skipped.begin();
      return;
    }
    this.#found = this.#depth;
    this.arrived = this.#depth === this.#path.length;
  }

  #skip(piece: Uint8Array, from: number, base: number): number {
    const at = this.#skipped.run(piece, from, piece.length);
    const { flaw } = this.#skipped;
    if (flaw !== undefined) throw new ScanError(flaw.kind, base + at, flaw.reason);
    if (this.#skipped.done) {
      this.#isSkipping = false;
      this.#state = S.next;
    }
    return at;
  }

  /** Enters the root, or the value of a key of the path that is not the last. @throws ScanError unless it is an object */
  enter(byte: number, offset: number): void {
    const walked = this.#path.slice(0, this.#depth);
    if (byte !== OPEN_OBJECT) throw PathWalk.wrongValue(walked, byte, offset, 'not an object');
    if (this.#depth >= this.#maxDepth) throw new ScanError('depth', offset, tooDeep(this.#maxDepth));
    this.#depth += 1;
    this.#state = S.keyOrClose;
  }

  #leave(offset: number): void {
    if (this.#found < this.#depth)
      throw new ScanError('path', offset, `There is no key ${this.#placeOf(this.#depth)}`);
    this.#depth -= 1;
    this.#found = this.#depth;
    this.#state = S.next;
    this.done = this.#depth === 0;
  }

  #placeOf(keys: number): string {
    return this.#path.slice(0, keys).join('.');
  }
}

import type { Flaw } from '../engine.ts';
import { NOT_UTF8, reasonFor, tooDeep } from './reasons.ts';
import { A, endsNumber, S, TABLE } from './table.ts';

const IN_ARRAY = 0;
const IN_OBJECT = 1;

/** Checks one JSON value byte by byte, in any number of pieces, without recursion. */
export class JsonMachine {
  /** Greatest depth of nesting that is allowed. */
  maxDepth: number;
  /** What is wrong at the byte where `run` stopped. */
  flaw: Pick<Flaw, 'kind' | 'reason'> | undefined;
  #state: number = S.value;
  #inKey = false;
  #depth = 0;
  /** What is open, from the outside in. */
  #open = new Uint8Array(64);

  constructor(maxDepth: number) {
    this.maxDepth = maxDepth;
  }

  /** Begins the next value. */
  begin(): void {
    this.flaw = undefined;
    this.#state = S.value;
    this.#inKey = false;
    this.#depth = 0;
  }

  /** Whether the value is complete. */
  get done(): boolean {
    return this.#state === S.done;
  }

  /** Whether the value is complete if nothing follows. */
  get mayEnd(): boolean {
    return this.done || (this.#depth === 0 && endsNumber(this.#state));
  }

  /** @returns where it stopped: after the value, at the flaw, or at `to` when the value goes on */
  run(bytes: Uint8Array, from: number, to: number): number {
    let state = this.#state;
    let at = from;
    while (at < to) {
      const next = TABLE[(state << 8) | bytes[at]!]!;
      if (next < A.openObject) {
        state = next;
        at += 1;
        continue;
      }
      if (next === A.endNumber) {
        state = this.#depth === 0 ? S.done : S.next;
        if (state === S.done) break;
        continue;
      }
      const after = this.#act(next, state, bytes[at]!);
      if (this.flaw !== undefined) break;
      state = after;
      at += 1;
      if (state === S.done) break;
    }
    this.#state = state;
    return at;
  }

  /** @returns the state after the action; sets `flaw` when it is not allowed here */
  #act(action: number, state: number, byte: number): number {
    switch (action) {
      case A.openObject:
        return this.#enter(IN_OBJECT, S.keyOrClose);
      case A.openArray:
        return this.#enter(IN_ARRAY, S.valueOrClose);
      case A.closeObject:
        return this.#leave(IN_OBJECT, state, byte);
      case A.closeArray:
        return this.#leave(IN_ARRAY, state, byte);
      case A.comma:
        return this.#inside === IN_OBJECT ? S.key : S.value;
      case A.openKey:
        this.#inKey = true;
        return S.string;
      case A.closeString:
        if (!this.#inKey) return this.#afterValue();
        this.#inKey = false;
        return S.colon;
      case A.endLiteral:
        return this.#afterValue();
      case A.utf8:
        this.flaw = { kind: 'utf8', reason: NOT_UTF8 };
        return state;
      default:
        return this.#unexpected(state, byte);
    }
  }

  get #inside(): number {
    return this.#open[this.#depth - 1]!;
  }

  #enter(kind: number, state: number): number {
    if (this.#depth >= this.maxDepth) {
      this.flaw = { kind: 'depth', reason: tooDeep(this.maxDepth) };
      return state;
    }
    if (this.#depth === this.#open.length) {
      const open = this.#open;
      this.#open = new Uint8Array(open.length * 2);
      this.#open.set(open);
    }
    this.#open[this.#depth] = kind;
    this.#depth += 1;
    return state;
  }

  #leave(kind: number, state: number, byte: number): number {
    if (this.#inside !== kind) return this.#unexpected(state, byte);
    this.#depth -= 1;
    return this.#afterValue();
  }

  #afterValue(): number {
    return this.#depth === 0 ? S.done : S.next;
  }

  #unexpected(state: number, byte: number): number {
    const closes = this.#inside === IN_OBJECT ? '}' : ']';
    this.flaw = { kind: 'syntax', reason: reasonFor(state, byte, closes) };
    return state;
  }
}

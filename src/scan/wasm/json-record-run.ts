import { ScanError } from '../engine.ts';
import type { FrameList } from '../frame-list.ts';
import { tooDeep, unexpected } from '../json/reasons.ts';
import { type Container, type RecordRun, stateAt } from '../json/record-run.ts';
import { S } from '../json/table.ts';
import { type Scanner, scanner } from './scanner.ts';

/** The numbers that the scanner reads before a call and writes after it, in its order. */
const STATE = {
  container: 0,
  place: 1,
  grammar: 2,
  depth: 3,
  start: 4,
  escapeCarry: 5,
  stringCarry: 6,
  maxDepth: 7,
  stop: 8,
  count: 9,
} as const;
const KEPT = 8;

const BETWEEN = 0;
const IN_NESTED = 1;
const IN_STRING = 2;
const IN_SCALAR = 3;

const CLOSED = 1;
const UNEXPECTED = 2;
const TOO_DEEP = 3;

const CONTAINERS: readonly Container[] = ['array', 'object', 'values', 'document'];
const FIRST_STATE = [S.valueOrClose, S.keyOrClose, S.value, S.value];
const CLOSING = [']', '}', undefined, undefined] as const;
const GREATEST = 0x7fff_ffff;

/** Has the scanner find the records, a window at a time, and keeps its state in between. */
export class WasmRecordRun implements RecordRun {
  closed = false;
  pending: number | undefined;
  readonly #scanner: Scanner = scanner();
  readonly #state = new Int32Array(KEPT);

  constructor(maxDepth: number) {
    this.#state[STATE.maxDepth] = Math.min(maxDepth, GREATEST);
  }

  begin(container: Container, at?: 'record' | 'behind a record'): void {
    const number = CONTAINERS.indexOf(container);
    this.closed = false;
    this.pending = undefined;
    this.#state.fill(0, 0, STATE.maxDepth);
    this.#state[STATE.container] = number;
    this.#state[STATE.grammar] = at === undefined ? FIRST_STATE[number]! : stateAt(container, at);
  }

  run(piece: Uint8Array, from: number, base: number, frames: FrameList): number {
    const { window, state, starts, ends } = this.#scanner;
    let at = from;
    while (at < piece.length && !this.closed) {
      const part = piece.subarray(at, at + window.length);
      window.set(part);
      state.set(this.#state);
      state[STATE.start] = (this.pending ?? 0) - at;
      const stopped = at + this.#scanner.frameJson(part.length, at);
      this.#state.set(state.subarray(0, KEPT));
      const count = state[STATE.count]!;
      frames.addAll(starts.subarray(0, count), ends.subarray(0, count));
      this.pending = isInRecord(this.#place) ? stopped + state[STATE.start]! : undefined;
      this.#heed(state[STATE.stop]!, piece[stopped]!, base + stopped);
      at = stopped;
    }
    return at;
  }

  advance(length: number): void {
    if (this.pending !== undefined) this.pending -= length;
  }

  end(frames: FrameList): boolean {
    const container = CONTAINERS[this.#state[STATE.container]!]!;
    if (container === 'array' || container === 'object') return false;
    const isScalar = this.#place === IN_SCALAR;
    if (isScalar) frames.add(this.pending!, 0);
    return container === 'document' ? this.closed || isScalar : isScalar || this.#place === BETWEEN;
  }

  get #place(): number {
    return this.#state[STATE.place]!;
  }

  #heed(stop: number, byte: number, offset: number): void {
    const [container, , grammar, , , , , maxDepth] = this.#state;
    if (stop === CLOSED) this.closed = true;
    if (stop === UNEXPECTED) throw unexpected(grammar!, byte, offset, CLOSING[container!]);
    if (stop === TOO_DEEP) throw new ScanError('depth', offset, tooDeep(maxDepth!));
  }
}

function isInRecord(place: number): boolean {
  return place === IN_NESTED || place === IN_STRING || place === IN_SCALAR;
}

import { type Progress, pausedAfter } from '../../pipeline/summary.ts';
import { INTERVALS, type ProgressMode, render } from './progress-mode.ts';

/** The part of a stream to the screen that is used here. */
export interface ScreenStream {
  readonly columns?: number;
  write(text: string): unknown;
}

const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows the progress of a run as often as its mode wants, also while nothing happens: a retry may wait for long. */
export class ProgressDisplay {
  readonly #stream: ScreenStream;
  readonly #mode: ProgressMode;
  #latest: { readonly progress: Progress; readonly at: number } | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #shown = '';

  constructor(stream: ScreenStream, mode: ProgressMode) {
    this.#stream = stream;
    this.#mode = mode;
  }

  update(progress: Progress): void {
    this.#latest = { progress, at: performance.now() };
    if (this.#mode === 'off') return;
    // The first line of a log says what is read: there is nothing to add to it yet.
    if (this.#timer === undefined && this.#mode === 'log') this.#drawnAt = performance.now();
    // A timer that kept the process alive would hide that the run has come to a standstill.
    this.#timer ??= setInterval(() => this.#draw(), INTERVALS[this.#mode]).unref();
    this.#draw();
  }

  /** Takes the bar away, so that what follows begins on a line of its own; the next drawing brings it back. */
  clear(): void {
    if (this.#shown !== '') this.#stream.write(CLEAR_LINE);
    this.#shown = '';
  }

  /** Draws no more. */
  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.clear();
  }

  #draw(): void {
    const now = performance.now();
    if (this.#mode === 'off' || this.#latest === undefined) return;
    if (now - this.#drawnAt < INTERVALS[this.#mode]) return;
    this.#drawnAt = now;
    const { progress, at } = this.#latest;
    const text = render(this.#mode, aged(progress, now - at), this.#stream.columns ?? DEFAULT_COLUMNS);
    if (this.#mode !== 'bar') this.#stream.write(`${text}\n`);
    else if (text !== this.#shown) this.#stream.write(`${CLEAR_LINE}${text}`);
    this.#shown = this.#mode === 'bar' ? text : '';
  }
}

/** The same counts some milliseconds later. */
export function aged(progress: Progress, ms: number): Progress {
  const { paused, ...counts } = progress;
  const { elapsedMs, written, bytes, totalBytes } = counts;
  const elapsed = elapsedMs + ms;
  return {
    ...counts,
    ...pausedAfter(paused, ms),
    elapsedMs: elapsed,
    recordsPerSecond: elapsed > 0 ? (written / elapsed) * 1_000 : 0,
    ...(totalBytes !== undefined &&
      bytes > 0 && { remainingMs: (elapsed / bytes) * Math.max(totalBytes - bytes, 0) }),
  };
}

import type { Socket } from 'node:net';
import { addAbortSignal, PassThrough } from 'node:stream';
import { MAX_TIMER_MS } from '../core/options.ts';
import { wait } from '../failures/index.ts';
import { type Direction, effectOf, pieceSizeOf, type Toxic, thresholdOf } from './toxic.ts';

/** A toxic that acts, until it is removed. */
export interface ActiveToxic {
  readonly toxic: Toxic;
  /** Aborts when the toxic is removed: nothing waits for it any more. */
  readonly removed: AbortSignal;
}

export interface ProxiedConnectionOptions {
  /** From 1. */
  readonly number: number;
  /** Both with half-open ends allowed. */
  readonly client: Socket;
  readonly target: Socket;
  /** Those that are there now; asked for each piece. */
  readonly toxics: () => Iterable<ActiveToxic>;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
}

/** The most bytes that are read before they can be passed on. */
const READ_AHEAD = 2 ** 20;

/** A connection through the proxy: what comes from one side goes to the other, as far as the toxics let it. */
export class ProxiedConnection {
  readonly #options: ProxiedConnectionOptions;
  readonly #ended = new AbortController();
  readonly #passed: Record<Direction, number> = { upstream: 0, downstream: 0 };
  /** Whether a timeout holds back what the client sends. */
  #isHeld = false;
  /** Resolves when both sides are closed. */
  readonly closed: Promise<void>;

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options;
    const { client, target } = options;
    // what an error means is told to whoever reads or writes
    for (const socket of [client, target]) socket.on('error', () => undefined).setNoDelay(true);
    this.closed = this.#run();
  }

  /** Bytes that have passed. */
  get passed(): Readonly<Record<Direction, number>> {
    return this.#passed;
  }

  /** Ends both sides: `close` after what has been passed on (FIN), `reset` at once (RST), also what is being closed. */
  end(how: 'close' | 'reset'): void {
    if (this.#ended.signal.aborted && how === 'close') return;
    this.#ended.abort();
    for (const socket of [this.#options.client, this.#options.target]) {
      if (how === 'close') socket.destroySoon();
      else reset(socket);
    }
  }

  async #run(): Promise<void> {
    const { client, target } = this.#options;
    const isClosed = Promise.all([client, target].map(closeOf));
    try {
      await Promise.all([this.#carry('upstream', client, target), this.#carry('downstream', target, client)]);
      this.end('close');
    } catch {
      this.end('reset');
    }
    await isClosed;
  }

  async #carry(direction: Direction, from: Socket, to: Socket): Promise<void> {
    for await (const bytes of this.#readAhead(direction, from)) {
      await this.#pass(direction, bytes as Buffer, to);
      if (this.#ended.signal.aborted) return;
    }
    for (const { toxic, removed } of this.#acting(direction))
      if (toxic.kind === 'slow-close') await this.#wait(toxic.ms, removed);
    if (!this.#ended.signal.aborted) to.end();
  }

  /** So that it is known when the client hangs up, even while what it has sent is held back. */
  #readAhead(direction: Direction, from: Socket): PassThrough {
    from.once('end', () => {
      if (direction === 'upstream' && this.#isHeld) this.end('close');
    });
    from.once('close', () => {
      if (!from.readableEnded) this.end('reset');
    });
    return from.pipe(addAbortSignal(this.#ended.signal, new PassThrough({ highWaterMark: READ_AHEAD })));
  }

  async #pass(direction: Direction, bytes: Buffer, to: Socket): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const acting = this.#acting(direction);
      const piece = rest.subarray(0, this.#pieceSize(direction, acting));
      for (const each of acting) {
        await this.#apply(each, direction, piece.length);
        if (this.#ended.signal.aborted) return;
      }
      await send(to, piece);
      this.#passed[direction] += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  async #apply({ toxic, removed }: ActiveToxic, direction: Direction, pieceLength: number): Promise<void> {
    const { waitMs, end } = effectOf(toxic, pieceLength, this.#options.random());
    const isHeld = toxic.kind === 'timeout' && direction === 'upstream';
    if (isHeld && this.#options.client.readableEnded) this.end('close');
    if (isHeld) this.#isHeld = true;
    if (waitMs > 0) await this.#wait(waitMs, removed);
    if (isHeld) this.#isHeld = false;
    if (end !== undefined && !removed.aborted) this.end(end);
  }

  #acting(direction: Direction): readonly ActiveToxic[] {
    return this.#meant(direction).filter(({ toxic }) => thresholdOf(toxic) <= this.#passed[direction]);
  }

  /** Up to where another toxic begins to act, and no more than those that act pass on at once. */
  #pieceSize(direction: Direction, acting: readonly ActiveToxic[]): number {
    const passed = this.#passed[direction];
    const later = this.#meant(direction).map(({ toxic }) => thresholdOf(toxic) - passed);
    return Math.min(
      ...later.filter((bytes) => bytes > 0),
      ...acting.map(({ toxic }) => pieceSizeOf(toxic)),
      Number.MAX_SAFE_INTEGER,
    );
  }

  #meant(direction: Direction): readonly ActiveToxic[] {
    const { number, toxics } = this.#options;
    return Array.from(toxics()).filter(
      ({ toxic }) =>
        (toxic.direction ?? 'downstream') === direction && (toxic.connections?.includes(number) ?? true),
    );
  }

  /** Ends early when the connection ends, or the toxic is removed. */
  async #wait(ms: number, removed: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([this.#ended.signal, removed]);
    await wait(Math.min(ms, MAX_TIMER_MS), signal).catch(() => undefined);
  }
}

/**
 * Resets a socket at once. `resetAndDestroy` would first wait for what was written, which may never be sent, and if the
 * socket were destroyed meanwhile by an error, the system would refuse the reset and the socket would never close. So this
 * sets the mark by which `destroy` resets. One that is ending just now cannot be reset.
 */
function reset(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (!socket.connecting && !isEnding && !socket.destroyed) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

function send(to: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

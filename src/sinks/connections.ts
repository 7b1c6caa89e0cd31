/** A connection to a database. */
export interface Connection {
  /** False once it is lost, or nothing is known of its state. */
  readonly isUsable: boolean;
  /** Ends it at once: what waits for it fails. */
  destroy(): void;
  end(): Promise<void>;
}

/** Connections that are used by one piece of work at a time, and kept for the next. */
export class Connections<C extends Connection> {
  readonly #connect: () => Promise<C>;
  readonly #idle: C[] = [];
  readonly #busy = new Set<C>();
  #isClosed = false;

  constructor(connect: () => Promise<C>) {
    this.#connect = connect;
  }

  /** Works with a connection. An abort ends the connection, and with it the work. */
  async use<R>(signal: AbortSignal, work: (connection: C) => Promise<R>): Promise<R> {
    signal.throwIfAborted();
    const connection = this.#takeIdle() ?? (await this.#connectUnless(signal));
    this.#busy.add(connection);
    const destroy = () => connection.destroy();
    signal.addEventListener('abort', destroy, { once: true });
    try {
      return await work(connection);
    } finally {
      signal.removeEventListener('abort', destroy);
      this.#busy.delete(connection);
      if (connection.isUsable && !this.#isClosed) this.#idle.push(connection);
      else connection.destroy();
    }
  }

  /** Ends all of them; what is still being done fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#busy) connection.destroy();
    const idle = this.#idle.splice(0);
    await Promise.all(
      idle.map((connection) => connection.end().catch(() => connection.destroy())), // it is of no use any more
    );
  }

  #takeIdle(): C | undefined {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) {
      if (found.isUsable) return found;
      found.destroy();
    }
    return undefined;
  }

  /** A connection that comes after the abort is not wanted any more. */
  async #connectUnless(signal: AbortSignal): Promise<C> {
    const connecting = this.#connect();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([connecting, aborted]);
    } catch (error) {
      connecting.then(
        (late) => late.destroy(),
        () => undefined,
      );
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

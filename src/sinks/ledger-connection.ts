import { classify, type Failure } from '../failures/index.ts';
import type { SqlSession } from './sql-session.ts';
import { undo } from './sql-transaction.ts';
import { tryAgain } from './try-again.ts';

/** What a server does for the connection of a ledger. */
export interface LedgerServer<S extends SqlSession> {
  connect(): Promise<S>;
  /** For as long as the session lasts. @returns false when another session has the run */
  lock(session: S, run: string): Promise<boolean>;
  unlock(session: S, run: string): Promise<void>;
  makeTables(session: S): Promise<void>;
}

/** The connection of a ledger, which has the lock of its run. One that was lost is followed by another. */
export class LedgerConnection<S extends SqlSession> {
  readonly #server: LedgerServer<S>;
  #session: S | undefined;
  #isLocked = false;
  #run = '';

  constructor(server: LedgerServer<S>) {
    this.#server = server;
  }

  /** Locks the run, and makes the tables. @returns false when another session has the run */
  async open(run: string): Promise<boolean> {
    this.#run = run;
    try {
      await this.useLocked((session) => this.#server.makeTables(session));
      return true;
    } catch (error) {
      await this.close();
      if (error instanceof LockedError) return false;
      throw error;
    }
  }

  /** Does what may be done twice, guarded by the epoch: a lock that was lost is taken again if it is free. */
  use<R>(work: (session: S) => Promise<R>): Promise<R> {
    return tryAgain(() => this.useOnce(work));
  }

  async useOnce<R>(work: (session: S) => Promise<R>): Promise<R> {
    return this.#do(work, await this.#connected());
  }

  /**
   * Does what may be done twice by whoever has the lock. A session that was lost has it until all that was sent on it
   * has come to its end: nothing of that follows what is done here.
   */
  useLocked<R>(work: (session: S) => Promise<R>): Promise<R> {
    return tryAgain(async (failures) => {
      const session = await this.#connected();
      if (this.#isLocked) return this.#do(work, session);
      await this.close();
      throw new LockedError(failures > 0);
    });
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    try {
      if (this.#isLocked) await this.#server.unlock(session, this.#run); // nobody waits for the server to end the session
      await session.end();
    } catch {
      session.destroy();
    }
  }

  async #connected(): Promise<S> {
    if (this.#session?.isUsable) return this.#session;
    this.#session?.destroy();
    this.#session = await this.#server.connect();
    this.#isLocked = false;
    this.#isLocked = await this.#do((session) => this.#server.lock(session, this.#run), this.#session);
    return this.#session;
  }

  /** Leaves no transaction behind, nor a connection on which something may be under way. */
  async #do<R>(work: (session: S) => Promise<R>, session: S): Promise<R> {
    try {
      return await work(session);
    } catch (error) {
      if (classify(error).kind === 'unknown-outcome') session.destroy();
      else await undo(session);
      throw error;
    }
  }
}

/** Somebody else has the run; or, when a session was lost before, that one still, for a moment. */
class LockedError extends Error {
  readonly failure: Failure;

  constructor(mayPass: boolean) {
    super('another connection has locked the run');
    this.failure = { kind: mayPass ? 'not-applied' : 'run-wide', why: 'a lock' };
  }
}

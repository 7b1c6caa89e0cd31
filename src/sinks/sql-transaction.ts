import type { Chunk } from '../core/chunk.ts';
import { classify } from '../failures/index.ts';
import type { Connections } from './connections.ts';
import { type Claim, fenced } from './ledger.ts';
import { type Note, notesOf, partlyNoted } from './ledger-notes.ts';
import { asNotApplied, throwAsNotApplied } from './not-applied.ts';
import type { SqlRows } from './sql-rows.ts';
import type { SqlSession } from './sql-session.ts';
import type { SqlTarget } from './sql-target.ts';

export interface ChunkTransaction {
  readonly connections: Connections<SqlSession>;
  /** By what the chunk is written, when a ledger notes it. */
  readonly claim: Claim | undefined;
  readonly chunk: Chunk;
  readonly signal: AbortSignal;
  /** The name of the place, for messages. */
  readonly place: string;
  readonly target: SqlTarget;
  readonly rows: readonly SqlRows[];
}

/**
 * Writes a chunk in one transaction, noted in the ledger if there is a claim: once, however often it is tried. Whether
 * the claim is still valid is asked last, and stays so until the end. The server is waited for twice: before COMMIT,
 * which is not sent unless all else has been done, and after it.
 *
 * Until COMMIT is sent, everything that ends the connection ends the transaction, too. What came of a COMMIT without an
 * answer the ledger tells; without a ledger it remains unknown.
 */
export async function writeChunk(transaction: ChunkTransaction): Promise<void> {
  const notes = transaction.claim === undefined ? [] : notesOf(transaction.chunk);
  const isNoted = await attempt(transaction, notes);
  if (isNoted) await expectNoted(transaction, notes);
}

/** @returns whether some of the chunk is noted already: then nothing was written */
async function attempt(transaction: ChunkTransaction, notes: readonly Note[]): Promise<boolean> {
  const { connections, claim, signal, place, target, rows } = transaction;
  let isCommitting = false;
  try {
    return await connections.use(signal, async (session) => {
      try {
        const isNew = await session.write({ target, rows, noted: claim && { claim, notes } });
        if (!isNew) {
          await session.rollback();
          return true;
        }
        isCommitting = true;
        if (claim === undefined) await session.commit();
        else if (!(await session.commitUnder(claim))) throw fenced(claim, place);
        return false;
      } catch (error) {
        await undo(session);
        throw error;
      }
    });
  } catch (error) {
    if (!isCommitting) throw asNotApplied(error);
    if (classify(error).kind !== 'unknown-outcome') throw error;
    return ask(transaction, notes, error);
  }
}

/** Leaves no transaction behind on a connection that is used again. */
export async function undo(session: SqlSession): Promise<void> {
  try {
    if (session.isUsable) await session.rollback();
  } catch {
    session.destroy(); // the server rolls back what it loses
  }
}

/**
 * Looks for what a COMMIT without an answer has left, by noting the same: where it is still under way, that waits for its
 * end. @returns true when it is noted
 */
async function ask(
  { connections, claim, signal, place, target }: ChunkTransaction,
  notes: readonly Note[],
  error: unknown,
): Promise<true> {
  if (claim === undefined || signal.aborted) throw error;
  const found = await connections
    .use(signal, async (session) => {
      try {
        const isNoted = !(await session.write({ target, rows: [], noted: { claim, notes } }));
        const holds = isNoted || (await session.holds(claim));
        await session.rollback();
        return { isNoted, holds };
      } catch (reason) {
        await undo(session);
        throw reason;
      }
    })
    .catch(() => undefined);
  if (found === undefined) throw error; // the next attempt finds out
  if (found.isNoted) return true;
  if (!found.holds) throw fenced(claim, place);
  throw asNotApplied(error);
}

async function expectNoted(
  { connections, claim, chunk, signal }: ChunkTransaction,
  notes: readonly Note[],
): Promise<void> {
  const count = await connections
    .use(signal, (session) => session.countNoted(claim!, notes))
    .catch(throwAsNotApplied);
  if (count === notes.length) return;
  throw partlyNoted(chunk);
}

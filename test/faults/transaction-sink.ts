import type { Chunk } from '../../src/core/chunk.ts';
import type { Sink } from '../../src/core/sink.ts';

/** A connection, as far as the sink needs one. */
export interface Session {
  /** @returns rows that the statement has changed */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
  end(): Promise<void>;
  /** Without a word to the server. */
  destroy(): void;
}

export interface TransactionSinkOptions {
  /** @param number of the connection, from 1 */
  readonly connect: (number: number) => Promise<Session>;
  /** Inserts the ids of a chunk. */
  readonly insert: (session: Session, ids: readonly number[]) => Promise<unknown>;
  /** Notes the id of the chunk. @returns whether it was not there yet @default it notes nothing */
  readonly note?: (session: Session, chunk: string) => Promise<boolean>;
}

/** One transaction a chunk, and a new connection after a failure. Where it notes chunks, each is written once. */
export function transactionSink({ connect, insert, note }: TransactionSinkOptions): Sink {
  let session: Session | undefined;
  let connections = 0;
  return {
    name: 'database',
    guarantee: note === undefined ? 'at-least-once' : 'effectively-once',
    async write(chunk) {
      try {
        session ??= await connect(++connections);
        await writeInto(session, chunk as Chunk<{ readonly id: number }>);
      } catch (error) {
        session?.destroy();
        session = undefined;
        throw error;
      }
    },
    async close() {
      await session?.end();
    },
  };

  async function writeInto(session: Session, chunk: Chunk<{ readonly id: number }>): Promise<void> {
    await session.run('BEGIN');
    if (note === undefined || (await note(session, chunk.id)))
      await insert(
        session,
        chunk.records.map(({ id }) => id),
      );
    await session.run('COMMIT');
  }
}

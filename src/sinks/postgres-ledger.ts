import { createHash } from 'node:crypto';
import type { Cursor } from '../core/position.ts';
import type { Claim, LedgerEntry, LedgerTables, TableOrigin } from './ledger.ts';
import { noteOfRow } from './ledger-row.ts';
import type { PostgresConnection } from './postgres-driver.ts';
import { PostgresSession } from './postgres-session.ts';

/** The ledger in PostgreSQL. A session that ends, for whatever reason, gives up its lock. */
export class PostgresLedger implements LedgerTables {
  readonly #connection: PostgresConnection;
  #session: PostgresSession | undefined;
  #run = '';

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async connect(run: string): Promise<boolean> {
    const session = await PostgresSession.connect(this.#connection);
    try {
      if (!(await lock(session, run))) {
        await session.end();
        return false;
      }
      await makeTables(session);
    } catch (error) {
      session.destroy();
      throw error;
    }
    this.#session = session;
    this.#run = run;
    return true;
  }

  async claim(run: string): Promise<Claim> {
    const [row] = await (await this.#connected()).query(CLAIM, [run]);
    return { run, epoch: Number(row!['epoch']) };
  }

  async read(run: string): Promise<LedgerEntry> {
    const session = await this.#connected();
    const [row] = await session.query(
      'SELECT checkpoint, table_origin FROM chain_reaction_run WHERE run = $1',
      [run],
    );
    const notes = await session.query(READ_NOTES, [run]);
    return {
      checkpoint: (row?.['checkpoint'] ?? undefined) as string | undefined,
      table: (row?.['table_origin'] ?? undefined) as TableOrigin | undefined,
      notes: notes.map(noteOfRow),
    };
  }

  async save({ run, epoch }: Claim, checkpoint: string, behind: Cursor | undefined): Promise<boolean> {
    const session = await this.#connected();
    const rows = await session.query(SAVE, [run, epoch, checkpoint]);
    if (rows.length > 0 && behind !== undefined)
      await session.query(FORGET_NOTES_BEFORE, [run, behind.source, behind.records, behind.made ?? 0]);
    return rows.length > 0;
  }

  async forget(run: string): Promise<void> {
    await (await this.#connected()).query(FORGET, [run]);
  }

  async disconnect(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    try {
      await session.query('SELECT pg_advisory_unlock_all()'); // nobody waits for the server to end the session
      await session.end();
    } catch {
      session.destroy();
    }
  }

  /** A lock that was lost with its connection is taken again if it is free; the epoch guards the run in any case. */
  async #connected(): Promise<PostgresSession> {
    if (this.#session?.isUsable) return this.#session;
    this.#session?.destroy();
    this.#session = await PostgresSession.connect(this.#connection);
    await lock(this.#session, this.#run);
    return this.#session;
  }
}

async function lock(session: PostgresSession, run: string): Promise<boolean> {
  const [place] = await session.query('SELECT current_schema() AS schema');
  const name = JSON.stringify(['chain-reaction', place!['schema'], run]);
  const number = createHash('sha256').update(name).digest().readBigInt64BE();
  const [row] = await session.query('SELECT pg_try_advisory_lock($1) AS locked', [String(number)]);
  return row!['locked'] === true;
}

/** Two that make them at once wait for each other: IF NOT EXISTS alone would let one of them fail. */
async function makeTables(session: PostgresSession): Promise<void> {
  const [found] = await session.query(`SELECT to_regclass('chain_reaction_chunk') AS name`);
  if (found!['name'] !== null) return;
  await session.begin();
  await session.query(`SELECT pg_advisory_xact_lock(hashtext('chain-reaction tables'))`);
  for (const statement of TABLES) await session.run(statement);
  await session.commit();
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS chain_reaction_run (
    run text PRIMARY KEY, epoch bigint NOT NULL, table_origin text, checkpoint text)`,
  `CREATE TABLE IF NOT EXISTS chain_reaction_chunk (
    run text, source int, from_record bigint, from_made bigint, id text,
    to_record bigint NOT NULL, to_made bigint NOT NULL, end_cursor text NOT NULL, epoch bigint NOT NULL,
    PRIMARY KEY (run, source, from_record, from_made, id))`,
];

const CLAIM = `
  INSERT INTO chain_reaction_run (run, epoch) VALUES ($1, 1)
  ON CONFLICT (run) DO UPDATE SET epoch = chain_reaction_run.epoch + 1 RETURNING epoch`;

const READ_NOTES = `
  SELECT source, from_record, from_made, to_record, to_made, id, end_cursor FROM chain_reaction_chunk WHERE run = $1`;

const SAVE = 'UPDATE chain_reaction_run SET checkpoint = $3 WHERE run = $1 AND epoch = $2 RETURNING epoch';

const FORGET_NOTES_BEFORE = `
  DELETE FROM chain_reaction_chunk
  WHERE run = $1 AND (source, from_record, from_made) < ($2, $3, $4) AND (source, to_record, to_made) <= ($2, $3, $4)`;

const FORGET = `
  WITH notes AS (DELETE FROM chain_reaction_chunk WHERE run = $1)
  UPDATE chain_reaction_run SET checkpoint = NULL, table_origin = NULL WHERE run = $1`;

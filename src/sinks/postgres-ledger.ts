import { createHash } from 'node:crypto';
import type { Cursor } from '../core/position.ts';
import type { Claim, LedgerEntry, LedgerTables, TableOrigin } from './ledger.ts';
import { LedgerConnection } from './ledger-connection.ts';
import { noteOfRow } from './ledger-row.ts';
import type { PostgresConnection } from './postgres-driver.ts';
import { PostgresSession } from './postgres-session.ts';

/** The ledger in PostgreSQL. A session that ends, for whatever reason, gives up its lock. */
export class PostgresLedger implements LedgerTables {
  readonly #connection: LedgerConnection<PostgresSession>;

  constructor(connection: PostgresConnection) {
    const connect = () => PostgresSession.connect(connection);
    this.#connection = new LedgerConnection({ connect, lock, unlock, makeTables });
  }

  connect(run: string): Promise<boolean> {
    return this.#connection.open(run);
  }

  async claim(run: string): Promise<Claim> {
    const [row] = await this.#connection.useLocked((session) => session.query(CLAIM, [run]));
    return { run, epoch: Number(row!['epoch']) };
  }

  read(run: string): Promise<LedgerEntry> {
    return this.#connection.use(async (session) => {
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
    });
  }

  save({ run, epoch }: Claim, checkpoint: string, behind: Cursor | undefined): Promise<boolean> {
    return this.#connection.use(async (session) => {
      const rows = await session.query(SAVE, [run, epoch, checkpoint]);
      if (rows.length > 0 && behind !== undefined)
        await session.query(FORGET_NOTES_BEFORE, [run, behind.source, behind.records, behind.made ?? 0]);
      return rows.length > 0;
    });
  }

  async forget(run: string): Promise<void> {
    await this.#connection.useOnce((session) => session.query(FORGET, [run]));
  }

  disconnect(): Promise<void> {
    return this.#connection.close();
  }
}

async function lock(session: PostgresSession, run: string): Promise<boolean> {
  const [place] = await session.query('SELECT current_schema() AS schema');
  const name = JSON.stringify(['chain-reaction', place!['schema'], run]);
  const number = createHash('sha256').update(name).digest().readBigInt64BE();
  const [row] = await session.query('SELECT pg_try_advisory_lock($1) AS locked', [String(number)]);
  return row!['locked'] === true;
}

async function unlock(session: PostgresSession): Promise<void> {
  await session.query('SELECT pg_advisory_unlock_all()');
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

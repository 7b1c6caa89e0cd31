import { createHash } from 'node:crypto';
import type { Cursor } from '../core/position.ts';
import type { Claim, LedgerEntry, LedgerTables, TableOrigin } from './ledger.ts';
import { LedgerConnection } from './ledger-connection.ts';
import { noteOfRow } from './ledger-row.ts';
import type { MariadbConnection } from './mariadb-driver.ts';
import { MariadbSession } from './mariadb-session.ts';

/** The ledger in MariaDB. A session that ends, for whatever reason, gives up its lock. */
export class MariadbLedger implements LedgerTables {
  readonly #connection: LedgerConnection<MariadbSession>;

  constructor(connection: MariadbConnection) {
    const connect = () => MariadbSession.connect(connection);
    this.#connection = new LedgerConnection({ connect, lock, unlock, makeTables });
  }

  connect(run: string): Promise<boolean> {
    return this.#connection.open(run);
  }

  /** The row stays locked until the epoch is read: it is that of nobody else. */
  claim(run: string): Promise<Claim> {
    return this.#connection.useLocked(async (session) => {
      await session.begin();
      await session.query(
        'INSERT INTO chain_reaction_run (run, epoch) VALUES (?, 1) ON DUPLICATE KEY UPDATE epoch = epoch + 1',
        [run],
      );
      const [row] = await session.query('SELECT epoch FROM chain_reaction_run WHERE run = ?', [run]);
      await session.commit();
      return { run, epoch: Number(row!['epoch']) };
    });
  }

  read(run: string): Promise<LedgerEntry> {
    return this.#connection.use(async (session) => {
      const [row] = await session.query(
        'SELECT checkpoint, table_origin FROM chain_reaction_run WHERE run = ?',
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

  async save({ run, epoch }: Claim, checkpoint: string, behind: Cursor | undefined): Promise<boolean> {
    const isSaved = await this.#connection.use(async (session) => {
      const [, , found] = await session.queryAll(SAVE, [checkpoint, run, epoch, run]);
      return Number(found![0]?.['epoch']) === epoch;
    });
    if (isSaved && behind !== undefined) await this.#forgetBefore(run, behind);
    return isSaved;
  }

  async forget(run: string): Promise<void> {
    await this.#connection.useOnce(async (session) => {
      await session.begin();
      await session.query(
        'UPDATE chain_reaction_run SET checkpoint = NULL, table_origin = NULL WHERE run = ?',
        [run],
      );
      await session.query('DELETE FROM chain_reaction_chunk WHERE run = ?', [run]);
      await session.commit();
    });
  }

  disconnect(): Promise<void> {
    return this.#connection.close();
  }

  /** Not in one transaction with what else is saved: it can be done later as well. */
  async #forgetBefore(run: string, { source, records, made = 0 }: Cursor): Promise<void> {
    const values = [run, source, run, source, records, records, records, made];
    await this.#connection.use((session) => session.queryAll(FORGET_BEFORE, values));
  }
}

async function lock(session: MariadbSession, run: string): Promise<boolean> {
  const [row] = await session.query('SELECT GET_LOCK(?, 0) AS locked', [await lockName(session, run)]);
  return Number(row!['locked']) === 1;
}

async function unlock(session: MariadbSession, run: string): Promise<void> {
  await session.query('SELECT RELEASE_LOCK(?)', [await lockName(session, run)]);
}

async function makeTables(session: MariadbSession): Promise<void> {
  for (const statement of TABLES) await session.run(statement);
}

/** Names of locks are those of the whole server, and 64 characters at most. */
async function lockName(session: MariadbSession, run: string): Promise<string> {
  const [place] = await session.query('SELECT DATABASE() AS name');
  const digest = createHash('sha256')
    .update(JSON.stringify([place!['name'], run]))
    .digest('hex');
  return `chain-reaction ${digest.slice(0, 40)}`;
}

/** Bytes, so that names are compared as they are. */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS chain_reaction_run (
    run varbinary(255) PRIMARY KEY, epoch bigint NOT NULL, table_origin varchar(16), checkpoint longtext
  ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS chain_reaction_chunk (
    run varbinary(255), source int, from_record bigint, from_made bigint, id varbinary(100),
    to_record bigint NOT NULL, to_made bigint NOT NULL, end_cursor longtext NOT NULL, epoch bigint NOT NULL,
    PRIMARY KEY (run, source, from_record, from_made, id)
  ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
];

const READ_NOTES = `
  SELECT source, from_record, from_made, to_record, to_made, id, end_cursor FROM chain_reaction_chunk WHERE run = ?`;

/** The epoch shows whether the checkpoint was replaced: it never falls. */
const SAVE = `
  START TRANSACTION READ WRITE;
  UPDATE chain_reaction_run SET checkpoint = ? WHERE run = ? AND epoch = ?;
  SELECT epoch FROM chain_reaction_run WHERE run = ?;
  COMMIT`;

/** What begins right at the cursor may be under way: to look at it would be to wait for it. */
const FORGET_BEFORE = `
  DELETE FROM chain_reaction_chunk WHERE run = ? AND source < ?;
  DELETE FROM chain_reaction_chunk WHERE run = ? AND source = ? AND from_record < ?
    AND (to_record < ? OR (to_record = ? AND to_made <= ?))`;

import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import type { Cursor } from '../core/position.ts';
import { type HeldLock, lockFile } from '../files/lock-file.ts';
import type { Claim, LedgerEntry, LedgerTables, TableOrigin } from './ledger.ts';
import { noteOfRow } from './ledger-row.ts';
import { inTransaction, type SqliteDatabase } from './sqlite-database.ts';

/** The ledger in a SQLite file. The lock is a file beside it, empty, which stays. */
export class SqliteLedger implements LedgerTables {
  readonly #database: SqliteDatabase;
  #db: DatabaseSync | undefined;
  #lock: HeldLock | undefined;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  async connect(run: string): Promise<boolean> {
    const { file } = this.#database;
    const isShared = file !== '' && file !== ':memory:';
    const lock = isShared ? await lockFile(`${file}.${shortHash(run)}.lock`) : NO_LOCK;
    if (lock === undefined) return false;
    try {
      this.#db = await this.#database.acquire();
      this.#lock = lock;
      await patiently(() => this.#db!.exec(TABLES));
      return true;
    } catch (error) {
      if (this.#lock === undefined) lock.release();
      else await this.disconnect();
      throw error;
    }
  }

  async claim(run: string): Promise<Claim> {
    const row = await patiently(() => this.#db!.prepare(CLAIM).get(run));
    return { run, epoch: Number(row!['epoch']) };
  }

  async read(run: string): Promise<LedgerEntry> {
    const row = this.#db!.prepare('SELECT checkpoint FROM chain_reaction_run WHERE run = ?').get(run);
    const notes = this.#db!.prepare(READ_NOTES).all(run);
    return {
      checkpoint: (row?.['checkpoint'] ?? undefined) as string | undefined,
      table: tableOf(this.#db!, run),
      notes: notes.map(noteOfRow),
    };
  }

  async save({ run, epoch }: Claim, checkpoint: string, behind: Cursor | undefined): Promise<boolean> {
    const db = this.#db!;
    return patiently(() =>
      inTransaction(db, () => {
        const { changes } = db.prepare(SAVE).run(checkpoint, run, epoch);
        if (Number(changes) === 0) return false;
        const { source, records, made = 0 } = behind ?? { source: 0, records: 0 };
        const place = [source, records, made];
        db.prepare(FORGET_NOTES_BEFORE).run(run, ...place, ...place);
        return true;
      }),
    );
  }

  async forget(run: string): Promise<void> {
    const db = this.#db!;
    await patiently(() =>
      inTransaction(db, () => {
        db.prepare('UPDATE chain_reaction_run SET checkpoint = NULL, table_origin = NULL WHERE run = ?').run(
          run,
        );
        db.prepare('DELETE FROM chain_reaction_chunk WHERE run = ?').run(run);
      }),
    );
  }

  async disconnect(): Promise<void> {
    if (this.#db !== undefined) this.#database.release();
    this.#db = undefined;
    this.#lock?.release();
    this.#lock = undefined;
  }
}

/** What became of the table of the run. */
export function tableOf(db: DatabaseSync, run: string): TableOrigin | undefined {
  const row = db.prepare('SELECT table_origin FROM chain_reaction_run WHERE run = ?').get(run);
  return (row?.['table_origin'] ?? undefined) as TableOrigin | undefined;
}

export function noteTable(db: DatabaseSync, { run }: Claim, origin: TableOrigin): void {
  db.prepare('UPDATE chain_reaction_run SET table_origin = ? WHERE run = ?').run(origin, run);
}

/** Nobody else can see a database in memory. */
const NO_LOCK: HeldLock = { release: () => {}, remove: () => {} };

const SQLITE_BUSY = 5;
const PATIENCE_MS = 5_000;

/** Waits for others that write to the file: outside of SQLite, so that all else goes on. */
async function patiently<R>(work: () => R): Promise<R> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const { errcode = 0 } = error as { readonly errcode?: number };
      if (errcode % 256 !== SQLITE_BUSY || performance.now() > until) throw error;
      await wait(20);
    }
  }
}

function shortHash(run: string): string {
  return createHash('sha256').update(run).digest('hex').slice(0, 8);
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS chain_reaction_run (
    run TEXT PRIMARY KEY, epoch INTEGER NOT NULL, table_origin TEXT, checkpoint TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS chain_reaction_chunk (
    run TEXT, source INTEGER, from_record INTEGER, from_made INTEGER, id TEXT,
    to_record INTEGER NOT NULL, to_made INTEGER NOT NULL, end_cursor TEXT NOT NULL, epoch INTEGER NOT NULL,
    PRIMARY KEY (run, source, from_record, from_made, id)) WITHOUT ROWID`;

const CLAIM = `
  INSERT INTO chain_reaction_run (run, epoch) VALUES (?, 1)
  ON CONFLICT (run) DO UPDATE SET epoch = epoch + 1 RETURNING epoch`;

const READ_NOTES = `
  SELECT source, from_record, from_made, to_record, to_made, id, end_cursor FROM chain_reaction_chunk WHERE run = ?`;

const SAVE = 'UPDATE chain_reaction_run SET checkpoint = ? WHERE run = ? AND epoch = ?';

const FORGET_NOTES_BEFORE = `
  DELETE FROM chain_reaction_chunk WHERE run = ?
    AND (source, from_record, from_made) < (?, ?, ?) AND (source, to_record, to_made) <= (?, ?, ?)`;

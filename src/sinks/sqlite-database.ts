import type { DatabaseSync } from 'node:sqlite';

/** One connection to a SQLite file, for the sink and its ledger. */
export class SqliteDatabase {
  readonly file: string;
  #db: DatabaseSync | undefined;
  #users = 0;

  constructor(file: string) {
    this.file = file;
  }

  /** Opens it, unless it is open: until as many calls of `release` have come. */
  async acquire(): Promise<DatabaseSync> {
    const { DatabaseSync } = await import('node:sqlite');
    this.#db ??= opened(new DatabaseSync(this.file));
    this.#users++;
    return this.#db;
  }

  release(): void {
    if (--this.#users > 0) return;
    this.#db?.close();
    this.#db = undefined;
  }
}

function opened(db: DatabaseSync): DatabaseSync {
  try {
    db.exec('PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    // A wait inside SQLite stops everything else, too: a longer one is for the retries.
    db.exec('PRAGMA busy_timeout = 100');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Takes the write lock at once: a transaction that only reads at first may not get it later, however long it waits. */
export function inTransaction<R>(db: DatabaseSync, work: () => R): R {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

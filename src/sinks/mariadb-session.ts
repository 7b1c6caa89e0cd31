import { PipelineError } from '../core/errors.ts';
import type { Claim, TableOrigin } from './ledger.ts';
import type { Note } from './ledger-notes.ts';
import { noteStatement } from './ledger-row.ts';
import { MARIADB } from './mariadb-dialect.ts';
import {
  connectMariadb,
  type MariadbClient,
  type MariadbConnection,
  type MariadbServerFacts,
} from './mariadb-driver.ts';
import { behindOpening, mariadbInserts } from './mariadb-insert.ts';
import type { SqlColumn } from './sql-dialect.ts';
import type { SqlRows } from './sql-rows.ts';
import type { SqlSession, TransactionContent } from './sql-session.ts';
import { lacksIndex, type UniqueIndex } from './sql-table.ts';
import type { SqlTarget } from './sql-target.ts';

const { fold } = MARIADB;

/** A connection to MariaDB or MySQL. */
export class MariadbSession implements SqlSession {
  readonly #client: MariadbClient;
  readonly #facts: MariadbServerFacts;
  readonly #state: { isUsable: boolean };

  static async connect(connection: MariadbConnection): Promise<MariadbSession> {
    const state = { isUsable: true };
    const { client, facts } = await connectMariadb(connection, () => {
      state.isUsable = false;
    });
    return new MariadbSession(client, facts, state);
  }

  private constructor(client: MariadbClient, facts: MariadbServerFacts, state: { isUsable: boolean }) {
    this.#client = client;
    this.#facts = facts;
    this.#state = state;
  }

  get isUsable(): boolean {
    return this.#state.isUsable;
  }

  /** Texts are compared as they are: a key that differs in case, accents or spaces is another one. */
  get tableOptions(): string {
    const collation = this.#facts.isMariadb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
    return ` ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE ${collation}`;
  }

  /** @returns rows */
  async query(text: string, values: readonly unknown[] = []) {
    const [rows] = await this.#client.query(text, values);
    return rows as readonly Readonly<Record<string, unknown>>[];
  }

  /** @returns the rows of each of several statements, which have semicolons between them */
  async queryAll(text: string, values: readonly unknown[]) {
    const [results] = await this.#client.query(text, values);
    return results as readonly (readonly Readonly<Record<string, unknown>>[])[];
  }

  async begin(): Promise<void> {
    await this.run(BEGIN);
  }

  async commit(): Promise<void> {
    await this.run('COMMIT');
  }

  async rollback(): Promise<void> {
    await this.run('ROLLBACK');
  }

  async run(statement: string): Promise<void> {
    await this.#client.query(statement);
  }

  async columnsOf(table: string): Promise<readonly SqlColumn[] | undefined> {
    const rows = await this.query(COLUMNS, [table]);
    if (rows.length === 0) return undefined;
    if (rows[0]!['transactions'] === 'NO') throw notTransactional(table);
    return rows.map((row) => ({ name: String(row['name']), type: String(row['type']), madeFor: undefined }));
  }

  async otherKeys(target: SqlTarget): Promise<readonly UniqueIndex[]> {
    const rows = await this.query(UNIQUE, [target.table]);
    const indexes = Array.from(
      Map.groupBy(rows, (row) => String(row['name'])),
      ([name, parts]) => ({ name, columns: new Set(parts.map((part) => fold(String(part['column'])))) }),
    );
    const key = new Set(target.key.map(fold));
    const others = indexes.filter(
      ({ columns }) => columns.size !== key.size || [...columns].some((name) => !key.has(name)),
    );
    if (others.length === indexes.length) throw lacksIndex(target);
    return others;
  }

  async write({ target, rows, noted }: TransactionContent): Promise<boolean> {
    const note = noted && noteStatement(noted.claim, noted.notes, (text) => this.#client.escape(text));
    try {
      await this.#insert(target, rows, note === undefined ? `${BEGIN};` : `${BEGIN};${note};`);
      return true;
    } catch (error) {
      if (note === undefined || errnoOf(error) !== DUPLICATE) throw error;
    }
    await this.rollback(); // and do it again step by step, since the error does not say which row was a duplicate
    await this.begin();
    if (await this.#meetsDuplicate(note)) return false;
    await this.#insert(target, rows, '');
    return true;
  }

  /** A claim that is not valid is an error, behind which nothing is done. */
  async commitUnder({ run, epoch }: Claim): Promise<boolean> {
    try {
      await this.query(`${FAIL_UNLESS_HELD}; COMMIT`, [run, epoch]);
      return true;
    } catch (error) {
      if (errnoOf(error) === OUT_OF_RANGE) return false;
      throw error;
    }
  }

  async countNoted({ run }: Claim, notes: readonly Note[]): Promise<number> {
    const [row] = await this.query(COUNT_NOTED, [run, notes.map(cellsOf)]);
    return Number(row!['count']);
  }

  async holds({ run, epoch }: Claim): Promise<boolean> {
    const [row] = await this.query(EPOCH, [run]);
    return Number(row?.['epoch']) === epoch;
  }

  async tableOf({ run }: Claim): Promise<TableOrigin | undefined> {
    const [row] = await this.query('SELECT table_origin FROM chain_reaction_run WHERE run = ?', [run]);
    return (row?.['table_origin'] ?? undefined) as TableOrigin | undefined;
  }

  async noteTable({ run }: Claim, origin: TableOrigin): Promise<void> {
    await this.query('UPDATE chain_reaction_run SET table_origin = ? WHERE run = ?', [origin, run]);
  }

  destroy(): void {
    this.#state.isUsable = false;
    this.#client.destroy();
  }

  async end(): Promise<void> {
    this.#state.isUsable = false;
    await this.#client.end();
  }

  /** @param opening statements that are sent with the first */
  async #insert(target: SqlTarget, groups: readonly SqlRows[], opening: string): Promise<void> {
    const escape = (value: unknown) => this.#client.escape(value);
    const { maxPacket } = this.#facts;
    const inserts = groups.map((rows) => mariadbInserts(target, rows, escape, maxPacket));
    for (const message of behindOpening(opening, inserts, maxPacket)) await this.run(message);
  }

  async #meetsDuplicate(statement: string): Promise<boolean> {
    try {
      await this.run(statement);
      return false;
    } catch (error) {
      if (errnoOf(error) === DUPLICATE) return true;
      throw error;
    }
  }
}

const BEGIN = 'START TRANSACTION READ WRITE';
const DUPLICATE = 1062; // ER_DUP_ENTRY
const OUT_OF_RANGE = 1690; // ER_DATA_OUT_OF_RANGE

function errnoOf(error: unknown): unknown {
  return (error as { readonly errno?: unknown }).errno;
}

const COLUMNS = `
  SELECT c.column_name AS name, c.data_type AS type, e.transactions AS transactions
  FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    LEFT JOIN information_schema.engines e ON e.engine = t.engine
  WHERE c.table_schema = DATABASE() AND c.table_name = ? AND c.extra NOT LIKE '%GENERATED%'
  ORDER BY c.ordinal_position`;

const UNIQUE = `
  SELECT index_name AS name, column_name AS \`column\` FROM information_schema.statistics
  WHERE table_schema = DATABASE() AND table_name = ? AND non_unique = 0`;

const EPOCH = 'SELECT epoch FROM chain_reaction_run WHERE run = ? LOCK IN SHARE MODE';

/** The largest number there is, and one more when no row is found. */
const FAIL_UNLESS_HELD =
  'SELECT ~0 + (COUNT(*) = 0) FROM chain_reaction_run WHERE run = ? AND epoch = ? LOCK IN SHARE MODE';

const COUNT_NOTED = `
  SELECT COUNT(*) AS count FROM chain_reaction_chunk
  WHERE run = ? AND (source, from_record, from_made, to_record, to_made, id) IN (?)`;

function cellsOf({ from, to, id }: Note): readonly unknown[] {
  return [from.source, from.record, from.made, to.record, to.made, id];
}

function notTransactional(table: string): PipelineError {
  const message = `Table ${JSON.stringify(table)} exists with an engine that has no transactions: a chunk could be there in part`;
  return new PipelineError({ code: 'SINK_FAILED', message });
}

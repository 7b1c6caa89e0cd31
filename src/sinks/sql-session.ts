import type { Connection } from './connections.ts';
import type { Claim, TableOrigin } from './ledger.ts';
import type { Note } from './ledger-notes.ts';
import type { SqlColumn } from './sql-dialect.ts';
import type { SqlRows } from './sql-rows.ts';
import type { UniqueIndex } from './sql-table.ts';
import type { SqlTarget } from './sql-target.ts';

/** A connection to a SQL server, with all that a sink does on it. */
export interface SqlSession extends Connection {
  /** What follows the definition of a table that is made. */
  readonly tableOptions: string;
  begin(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Runs a statement without values. */
  run(statement: string): Promise<void>;
  /**
   * The columns of a table, in order; `undefined` when there is none.
   * @throws PipelineError SINK_FAILED when the table takes no part in transactions
   */
  columnsOf(table: string): Promise<readonly SqlColumn[] | undefined>;
  /**
   * The unique indexes of a table, besides that of the key, by which an upsert would go as well.
   * @throws PipelineError SINK_FAILED when none fits the key
   */
  otherKeys(target: SqlTarget): Promise<readonly UniqueIndex[]>;
  insert(target: SqlTarget, rows: SqlRows): Promise<void>;
  /** Notes what the transaction writes. @returns false when a part of it is noted already */
  note(claim: Claim, notes: readonly Note[]): Promise<boolean>;
  /** How many of these are noted. */
  countNoted(claim: Claim, notes: readonly Note[]): Promise<number>;
  /** Whether the claim is valid; it stays so until the transaction ends. */
  holds(claim: Claim): Promise<boolean>;
  /** The same, after everything that is under way under any claim to the run has ended. */
  holdsAtLast(claim: Claim): Promise<boolean>;
  /** What became of the table of the run. */
  tableOf(claim: Claim): Promise<TableOrigin | undefined>;
  noteTable(claim: Claim, origin: TableOrigin): Promise<void>;
}

import type { Connection } from './connections.ts';
import type { Claim, TableOrigin } from './ledger.ts';
import type { Note } from './ledger-notes.ts';
import type { SqlColumn } from './sql-dialect.ts';
import type { SqlRows } from './sql-rows.ts';
import type { UniqueIndex } from './sql-table.ts';
import type { SqlTarget } from './sql-target.ts';

/** What is written in one transaction. */
export interface TransactionContent {
  readonly target: SqlTarget;
  readonly rows: readonly SqlRows[];
  /** What is noted of it in a ledger. First, so that a chunk that is there already meets no constraint of the table. */
  readonly noted: { readonly claim: Claim; readonly notes: readonly Note[] } | undefined;
}

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
  /**
   * Begins a transaction that notes what it is given and inserts rows, without waiting for an answer between them where
   * the driver can do that.
   * @returns false when a part is noted already: no row was inserted
   */
  write(content: TransactionContent): Promise<boolean>;
  /** Commits, if the claim is valid until then. @returns false when it is not: nothing was committed */
  commitUnder(claim: Claim): Promise<boolean>;
  /** How many of these are noted. */
  countNoted(claim: Claim, notes: readonly Note[]): Promise<number>;
  /** Whether the claim is valid; it stays so until the transaction ends. */
  holds(claim: Claim): Promise<boolean>;
  /** What became of the table of the run. */
  tableOf(claim: Claim): Promise<TableOrigin | undefined>;
  noteTable(claim: Claim, origin: TableOrigin): Promise<void>;
}

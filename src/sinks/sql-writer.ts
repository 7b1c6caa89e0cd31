import type { Chunk } from '../core/chunk.ts';
import type { Guarantee, OpenContext, Sink } from '../core/sink.ts';
import { Connections } from './connections.ts';
import { Ledger, type LedgerTables, type TableOrigin } from './ledger.ts';
import { throwAsNotApplied } from './not-applied.ts';
import type { SqlDialect } from './sql-dialect.ts';
import { prepareTable } from './sql-prepare.ts';
import { rowsOf } from './sql-rows.ts';
import type { SqlSession } from './sql-session.ts';
import { addStatement, furtherColumns, type SqlTable, sqlTable, tableExists } from './sql-table.ts';
import { guaranteeOf, type SqlTarget } from './sql-target.ts';
import { writeChunk } from './sql-transaction.ts';
import { tryAgain } from './try-again.ts';
import { takeTurns } from './turns.ts';

/** One SQL server, as a sink needs it. */
export interface SqlServer {
  /** The name of the sink: where it writes, without credentials. */
  readonly place: string;
  readonly dialect: SqlDialect;
  readonly ledger: LedgerTables;
  connect(): Promise<SqlSession>;
}

/** A sink for a table of a SQL server: one transaction a chunk, on as many connections as there are chunks at once. */
export class SqlWriter<T> implements Sink<T> {
  readonly name: string;
  readonly keepsNothing = true;
  readonly ledger: Ledger;
  readonly #server: SqlServer;
  readonly #target: SqlTarget;
  readonly #inTurn = takeTurns();
  #connections: Connections<SqlSession> | undefined;
  /** As it was found, or made by the first chunk. */
  #table: SqlTable | undefined;
  /** What became of the table, in this run or before it. */
  #origin: TableOrigin | undefined;

  constructor(server: SqlServer, target: SqlTarget) {
    this.name = server.place;
    this.#server = server;
    this.#target = target;
    this.ledger = new Ledger(server.ledger, server.place);
  }

  get guarantee(): Guarantee {
    return this.ledger.claim === undefined ? guaranteeOf(this.#target) : 'exactly-once';
  }

  async open({ signal, resume }: OpenContext): Promise<void> {
    const connections = new Connections(() => this.#server.connect());
    this.#connections = connections;
    this.#table = undefined;
    const isContinued = this.ledger.claim === undefined && resume?.isContinued === true;
    this.#origin = isContinued ? 'found' : this.ledger.table;
    try {
      await tryAgain(() => connections.use(signal, (session) => this.#expectNoTable(session)), signal);
    } catch (error) {
      this.#connections = undefined;
      await connections.close();
      throw error;
    }
  }

  async write(chunk: Chunk<T>, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    const connections = this.#connections;
    if (connections === undefined) throw new TypeError(`${this.name} must be opened before it is written`);
    const table = await this.#inTurn(() => this.#tableFor(chunk as Chunk, connections, signal)).catch(
      throwAsNotApplied,
    );
    const rows = rowsOf(chunk as Chunk, table, this.#target, this.#server.dialect);
    await writeChunk({
      connections,
      claim: this.ledger.claim,
      chunk: chunk as Chunk,
      signal,
      place: this.name,
      target: this.#target,
      rows,
    });
  }

  async close({ complete }: { readonly complete: boolean }): Promise<void> {
    const connections = this.#connections;
    if (connections === undefined) return;
    this.#connections = undefined;
    try {
      if (complete && this.#table === undefined)
        await this.#prepare(undefined, connections, new AbortController().signal);
    } finally {
      await connections.close();
    }
  }

  /** Where there may be none that the run has not made. */
  async #expectNoTable(session: SqlSession): Promise<void> {
    if (this.#target.ifExists !== 'fail' || this.#origin !== undefined) return;
    if ((await session.columnsOf(this.#target.table)) !== undefined) throw tableExists(this.#target.table);
  }

  /** The table, with a column for each key of the chunk where it grows. */
  async #tableFor(
    chunk: Chunk,
    connections: Connections<SqlSession>,
    signal: AbortSignal,
  ): Promise<SqlTable> {
    const { dialect } = this.#server;
    const table = (this.#table ??= (await this.#prepare(chunk, connections, signal))!);
    const further = furtherColumns(table, this.#target, chunk, dialect);
    if (further.length === 0) return table;
    this.#table = undefined; // unless all goes well it is looked at again
    await connections.use(signal, (session) => session.run(addStatement(table, further, dialect)));
    this.#table = sqlTable(
      table.name,
      [...table.columns.values(), ...further],
      true,
      dialect,
      table.otherKeys,
    );
    return this.#table;
  }

  async #prepare(
    chunk: Chunk | undefined,
    connections: Connections<SqlSession>,
    signal: AbortSignal,
  ): Promise<SqlTable | undefined> {
    const prepared = await connections.use(signal, (session) =>
      prepareTable(session, {
        target: this.#target,
        dialect: this.#server.dialect,
        claim: this.ledger.claim,
        origin: this.#origin,
        place: this.name,
        chunk,
      }),
    );
    this.#origin = prepared.origin;
    return prepared.table;
  }
}

import type { Chunk } from '../core/chunk.ts';
import { type Claim, fenced, type TableOrigin } from './ledger.ts';
import type { SqlColumn, SqlDialect } from './sql-dialect.ts';
import type { SqlSession } from './sql-session.ts';
import {
  createStatement,
  expectColumns,
  newColumns,
  type SqlTable,
  sqlTable,
  tableExists,
} from './sql-table.ts';
import type { SqlTarget } from './sql-target.ts';
import { undo } from './sql-transaction.ts';

export interface Preparation {
  readonly target: SqlTarget;
  readonly dialect: SqlDialect;
  readonly claim: Claim | undefined;
  /** What became of the table earlier in the run, as far as it is known without the ledger. */
  readonly origin: TableOrigin | undefined;
  readonly place: string;
  /** The first one of the run; without it columns have no types but those given. */
  readonly chunk: Chunk | undefined;
}

export interface PreparedTable {
  /** `undefined` when there is nothing to make one of. */
  readonly table: SqlTable | undefined;
  readonly origin: TableOrigin | undefined;
}

/**
 * The table to write into, made or replaced where asked, once in a run: a run that goes on finds what it has made. In
 * one transaction where the database can do that with tables; else the last step notes that all others are done.
 */
export async function prepareTable(session: SqlSession, preparation: Preparation): Promise<PreparedTable> {
  await session.begin();
  try {
    const prepared = await prepare(session, preparation);
    await session.commit();
    return prepared;
  } catch (error) {
    await undo(session);
    throw error;
  }
}

async function prepare(session: SqlSession, preparation: Preparation): Promise<PreparedTable> {
  const { target, dialect, claim, chunk } = preparation;
  const origin = await originOf(session, preparation);
  const found = await session.columnsOf(target.table);
  if (found !== undefined && (origin !== undefined || target.ifExists === 'append'))
    return takeFound(session, preparation, found, origin ?? 'found');
  if (found !== undefined && target.ifExists === 'fail') throw tableExists(target.table);

  const columns = newColumns(target, chunk, dialect);
  const name = dialect.quote(target.table);
  if (columns === undefined) {
    if (found !== undefined) await session.run(`DELETE FROM ${name}`);
    return { table: undefined, origin };
  }
  if (found !== undefined) await session.run(`DROP TABLE ${name}`);
  await session.run(createStatement(target, columns, dialect) + session.tableOptions);
  if (claim !== undefined) await session.noteTable(claim, 'made');
  const made = await session.columnsOf(target.table);
  const isOpen = target.columns === undefined;
  const table = sqlTable(target.table, asMade(made ?? [], columns, dialect), isOpen, dialect);
  return { table, origin: 'made' };
}

/** The ledger knows more than this process, which may not have heard of what it has done. */
async function originOf(
  session: SqlSession,
  { claim, origin, place }: Preparation,
): Promise<TableOrigin | undefined> {
  if (claim === undefined) return origin;
  if (!(await session.holds(claim))) throw fenced(claim, place);
  return session.tableOf(claim);
}

async function takeFound(
  session: SqlSession,
  { target, dialect, claim }: Preparation,
  found: readonly SqlColumn[],
  origin: TableOrigin,
): Promise<PreparedTable> {
  const otherKeys = target.key.length > 0 ? await session.otherKeys(target) : [];
  const grows = origin === 'made' && target.columns === undefined;
  const table = sqlTable(target.table, found, grows, dialect, otherKeys);
  expectColumns(table, target, dialect);
  if (claim !== undefined) await session.noteTable(claim, origin);
  return { table, origin };
}

/** Columns as the database has made them, and what they were made for. */
function asMade(made: readonly SqlColumn[], wanted: readonly SqlColumn[], { fold }: SqlDialect): SqlColumn[] {
  const groups = new Map(wanted.map(({ name, madeFor }) => [fold(name), madeFor]));
  return made.map((column) => ({ ...column, madeFor: groups.get(fold(column.name)) }));
}

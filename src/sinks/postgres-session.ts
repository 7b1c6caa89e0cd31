import type { Claim, TableOrigin } from './ledger.ts';
import type { Note } from './ledger-notes.ts';
import { noteStatement } from './ledger-row.ts';
import { POSTGRES, rowsAsJson } from './postgres-dialect.ts';
import { connectPostgres, type PostgresClient, type PostgresConnection } from './postgres-driver.ts';
import type { SqlColumn, SqlValue } from './sql-dialect.ts';
import type { SqlRows } from './sql-rows.ts';
import type { SqlSession, TransactionContent } from './sql-session.ts';
import { lacksIndex, type UniqueIndex } from './sql-table.ts';
import type { SqlTarget } from './sql-target.ts';

const { quote } = POSTGRES;

/** A connection to PostgreSQL. */
export class PostgresSession implements SqlSession {
  readonly tableOptions = '';
  readonly #client: PostgresClient;
  readonly #state: { isUsable: boolean };

  static async connect(connection: PostgresConnection): Promise<PostgresSession> {
    const state = { isUsable: true };
    const client = await connectPostgres(connection, () => {
      state.isUsable = false;
    });
    return new PostgresSession(client, state);
  }

  private constructor(client: PostgresClient, state: { isUsable: boolean }) {
    this.#client = client;
    this.#state = state;
  }

  get isUsable(): boolean {
    return this.#state.isUsable;
  }

  /** @returns rows */
  async query(text: string, values: readonly unknown[] = []) {
    return (await this.#client.query(text, values)).rows;
  }

  async begin(): Promise<void> {
    await this.#begin();
  }

  async commit(): Promise<void> {
    await this.#commit();
  }

  async rollback(): Promise<void> {
    await this.#client.query('ROLLBACK');
  }

  async run(statement: string): Promise<void> {
    await this.#client.query(statement);
  }

  async columnsOf(table: string): Promise<readonly SqlColumn[] | undefined> {
    const rows = await this.query(COLUMNS, [quote(table)]);
    if (rows.length === 0) return undefined;
    return rows.map((row) => ({ name: String(row['name']), type: String(row['type']), madeFor: undefined }));
  }

  /** An upsert goes by its key alone. */
  async otherKeys(target: SqlTarget): Promise<readonly UniqueIndex[]> {
    const [found] = await this.query(UNIQUE, [quote(target.table), target.key]);
    if (found === undefined) throw lacksIndex(target);
    return [];
  }

  async write({ target, rows, noted }: TransactionContent): Promise<boolean> {
    const escape = (text: string) => this.#client.escapeLiteral(text);
    const beginning = this.#begin(noted && noteStatement(noted.claim, noted.notes, escape));
    const mayInsert = this.#client.pipeline === true || (await beginning);
    const inserting = mayInsert ? this.#insert(target, rows) : undefined;
    const [begun, inserted] = await Promise.allSettled([beginning, inserting]);
    if (begun.status === 'rejected') throw begun.reason;
    if (begun.value && inserted.status === 'rejected') throw inserted.reason;
    return begun.value;
  }

  /** A claim that is not valid is an error, behind which nothing is done. */
  async commitUnder({ run, epoch }: Claim): Promise<boolean> {
    try {
      await this.#commit(failUnlessHeld(this.#client.escapeLiteral(run), epoch));
      return true;
    } catch (error) {
      if (codeOf(error) === DIVISION_BY_ZERO) return false;
      throw error;
    }
  }

  async countNoted({ run }: Claim, notes: readonly Note[]): Promise<number> {
    const [row] = await this.query(COUNT_NOTED, [run, ...transposed(notes)]);
    return Number(row!['count']);
  }

  async holds({ run, epoch }: Claim): Promise<boolean> {
    const [row] = await this.query('SELECT epoch FROM chain_reaction_run WHERE run = $1 FOR SHARE', [run]);
    return Number(row?.['epoch']) === epoch;
  }

  async tableOf({ run }: Claim): Promise<TableOrigin | undefined> {
    const [row] = await this.query('SELECT table_origin FROM chain_reaction_run WHERE run = $1', [run]);
    return (row?.['table_origin'] ?? undefined) as TableOrigin | undefined;
  }

  async noteTable({ run }: Claim, origin: TableOrigin): Promise<void> {
    await this.query('UPDATE chain_reaction_run SET table_origin = $2 WHERE run = $1', [run, origin]);
  }

  destroy(): void {
    this.#state.isUsable = false;
    this.#client.connection?.stream?.destroy();
  }

  async end(): Promise<void> {
    this.#state.isUsable = false;
    await this.#client.end();
  }

  /** @returns false when a part of what is to be noted is there already */
  async #begin(note?: string): Promise<boolean> {
    try {
      await this.run(note === undefined ? BEGIN : `${BEGIN}; ${note}`);
      return true;
    } catch (error) {
      if (note !== undefined && codeOf(error) === UNIQUE_VIOLATION) return false;
      throw error;
    }
  }

  async #insert(target: SqlTarget, groups: readonly SqlRows[]): Promise<void> {
    for (const { columns, values } of groups) {
      if (columns.length === 0) {
        await this.query(defaultsStatement(target), [values.length]);
        continue;
      }
      const statement = insertStatement(target, columns);
      const rows = target.key.length === 0 ? values : lastOfEachKey(values, columns, target.key);
      for (const part of inParts(rows)) await this.query(statement, [part]);
    }
  }

  async #commit(condition?: string): Promise<void> {
    const result = await this.#client.query(condition === undefined ? 'COMMIT' : `${condition}; COMMIT`);
    if ([result].flat().at(-1)?.command !== 'COMMIT')
      throw new Error('The transaction was rolled back, though nothing in it had failed');
  }
}

/** What is sent behind it before its answer is known does nothing unless it has succeeded. */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL chain_reaction.transaction = 'open'`;
const IF_BEGUN = `WHERE current_setting('chain_reaction.transaction', true) = 'open'`;

const UNIQUE_VIOLATION = '23505';
const DIVISION_BY_ZERO = '22012';

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}

/** The types have their bare names: with a length, a cast would cut what an assignment refuses. */
const COLUMNS = `
  SELECT a.attname AS name, quote_ident(n.nspname) || '.' || quote_ident(t.typname) AS type
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  ORDER BY a.attnum`;

const UNIQUE = `
  SELECT 1 FROM pg_index i
  WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
    AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C") FROM pg_attribute a
      WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0 : i.indnkeyatts - 1]))
    = (SELECT array_agg(k ORDER BY k COLLATE "C") FROM unnest($2::text[]) k)`;

/** Source, record and made of both ends, and id of each note: as many notes as there are cost six parameters. */
const COUNT_NOTED = `
  SELECT count(*) FROM chain_reaction_chunk c
    JOIN unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
      AS n (source, from_record, from_made, to_record, to_made, id)
    USING (source, from_record, from_made, to_record, to_made, id)
  WHERE c.run = $1`;

function failUnlessHeld(run: string, epoch: number): string {
  return `SELECT 1 / count(*) FROM (SELECT FROM chain_reaction_run WHERE run = ${run} AND epoch = ${epoch} FOR SHARE) held`;
}

function transposed(notes: readonly Note[]): readonly (readonly unknown[])[] {
  const rows = notes.map(({ from, to, id }) => [from.source, from.record, from.made, to.record, to.made, id]);
  return Array.from({ length: 6 }, (_, i) => rows.map((row) => row[i]));
}

function defaultsStatement({ table }: SqlTarget): string {
  return `INSERT INTO ${quote(table)} SELECT FROM generate_series(1, $1::int) ${IF_BEGUN}`;
}

function insertStatement({ table, key }: SqlTarget, columns: readonly SqlColumn[]): string {
  const names = columns.map(({ name }) => quote(name));
  const typed = columns.map(({ type }, i) => `c${i} ${type}`).join(', ');
  const insert = `INSERT INTO ${quote(table)} (${names.join(', ')}) SELECT ${names.map((_, i) => `c${i}`).join(', ')} FROM json_to_recordset($1::json) AS r (${typed}) ${IF_BEGUN}`;
  if (key.length === 0) return insert;
  const updates = names
    .filter((_, i) => !key.includes(columns[i]!.name))
    .map((name) => `${name} = excluded.${name}`);
  const conflict = `${insert} ON CONFLICT (${key.map(quote).join(', ')})`;
  return updates.length === 0 ? `${conflict} DO NOTHING` : `${conflict} DO UPDATE SET ${updates.join(', ')}`;
}

/** One statement may not update a row twice. All rows have the same columns: the last one says it all. */
function lastOfEachKey(
  values: readonly (readonly SqlValue[])[],
  columns: readonly SqlColumn[],
  key: readonly string[],
): readonly (readonly SqlValue[])[] {
  const at = key.map((name) => columns.findIndex((column) => column.name === name));
  const last = new Map(values.map((row) => [JSON.stringify(at.map((i) => textOf(row[i]!))), row]));
  return last.size === values.length ? values : [...last.values()];
}

/** A number and its text are one key to a column of numbers. */
function textOf(value: SqlValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'object' && value !== null ? value.json : String(value);
}

const MOST_BYTES = 16 * 1024 * 1024;

/** Rows as JSON, in statements of a bounded size: the server holds each in memory several times. */
function* inParts(rows: readonly (readonly SqlValue[])[]): Generator<string> {
  const text = rowsAsJson(rows);
  if (text.length <= MOST_BYTES || rows.length === 1) {
    yield text;
    return;
  }
  const middle = Math.ceil(rows.length / 2);
  yield* inParts(rows.slice(0, middle));
  yield* inParts(rows.slice(middle));
}

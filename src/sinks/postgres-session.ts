import type { Claim, TableOrigin } from './ledger.ts';
import type { Note } from './ledger-notes.ts';
import { POSTGRES, rowsAsJson } from './postgres-dialect.ts';
import { connectPostgres, type PostgresClient, type PostgresConnection } from './postgres-driver.ts';
import type { SqlColumn, SqlValue } from './sql-dialect.ts';
import type { SqlRows } from './sql-rows.ts';
import type { SqlSession } from './sql-session.ts';
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
    await this.#client.query('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE');
  }

  async commit(): Promise<void> {
    const { command } = await this.#client.query('COMMIT');
    if (command !== 'COMMIT')
      throw new Error('The transaction was rolled back, though nothing in it had failed');
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

  async insert(target: SqlTarget, { columns, values }: SqlRows): Promise<void> {
    if (columns.length === 0) {
      for (const _row of values) await this.run(`INSERT INTO ${quote(target.table)} DEFAULT VALUES`);
      return;
    }
    const statement = insertStatement(target, columns);
    const rows = target.key.length === 0 ? values : lastOfEachKey(values, columns, target.key);
    for (const part of inParts(rows)) await this.#client.query(statement, [part]);
  }

  async note({ run, epoch }: Claim, notes: readonly Note[]): Promise<boolean> {
    const { rowCount } = await this.#client.query(NOTE, [run, epoch, ...transposed(notes)]);
    return rowCount === notes.length;
  }

  async countNoted({ run }: Claim, notes: readonly Note[]): Promise<number> {
    const [row] = await this.query(COUNT_NOTED, [run, ...transposed(notes)]);
    return Number(row!['count']);
  }

  async holds({ run, epoch }: Claim): Promise<boolean> {
    const [row] = await this.query('SELECT epoch FROM chain_reaction_run WHERE run = $1 FOR SHARE', [run]);
    return Number(row?.['epoch']) === epoch;
  }

  async holdsAtLast({ run, epoch }: Claim): Promise<boolean> {
    const [row] = await this.query('SELECT epoch FROM chain_reaction_run WHERE run = $1 FOR UPDATE', [run]);
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

/** Source, record and made of both ends, cursor and id of each note: as many notes as there are cost eight parameters. */
const NOTES = (first: number) =>
  `unnest(${['int[]', 'bigint[]', 'bigint[]', 'int[]', 'bigint[]', 'bigint[]', 'text[]', 'text[]']
    .map((type, i) => `$${first + i}::${type}`)
    .join(', ')}) AS n (source, from_record, from_made, to_source, to_record, to_made, end_cursor, id)`;

const NOTE = `
  INSERT INTO chain_reaction_chunk (run, epoch, source, from_record, from_made, to_record, to_made, end_cursor, id)
  SELECT $1, $2, source, from_record, from_made, to_record, to_made, end_cursor, id FROM ${NOTES(3)}
  ON CONFLICT DO NOTHING`;

const COUNT_NOTED = `
  SELECT count(*) FROM chain_reaction_chunk c JOIN ${NOTES(2)}
    USING (source, from_record, from_made, to_record, to_made, id)
  WHERE c.run = $1`;

function transposed(notes: readonly Note[]): readonly (readonly unknown[])[] {
  const rows = notes.map(({ from, to, end, id }) => [
    ...[from.source, from.record, from.made],
    ...[to.source, to.record, to.made],
    ...[JSON.stringify(end), id],
  ]);
  return Array.from({ length: 8 }, (_, i) => rows.map((row) => row[i]));
}

function insertStatement({ table, key }: SqlTarget, columns: readonly SqlColumn[]): string {
  const names = columns.map(({ name }) => quote(name));
  const typed = columns.map(({ type }, i) => `c${i} ${type}`).join(', ');
  const insert = `INSERT INTO ${quote(table)} (${names.join(', ')}) SELECT ${names.map((_, i) => `c${i}`).join(', ')} FROM json_to_recordset($1::json) AS r (${typed})`;
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

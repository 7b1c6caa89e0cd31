import type { FullCheckpointStore } from '../core/checkpoint.ts';
import { expectKind, knownOptions, type OptionNames } from '../core/options.ts';
import type { Sink } from '../core/sink.ts';
import { POSTGRES } from './postgres-dialect.ts';
import type { PostgresConnection } from './postgres-driver.ts';
import { PostgresLedger } from './postgres-ledger.ts';
import { PostgresSession } from './postgres-session.ts';
import { serverUrl } from './server-url.ts';
import { type SqlTargetOptions, sqlTarget } from './sql-target.ts';
import { SqlWriter } from './sql-writer.ts';

export type { PostgresConnection } from './postgres-driver.ts';

/** Options of `postgresSink`: `url` or `connection` says where the server is. */
export interface PostgresSinkOptions extends SqlTargetOptions {
  /** `postgres://user:password@host:5432/database`, with the parameters that `pg` knows. */
  readonly url?: string | URL;
  /** The configuration of a client of `pg`: `{ host, port, database, user, password, ssl }`. */
  readonly connection?: PostgresConnection;
}

const OPTIONS: OptionNames<PostgresSinkOptions> = {
  url: true,
  connection: true,
  table: true,
  columns: true,
  key: true,
  ifExists: true,
};

/**
 * Writes records as rows of a PostgreSQL table, one transaction a chunk, on as many connections as there are chunks
 * written at once. Needs the package `pg`. Nested values are JSON, bytes `bytea`; a value that cannot be its column's is
 * refused. A chunk that is written is safe against a power cut (`synchronous_commit` is never off).
 *
 * Exactly once with its ledger, which is the checkpoint of a run that is given none: each chunk is noted in the
 * transaction that writes it, in the tables `chain_reaction_run` and `chain_reaction_chunk` beside the table. A second
 * process that writes the same run is refused (`CHECKPOINT_LOCKED`), one that was cut off and wakes up writes nothing
 * more (`FENCED`). Without a checkpoint it is effectively once with `key`, exactly once with `ifExists: 'replace'`, else
 * at least once.
 * @throws TypeError when an option is wrong; `open` fails with `MISSING_PACKAGE` when there is no `pg`; a write fails with
 * `REFUSED_RECORD` at a record that cannot be stored
 * @example
 * const sink = postgresSink({ url: 'postgres://ada@localhost/shop', table: 'orders', key: 'id' });
 * await new BatchProcessor({ source: 'orders.ndjson', sink, checkpoint: {} }).run();
 */
export function postgresSink<T = unknown>(
  options: PostgresSinkOptions,
): Sink<T> & { readonly ledger: FullCheckpointStore } {
  knownOptions('postgresSink', options, OPTIONS);
  const { connection, place } = serverOf(options);
  const target = sqlTarget(options, POSTGRES);
  return new SqlWriter<T>(
    {
      place: `${place}?table=${encodeURIComponent(target.table)}`,
      dialect: POSTGRES,
      ledger: new PostgresLedger(connection),
      connect: () => PostgresSession.connect(connection),
    },
    target,
  );
}

function serverOf({ url, connection }: PostgresSinkOptions): {
  readonly connection: PostgresConnection;
  readonly place: string;
} {
  if (connection === undefined) {
    const { href, place } = serverUrl(url, ['postgres:', 'postgresql:']);
    return { connection: { connectionString: href }, place };
  }
  if (url !== undefined) throw new TypeError('url must be left out when connection is given');
  expectKind('connection', connection, typeof connection === 'object', 'the configuration of a client of pg');
  const { host = 'localhost', port = 5432, database = '' } = connection;
  return { connection, place: `postgres://${String(host)}:${String(port)}/${String(database)}` };
}

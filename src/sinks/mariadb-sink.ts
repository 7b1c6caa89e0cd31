import type { FullCheckpointStore } from '../core/checkpoint.ts';
import { expectKind, knownOptions, type OptionNames } from '../core/options.ts';
import type { Sink } from '../core/sink.ts';
import { MARIADB } from './mariadb-dialect.ts';
import type { MariadbConnection } from './mariadb-driver.ts';
import { MariadbLedger } from './mariadb-ledger.ts';
import { MariadbSession } from './mariadb-session.ts';
import { serverUrl } from './server-url.ts';
import { type SqlTargetOptions, sqlTarget } from './sql-target.ts';
import { SqlWriter } from './sql-writer.ts';

export type { MariadbConnection } from './mariadb-driver.ts';

/** Options of `mariadbSink`: `url` or `connection` says where the server is. */
export interface MariadbSinkOptions extends SqlTargetOptions {
  /** `mariadb://user:password@host:3306/database` (or `mysql:`), with the parameters that `mysql2` knows. */
  readonly url?: string | URL;
  /** The options of a connection of `mysql2`: `{ host, port, database, user, password, ssl }`. */
  readonly connection?: MariadbConnection;
}

const OPTIONS: OptionNames<MariadbSinkOptions> = {
  url: true,
  connection: true,
  table: true,
  columns: true,
  key: true,
  ifExists: true,
};

/**
 * Writes records as rows of a MariaDB (or MySQL) table, one transaction a chunk, on as many connections as there are
 * chunks written at once. Needs the package `mysql2`. Nested values are JSON text, dates UTC, bytes blobs; a value that
 * its column cannot hold is refused, since the sessions are strict. The table must be one of InnoDB.
 *
 * Exactly once with its ledger, which is the checkpoint of a run that is given none: each chunk is noted in the
 * transaction that writes it, in the tables `chain_reaction_run` and `chain_reaction_chunk` beside the table. A second
 * process that writes the same run is refused (`CHECKPOINT_LOCKED`), one that was cut off and wakes up writes nothing
 * more (`FENCED`). Without a checkpoint it is effectively once with `key`, exactly once with `ifExists: 'replace'`, else
 * at least once.
 * @throws TypeError when an option is wrong; `open` fails with `MISSING_PACKAGE` when there is no `mysql2`; a write fails
 * with `REFUSED_RECORD` at a record that cannot be stored
 * @example
 * const sink = mariadbSink({ url: 'mariadb://ada@localhost/shop', table: 'orders', key: 'id' });
 * await new BatchProcessor({ source: 'orders.ndjson', sink, checkpoint: {} }).run();
 */
export function mariadbSink<T = unknown>(
  options: MariadbSinkOptions,
): Sink<T> & { readonly ledger: FullCheckpointStore } {
  knownOptions('mariadbSink', options, OPTIONS);
  const { connection, place } = serverOf(options);
  const target = sqlTarget(options, MARIADB);
  return new SqlWriter<T>(
    {
      place: `${place}?table=${encodeURIComponent(target.table)}`,
      dialect: MARIADB,
      ledger: new MariadbLedger(connection),
      connect: () => MariadbSession.connect(connection),
    },
    target,
  );
}

function serverOf({ url, connection }: MariadbSinkOptions): {
  readonly connection: MariadbConnection;
  readonly place: string;
} {
  if (connection === undefined) {
    const { href, place } = serverUrl(url, ['mariadb:', 'mysql:']);
    return { connection: { uri: href.replace(/^mariadb:/, 'mysql:') }, place };
  }
  if (url !== undefined) throw new TypeError('url must be left out when connection is given');
  expectKind(
    'connection',
    connection,
    typeof connection === 'object',
    'the options of a connection of mysql2',
  );
  const { host = 'localhost', port = 3306, database = '' } = connection;
  return { connection, place: `mariadb://${String(host)}:${String(port)}/${String(database)}` };
}

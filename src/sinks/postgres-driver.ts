import { optionalPackage } from './optional-package.ts';

/** What is used of a client of the package `pg`. */
export interface PostgresClient {
  /** Whether it sends a statement before the answer to the last one has come; older versions cannot. */
  readonly pipeline?: boolean;
  connect(): Promise<unknown>;
  query(text: string, values: readonly unknown[]): Promise<PostgresResult>;
  /** A statement, or several with semicolons between them. */
  query(text: string): Promise<PostgresResult | readonly PostgresResult[]>;
  escapeLiteral(text: string): string;
  end(): Promise<void>;
  on(event: 'error' | 'end', listener: () => void): unknown;
  readonly connection?: { readonly stream?: { destroy(): void } };
}

export interface PostgresResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** How to connect: the configuration of a client of `pg`, such as `{ host, port, database, user, password, ssl }`. */
export type PostgresConnection = Readonly<Record<string, unknown>>;

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A connection whose transactions are what they seem: one that was confirmed is on disk, and one that is left idle – by
 * a process that is stopped – ends after a minute, with all its locks.
 */
const SETTINGS = `SELECT set_config('idle_in_transaction_session_timeout', '60s', false),
  set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`;

/** @throws PipelineError MISSING_PACKAGE */
export async function connectPostgres(
  connection: PostgresConnection,
  onLost: () => void,
): Promise<PostgresClient> {
  const { default: pg } = await optionalPackage('pg', 'postgresSink', () => import('pg'));
  const client = new pg.Client({
    application_name: 'chain-reaction',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    pipeline: true,
    ...connection,
  }) as unknown as PostgresClient;
  client.on('error', onLost);
  client.on('end', onLost);
  try {
    await client.connect();
    await client.query(SETTINGS);
    return client;
  } catch (error) {
    client.connection?.stream?.destroy();
    throw error;
  }
}

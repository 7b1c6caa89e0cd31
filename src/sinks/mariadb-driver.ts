import { optionalPackage } from './optional-package.ts';

/** What is used of a connection of the package `mysql2`. */
export interface MariadbClient {
  query(sql: string, values?: readonly unknown[]): Promise<readonly [unknown, unknown]>;
  escape(value: unknown): string;
  end(): Promise<void>;
  destroy(): void;
  on(event: 'error' | 'end' | 'close', listener: () => void): unknown;
  /** The connection without promises, which also tells of its end. */
  readonly connection: { on(event: 'error' | 'end', listener: () => void): unknown };
}

/** How to connect: the options of a connection of `mysql2`, such as `{ host, port, database, user, password, ssl }`. */
export type MariadbConnection = Readonly<Record<string, unknown>>;

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Strict, so that no value is cut or replaced; an id of 0 stays 0; a backslash escapes, as the driver takes for granted.
 * Times are UTC. A transaction that is left idle, by a process that is stopped, ends after a minute where the server can.
 */
const SETTINGS = [
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE'`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION time_zone = '+00:00'`,
];

/** What only MariaDB has. */
const OWN_SETTINGS = 'SET SESSION idle_transaction_timeout = 60';

export interface MariadbServerFacts {
  /** Not MySQL. */
  readonly isMariadb: boolean;
  /** Most bytes of a statement. */
  readonly maxPacket: number;
}

/** @throws PipelineError MISSING_PACKAGE */
export async function connectMariadb(
  connection: MariadbConnection,
  onLost: () => void,
): Promise<{ readonly client: MariadbClient; readonly facts: MariadbServerFacts }> {
  const mysql = await optionalPackage('mysql2', 'mariadbSink', () => import('mysql2/promise'));
  const client = (await mysql.createConnection({
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...connection,
    charset: 'utf8mb4',
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  })) as unknown as MariadbClient;
  client.connection.on('error', onLost);
  client.connection.on('end', onLost);
  try {
    for (const setting of SETTINGS) await client.query(setting);
    const facts = await factsOf(client);
    if (facts.isMariadb) await client.query(OWN_SETTINGS);
    return { client, facts };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

async function factsOf(client: MariadbClient): Promise<MariadbServerFacts> {
  const [rows] = await client.query('SELECT VERSION() AS version, @@max_allowed_packet AS packet');
  const [{ version, packet }] = rows as [{ readonly version: string; readonly packet: unknown }];
  return { isMariadb: /mariadb/i.test(version), maxPacket: Number(packet) };
}

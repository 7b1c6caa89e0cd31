import { randomUUID } from 'node:crypto';
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const NAME = randomUUID().slice(0, 8);

/** The database of the tests of one file. */
const DATABASE = `failures_${NAME}`;
/** A user who may only read, and ask little. */
export const USER = `guest_${NAME}`;

const TABLES = `
  CREATE DATABASE ${DATABASE};
  USE ${DATABASE};
  CREATE TABLE makers (id int PRIMARY KEY);
  INSERT INTO makers VALUES (1);
  CREATE TABLE orders (
    id int PRIMARY KEY,
    code int NOT NULL DEFAULT 0,
    name varchar(10) NOT NULL,
    price decimal(5, 2) CHECK (price > 0),
    day date,
    extra json,
    maker int REFERENCES makers (id)
  );
  INSERT INTO orders (id, name, maker) VALUES (1, 'a', 1), (2, 'b', NULL);
  CREATE TABLE parts (id int) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10));
  CREATE TABLE guarded (id int);
  CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW SIGNAL SQLSTATE '45000';
  CREATE USER ${USER} WITH MAX_QUERIES_PER_HOUR 3;
  GRANT SELECT ON ${DATABASE}.orders TO ${USER};`;

/** Tables for the tests of this file, gone after them. */
export function useMariadbTables(url: string, isReachable: boolean): void {
  beforeAll(async () => {
    if (isReachable) await runMariadb(url, TABLES);
  });
  afterAll(async () => {
    if (isReachable) await runMariadb(url, `DROP DATABASE ${DATABASE}; DROP USER ${USER}`);
  });
}

async function runMariadb(uri: string, sql: string): Promise<void> {
  const connection = await createConnection({ uri, multipleStatements: true });
  await connection.query(sql);
  await connection.end();
}

/** A connection that ends with the test. What breaks it is only reported to the query that meets it. */
export async function connectMariadb(uri: string, options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await createConnection({ uri, ...options });
  connection.on('error', () => undefined);
  onTestFinished(() => connection.end().catch(() => connection.destroy()));
  await connection.query(`USE ${DATABASE}`);
  return connection;
}

/** One after another, until one fails. */
export async function runAll(connection: Connection, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await connection.query(sql);
}

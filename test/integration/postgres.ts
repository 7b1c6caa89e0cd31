import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const NAME = randomUUID().slice(0, 8);

/** The schema of the tests of one file. */
const SCHEMA = `failures_${NAME}`;
/** A role that may neither write nor connect. */
export const ROLE = `guest_${NAME}`;

const TABLES = `
  CREATE SCHEMA ${SCHEMA};
  SET search_path = ${SCHEMA};
  CREATE TABLE makers (id int PRIMARY KEY);
  CREATE TABLE orders (
    id int PRIMARY KEY,
    name varchar(10) NOT NULL DEFAULT '',
    price numeric(5, 2) CHECK (price > 0),
    day date,
    extra jsonb,
    maker int REFERENCES makers DEFERRABLE,
    EXCLUDE (day WITH =)
  );
  INSERT INTO orders (id) VALUES (1), (2);
  CREATE VIEW dear AS SELECT * FROM orders WHERE price > 100 WITH CHECK OPTION;
  CREATE TABLE long (words text PRIMARY KEY);
  CREATE TABLE guarded (id int);
  CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
  CREATE TRIGGER guard BEFORE INSERT ON guarded EXECUTE FUNCTION guard();
  CREATE ROLE ${ROLE} LOGIN PASSWORD 'guest' CONNECTION LIMIT 0;
  GRANT USAGE ON SCHEMA ${SCHEMA} TO ${ROLE};`;

/** Tables for the tests of this file, gone after them. */
export function usePostgresTables(url: string, isReachable: boolean): void {
  beforeAll(async () => {
    if (isReachable) await runPostgres(url, TABLES);
  });
  afterAll(async () => {
    if (isReachable) await runPostgres(url, `DROP SCHEMA ${SCHEMA} CASCADE; DROP ROLE ${ROLE}`);
  });
}

/** Runs statements on a connection of their own, before or after the tests. */
async function runPostgres(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** A connection that ends with the test. What breaks it is only reported to the query that meets it. */
export async function connectPostgres(url: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, ...config });
  client.on('error', () => undefined);
  onTestFinished(() => client.end().catch(() => undefined));
  await client.connect();
  await client.query(`SET search_path = ${SCHEMA}`);
  return client;
}

export type Statements = string | readonly [sql: string, values: readonly unknown[]];

/** One after another, until one fails. */
export async function runAll(client: pg.Client, statements: readonly Statements[]): Promise<void> {
  for (const each of statements) {
    const [sql, values] = typeof each === 'string' ? [each, undefined] : each;
    await client.query(sql, values as unknown[] | undefined);
  }
}

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { reach } from '../support/services.ts';

/** A schema of PostgreSQL for the tests of one file, gone after them. */
export class PostgresPlace {
  /** Leads into the schema. */
  readonly url: string;
  readonly #client: pg.Client;
  readonly #schema: string;

  static async reach(): Promise<PostgresPlace> {
    const { url, isReachable } = await reach('postgres');
    return new PostgresPlace(url, isReachable);
  }

  private constructor(url: string, isReachable: boolean) {
    this.#schema = `sink_${randomUUID().slice(0, 8)}`;
    const inside = new URL(url);
    inside.searchParams.set('application_name', this.#schema);
    inside.searchParams.set('options', `-c search_path=${this.#schema}`);
    this.url = inside.href;
    this.#client = new pg.Client({ connectionString: withName(this.url, 'the tests') });
    beforeAll(async () => {
      if (!isReachable) return;
      await this.#client.connect();
      await this.#client.query(`CREATE SCHEMA ${this.#schema}`);
    });
    afterAll(async () => {
      if (!isReachable) return;
      await this.#client.query(`DROP SCHEMA ${this.#schema} CASCADE`);
      await this.#client.end();
    });
  }

  async sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    return (await this.#client.query<Record<string, unknown>>(text, values)).rows;
  }

  /** All that sinks have made. */
  async clear(): Promise<void> {
    const tables = await this.sql('SELECT tablename FROM pg_tables WHERE schemaname = current_schema()');
    for (const { tablename } of tables)
      await this.sql(`DROP TABLE ${pg.escapeIdentifier(String(tablename))} CASCADE`);
  }

  async hasTable(name: string): Promise<boolean> {
    const [row] = await this.sql('SELECT to_regclass($1) AS found', [pg.escapeIdentifier(name)]);
    return row?.['found'] !== null;
  }

  /** Ends the connections of all sinks. */
  async endSessions(): Promise<void> {
    // what a session has locked is free when it has ended: that is waited for
    await this.sql(
      'SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1',
      [this.#schema],
    );
  }

  async countWaiting(): Promise<number> {
    const [row] = await this.sql('SELECT count(*) FROM pg_locks WHERE NOT granted');
    return Number(row!['count']);
  }

  async countSessions(): Promise<number> {
    const [row] = await this.sql('SELECT count(*) FROM pg_stat_activity WHERE application_name = $1', [
      this.#schema,
    ]);
    return Number(row!['count']);
  }
}

function withName(url: string, name: string): string {
  const named = new URL(url);
  named.searchParams.set('application_name', name);
  return named.href;
}

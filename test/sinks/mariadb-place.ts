import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll } from 'vitest';
import { reach } from '../support/services.ts';

/** What must never be shown. */
const PASSWORD = 'canary';

/** A database of MariaDB, with a user of its own, for the tests of one file, gone after them. */
export class MariadbPlace {
  /** Leads into the database. */
  readonly url: string;
  readonly #name: string;
  #connection: Connection | undefined;

  static async reach(): Promise<MariadbPlace> {
    const { url, isReachable } = await reach('mariadb');
    return new MariadbPlace(url, isReachable);
  }

  private constructor(url: string, isReachable: boolean) {
    this.#name = `sink_${randomUUID().slice(0, 8)}`;
    const inside = new URL(url);
    inside.pathname = `/${this.#name}`;
    inside.username = this.#name;
    inside.password = PASSWORD;
    this.url = inside.href;
    beforeAll(async () => {
      if (!isReachable) return;
      const options = {
        supportBigNumbers: true,
        bigNumberStrings: true,
        dateStrings: true,
        charset: 'utf8mb4',
      };
      this.#connection = await createConnection({ uri: url, ...options });
      await this.sql(`CREATE DATABASE ${this.#name} CHARACTER SET utf8mb4`);
      await this.sql(`USE ${this.#name}`);
      await this.sql(`CREATE USER ${this.#name} IDENTIFIED BY '${PASSWORD}'`);
      await this.sql(`GRANT ALL ON ${this.#name}.* TO ${this.#name}`);
    });
    afterAll(async () => {
      if (!isReachable) return;
      await this.sql(`DROP USER ${this.#name}`);
      await this.sql(`DROP DATABASE ${this.#name}`);
      await this.#connection?.end();
    });
  }

  async sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const [rows] = await this.#connection!.query(text, values);
    return rows as Record<string, unknown>[];
  }

  /** All rows of a table, also of columns that the driver refuses to read under their names. */
  async rows(table: string): Promise<Record<string, unknown>[]> {
    const columns = await this.sql(
      'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position',
      [table],
    );
    const names = columns.map(({ name }) => String(name));
    const quoted = names.map((name, i) => `\`${name.replaceAll('`', '``')}\` AS c${i}`);
    const rows = names.length === 0 ? [] : await this.sql(`SELECT ${quoted.join(', ')} FROM ??`, [table]);
    return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[`c${i}`]])));
  }

  /** All that sinks have made. */
  async clear(): Promise<void> {
    const tables = await this.sql(
      'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
    );
    for (const { name } of tables) await this.sql(`DROP TABLE ??`, [name]);
  }

  /** Ends the connections of all sinks. */
  async endSessions(): Promise<void> {
    const ended = new Set((await this.#sessions()).map(({ id }) => String(id)));
    for (const id of ended) await this.sql(`KILL ${id}`).catch(() => undefined);
    // what a session has locked is free when it has ended
    for (let tries = 0; tries < 500; tries++) {
      if (!(await this.#sessions()).some(({ id }) => ended.has(String(id)))) return;
      await wait(20);
    }
  }

  async countWaiting(): Promise<number> {
    const waiting = await this.sql(
      `SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'`,
    );
    return waiting.length;
  }

  async countSessions(): Promise<number> {
    return (await this.#sessions()).length;
  }

  async #sessions(): Promise<readonly Record<string, unknown>[]> {
    return this.sql(
      'SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()',
    );
  }
}

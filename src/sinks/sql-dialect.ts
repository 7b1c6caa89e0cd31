import type { SqlGroup } from './sql-kinds.ts';

/** A column of a table. */
export interface SqlColumn {
  readonly name: string;
  /** As the database declares it, for statements and messages. */
  readonly type: string;
  /** What it was made for, when this run has chosen its type: what does not belong there would be changed. */
  readonly madeFor: SqlGroup | undefined;
}

/** What databases do differently. */
export interface SqlDialect {
  /** For messages. */
  readonly name: string;
  readonly maxColumns: number;
  /** What an identifier must be; `undefined` when the name is one. */
  readonly flawOf: (name: string) => string | undefined;
  readonly quote: (name: string) => string;
  /** The name as the database compares it. */
  readonly fold: (name: string) => string;
  /** What a column is declared as that is made for a group of values. */
  readonly typeFor: (group: SqlGroup, isKey: boolean) => string;
  /**
   * The value that is sent for one of a record.
   * @throws Unstorable when the database would change it without a word
   */
  readonly storable: (value: unknown, column: SqlColumn) => SqlValue;
}

/** What is sent to a database. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null | { readonly json: string };

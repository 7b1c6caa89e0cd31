import { PipelineError } from '../core/errors.ts';
import { MARIADB } from './mariadb-dialect.ts';
import type { SqlColumn, SqlValue } from './sql-dialect.ts';
import type { SqlRows } from './sql-rows.ts';
import type { SqlTarget } from './sql-target.ts';

const { quote } = MARIADB;

/** Bytes that the protocol adds to a statement, and more. */
const PACKET_MARGIN = 1_024;
/** Larger statements are no faster. */
const ENOUGH_BYTES = 4 * 1024 * 1024;

/**
 * The statements that insert rows, none of them larger than the server takes.
 * @param escape makes a literal of a value
 * @param maxPacket most bytes of a statement
 */
export function* mariadbInserts(
  target: SqlTarget,
  { columns, values }: SqlRows,
  escape: (value: unknown) => string,
  maxPacket: number,
): Generator<string> {
  const [start, end] = frameOf(target, columns);
  const room = maxPacket - PACKET_MARGIN - Buffer.byteLength(start) - Buffer.byteLength(end);
  let rows: string[] = [];
  let bytes = 0;
  for (const value of values) {
    const row = `(${value.map((each) => literal(each, escape)).join(',')})`;
    const size = Buffer.byteLength(row) + 1;
    if (size > room) throw tooLarge(maxPacket);
    if (rows.length > 0 && bytes + size > Math.min(room, ENOUGH_BYTES)) {
      yield `${start}${rows.join(',')}${end}`;
      rows = [];
      bytes = 0;
    }
    rows.push(row);
    bytes += size;
  }
  if (rows.length > 0) yield `${start}${rows.join(',')}${end}`;
}

/** Each statement as a message; the first one behind others, unless together they are larger than the server takes. */
export function* behindOpening(
  opening: string,
  groups: Iterable<Iterable<string>>,
  maxPacket: number,
): Generator<string> {
  let waiting = opening;
  for (const statements of groups)
    for (const statement of statements) {
      const fits = waiting === '' || Buffer.byteLength(waiting + statement) <= maxPacket - PACKET_MARGIN;
      if (!fits) yield waiting;
      yield fits ? waiting + statement : statement;
      waiting = '';
    }
  if (waiting !== '') yield waiting;
}

function frameOf(
  { table, key }: SqlTarget,
  columns: readonly SqlColumn[],
): readonly [start: string, end: string] {
  const names = columns.map(({ name }) => quote(name));
  const start = `INSERT INTO ${quote(table)} (${names.join(', ')}) VALUES `;
  if (key.length === 0) return [start, ''];
  const keys = new Set(key.map(MARIADB.fold));
  const updates = names.filter((_, i) => !keys.has(MARIADB.fold(columns[i]!.name)));
  const all = updates.length === 0 ? names.slice(0, 1) : updates;
  const assignments = all.map((name) =>
    updates.length === 0 ? `${name} = ${name}` : `${name} = VALUES(${name})`,
  );
  return [start, ` ON DUPLICATE KEY UPDATE ${assignments.join(', ')}`];
}

function literal(value: SqlValue, escape: (value: unknown) => string): string {
  if (value === null) return 'NULL';
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString('hex')}'`;
  if (typeof value === 'string') return escape(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'object' ? escape(value.json) : String(value);
}

function tooLarge(maxPacket: number): PipelineError {
  const bytes = maxPacket.toLocaleString('en-US');
  const message = `A record makes a statement larger than the max_allowed_packet of the server (${bytes} bytes)`;
  return new PipelineError({ code: 'REFUSED_RECORD', message });
}

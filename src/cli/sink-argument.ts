import { basename } from 'node:path';
import type { OutputFormat } from '../formats/encoders.ts';
import { chosenColumns, chosenNames } from './chosen-columns.ts';
import { UsageError } from './exit-codes.ts';
import { isUrl } from './places.ts';

/** The place that the last argument names. */
export type SinkPlace =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'http'; readonly url: string }
  | ({
      readonly kind: 'sqlite';
      readonly file: string;
    } & TablePlace)
  | ({
      readonly kind: 'postgres' | 'mariadb';
      /** With its credentials, and without what is said here. */
      readonly url: string;
    } & TablePlace);

/** The table of a database, and how its rows are told apart. */
export interface TablePlace {
  readonly table: string;
  readonly key?: readonly string[];
  /** The argument names no table. */
  readonly isTableDerived: boolean;
}

/**
 * Reads the last argument.
 * @param firstSource gives the table its name when the argument does not
 * @throws UsageError when it names no sink
 */
export function parseSink(argument: string, firstSource: string): SinkPlace {
  if (argument === '-') return { kind: 'stdout' };
  if (isUrl(argument)) return http(argument);
  const scheme = schemeOf(argument);
  if (scheme === 'sqlite') return sqlite(argument.slice('sqlite:'.length), firstSource);
  const server = scheme === undefined ? undefined : SERVERS.get(scheme);
  if (server !== undefined) return databaseServer(server, argument, firstSource);
  if (scheme !== undefined)
    throw new UsageError(
      `There is no sink ${scheme}: – there are sqlite:FILE?table=NAME, postgres://…, mariadb://…, https://…, a file, and - (a file of that name is ./${scheme}:…)`,
    );
  return { kind: 'file', file: argument };
}

/** Whether an argument names a database by its scheme. */
export function namesDatabase(argument: string): boolean {
  const scheme = schemeOf(argument);
  return scheme !== undefined && (scheme === 'sqlite' || SERVERS.has(scheme));
}

/** `orders.db (table orders)`: how people are told of it, without credentials. */
export function describeSink(place: SinkPlace): string {
  if (place.kind === 'stdout') return 'stdout';
  if (place.kind === 'file') return place.file;
  if (place.kind === 'sqlite') return `${place.file} (table ${place.table})`;
  const { origin, host, pathname } = new URL(place.url);
  if (place.kind === 'http') return `${origin}${pathname}`;
  return `${host}${pathname} (table ${place.table})`;
}

/** The flags that only some sinks understand. */
export interface SinkFlags {
  readonly to?: OutputFormat;
  readonly columns?: string;
  readonly key?: string;
  readonly ifExists?: 'append' | 'replace' | 'fail';
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  readonly body?: 'json' | 'ndjson';
  readonly keysHonoured?: boolean;
  readonly escapeFormulas?: boolean;
}

const KINDS = {
  sqlite: 'sqlite:',
  postgres: 'postgres:',
  mariadb: 'mariadb:',
  file: 'a file',
  http: 'https://…',
  stdout: '-',
} as const;

/** Sinks that write rows. */
export const DATABASES = ['sqlite', 'postgres', 'mariadb'] as const;

const FLAGS: Readonly<
  Record<keyof SinkFlags, { readonly flag: string; readonly kinds: readonly SinkPlace['kind'][] }>
> = {
  to: { flag: '--to', kinds: ['file', 'stdout'] },
  columns: { flag: '--columns', kinds: [...DATABASES, 'file', 'stdout'] },
  key: { flag: '--key', kinds: DATABASES },
  ifExists: { flag: '--if-exists', kinds: [...DATABASES, 'file'] },
  method: { flag: '--method', kinds: ['http'] },
  body: { flag: '--body', kinds: ['http'] },
  keysHonoured: { flag: '--keys-honoured', kinds: ['http'] },
  escapeFormulas: { flag: '--escape-formulas', kinds: ['file', 'stdout'] },
};

const DATABASE = /\.(?:db|sqlite|sqlite3)$/i;

/** A flag that would do nothing is a mistake. @throws UsageError that says which sinks know it */
export function checkSinkFlags(place: SinkPlace, flags: SinkFlags): void {
  if (place.kind === 'file' && flags.to === undefined && DATABASE.test(place.file))
    throw new UsageError(
      `The sink for a database is sqlite:${place.file}?table=NAME; --to FORMAT writes a text file of that name`,
    );
  for (const [name, { flag, kinds }] of Object.entries(FLAGS)) {
    if (flags[name as keyof SinkFlags] === undefined || kinds.includes(place.kind)) continue;
    const known = kinds.map((kind) => KINDS[kind]).join(' or ');
    throw new UsageError(`${flag} is for the sink ${known}, and this one is ${KINDS[place.kind]}`);
  }
  if (flags.columns === undefined) return;
  if ('table' in place) chosenNames(flags.columns);
  else chosenColumns(flags.columns);
}

/** A single letter is a disk of Windows. */
function schemeOf(argument: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/i.exec(argument)?.[1]?.toLowerCase();
}

function http(url: string): SinkPlace {
  if (URL.canParse(url)) return { kind: 'http', url };
  throw new UsageError('The sink is no valid address: https://host/path'); // not shown: it may hold a password
}

const PARAMETERS = ['table', 'key'];

function sqlite(argument: string, firstSource: string): SinkPlace {
  const at = argument.indexOf('?');
  const file = at < 0 ? argument : argument.slice(0, at);
  if (file === '') throw new UsageError('sqlite: needs a file: sqlite:orders.db?table=orders');
  const parameters = new URLSearchParams(at < 0 ? '' : argument.slice(at + 1));
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`sqlite: has no parameter ${unknown} – there are ${PARAMETERS.join(' and ')}`);
  return { kind: 'sqlite', file, ...tablePlace(parameters, firstSource) };
}

const SERVERS: ReadonlyMap<string, 'postgres' | 'mariadb'> = new Map([
  ['postgres', 'postgres'],
  ['postgresql', 'postgres'],
  ['mariadb', 'mariadb'],
  ['mysql', 'mariadb'],
]);

/** All other parameters are the driver's. */
function databaseServer(kind: 'postgres' | 'mariadb', argument: string, firstSource: string): SinkPlace {
  const url = URL.parse(argument);
  if (url === null || url.pathname.length < 2)
    throw new UsageError(`The sink is no valid address: ${kind}://host/database?table=NAME`); // not shown: it may hold a password
  const place = tablePlace(url.searchParams, firstSource);
  for (const name of PARAMETERS) url.searchParams.delete(name);
  return { kind, url: url.href, ...place };
}

function tablePlace(parameters: URLSearchParams, firstSource: string): TablePlace {
  const table = parameters.get('table') || undefined;
  const key = parameters.get('key')?.split(',');
  return {
    table: table ?? tableNameOf(firstSource),
    isTableDerived: table === undefined,
    ...(key !== undefined && { key }),
  };
}

/** `orders` for `data/orders.json.gz`: the table when none is named. */
export function tableNameOf(source: string): string {
  const path = isUrl(source) ? source.replace(/[?#].*$/s, '').replace(/^https?:\/\/[^/]*/i, '') : source;
  const name = basename(path).split('.', 1)[0] ?? '';
  return name === '' || name === '-' || /[*?[\]{}]/.test(name) ? 'records' : name;
}

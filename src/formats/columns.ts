import { expectKind } from '../core/options.ts';
import { keysOf } from './json-path.ts';

/**
 * Which fields become columns, in this order: names of keys, or names with the dotted path to each (`{ city:
 * 'address.street' }`; a list of keys where keys hold dots). Paths lead through objects, not through arrays.
 */
export type Columns = readonly string[] | Readonly<Record<string, string | readonly string[]>>;

/** A column and where in a record its value is. */
export interface Column {
  readonly name: string;
  /** Keys from the outside in, at least one. */
  readonly path: readonly string[];
}

/** @throws TypeError when these are no columns, or two have the same name */
export function columnsFrom(columns: Columns): readonly Column[] {
  const isList = Array.isArray(columns);
  const isObject = typeof columns === 'object' && columns !== null;
  const names = isList ? (columns as readonly unknown[]) : isObject ? Object.keys(columns) : [];
  const areNames = names.length > 0 && names.every((name) => typeof name === 'string' && name !== '');
  expectKind('columns', columns, areNames, 'a list of at least one name, or an object of names and paths');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TypeError(`columns must differ from each other, got ${JSON.stringify(twice)} twice`);
  if (isList) return (names as readonly string[]).map((name) => ({ name, path: [name] }));
  return Object.entries(columns).map(([name, path]) => ({ name, path: pathOf(name, path) }));
}

function pathOf(name: string, path: string | readonly string[]): readonly string[] {
  const keys = keysOf(path);
  if (keys.length > 0) return keys;
  throw new TypeError(
    `columns must have a path of at least one key each, got none for ${JSON.stringify(name)}`,
  );
}

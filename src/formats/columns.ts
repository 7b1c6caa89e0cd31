import { expectKind } from '../core/options.ts';
import { keysOf } from './json-path.ts';

/**
 * Which fields become columns, in this order: names of keys, or names with the dotted path to each (`{ city:
 * 'address.street' }`; a list of keys where keys hold dots). Paths lead through objects, not through arrays. A list may
 * hold columns with their paths, too: of an object, names that are whole numbers come first.
 */
export type Columns = readonly (string | NamedPath)[] | Readonly<Record<string, NamedPath['path']>>;

/** A column, and the keys or the dotted path that lead to its value. */
export interface NamedPath {
  readonly name: string;
  readonly path: string | readonly string[];
}

/** A column and where in a record its value is. */
export interface Column {
  readonly name: string;
  /** Keys from the outside in, at least one. */
  readonly path: readonly string[];
}

/** @throws TypeError when these are no columns, one has no name, or two have the same name */
export function columnsFrom(columns: Columns): readonly Column[] {
  const given = listOf(columns);
  const names = given.map((each) => (typeof each === 'string' ? each : each?.name));
  const areNames = names.length > 0 && names.every((name) => typeof name === 'string');
  expectKind('columns', columns, areNames, 'a list of at least one name, or an object of names and paths');
  if (names.includes('')) throw new TypeError('columns must have names that are not empty, got an empty one');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TypeError(`columns must differ from each other, got ${JSON.stringify(twice)} twice`);
  return given.map((each) =>
    typeof each === 'string'
      ? { name: each, path: [each] }
      : { name: each.name, path: pathOf(each.name, each.path) },
  );
}

function listOf(columns: Columns): readonly (string | NamedPath)[] {
  if (Array.isArray(columns)) return columns as readonly (string | NamedPath)[];
  if (typeof columns !== 'object' || columns === null) return [];
  return Object.entries(columns).map(([name, path]) => ({ name, path }));
}

function pathOf(name: string, path: string | readonly string[]): readonly string[] {
  const keys = keysOf(path);
  if (keys.length > 0) return keys;
  throw new TypeError(
    `columns must have a path of at least one key each, got none for ${JSON.stringify(name)}`,
  );
}

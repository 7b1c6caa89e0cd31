import type { NamedPath } from '../formats/columns.ts';
import { UsageError } from './exit-codes.ts';

/**
 * `id,city=customer.city`: names of keys, or of columns with the path to each.
 * @throws UsageError when one has no name or no path, or two have the same name
 */
export function chosenColumns(flag: string): readonly (string | NamedPath)[] {
  const parts = flag.split(',');
  const bare = parts.find((part) => /^(?:=|$)|=$/.test(part));
  if (bare !== undefined)
    throw new UsageError(
      `--columns takes NAME or NAME=PATH, separated by commas, and got ${JSON.stringify(bare)}`,
    );
  const columns = parts.map(nameAndPath);
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--columns names ${JSON.stringify(twice)} twice`);
  return flag.includes('=') ? columns : names;
}

/** Of a table: its own names. @throws UsageError when there is a path */
export function chosenNames(flag: string): readonly string[] {
  const columns = chosenColumns(flag);
  if (columns.every((column) => typeof column === 'string')) return columns;
  throw new UsageError(
    '--columns NAME=PATH is for CSV and TSV; a table takes keys of the records, which --transform FILE can make',
  );
}

function nameAndPath(part: string): NamedPath {
  const at = part.indexOf('=');
  return at < 0 ? { name: part, path: [part] } : { name: part.slice(0, at), path: part.slice(at + 1) };
}

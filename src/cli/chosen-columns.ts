import type { Columns } from '../formats/columns.ts';
import { UsageError } from './exit-codes.ts';

/** `id,city=customer.city`: names of keys, or of columns with the path to each. @throws UsageError when one has no name, or no path */
export function chosenColumns(flag: string): Columns {
  const parts = flag.split(',');
  const bare = parts.find((part) => /^(?:=|$)|=$/.test(part));
  if (bare !== undefined)
    throw new UsageError(
      `--columns takes NAME or NAME=PATH, separated by commas, and got ${JSON.stringify(bare)}`,
    );
  if (!parts.some((part) => part.includes('='))) return parts;
  const pairs = parts.map(nameAndPath);
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`--columns names ${JSON.stringify(twice)} twice`);
  return Object.fromEntries(pairs);
}

/** Of a table: its own names. @throws UsageError when there is a path */
export function chosenNames(flag: string): readonly string[] {
  const columns = chosenColumns(flag);
  if (Array.isArray(columns)) return columns as readonly string[];
  throw new UsageError(
    '--columns NAME=PATH is for CSV and TSV; a table takes keys of the records, which --transform FILE can make',
  );
}

function nameAndPath(part: string): readonly [string, string | readonly string[]] {
  const at = part.indexOf('=');
  return at < 0 ? [part, [part]] : [part.slice(0, at), part.slice(at + 1)];
}

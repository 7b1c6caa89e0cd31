import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { httpAddress } from '../sources/http-address.ts';
import { UsageError } from './exit-codes.ts';
import { showBytes } from './units.ts';

/** Whether a place is an address of the web. */
export function isUrl(place: string): boolean {
  return /^https?:/i.test(place);
}

/**
 * Looks at sources without opening them.
 * @throws UsageError when one cannot be a source; what it says holds no credentials
 */
export function checkSources(places: readonly string[], stdin: { readonly isTTY?: boolean }): void {
  for (const place of places) {
    const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(place)?.[1];
    if (scheme !== undefined && !/^(?:https?|file)$/i.test(scheme))
      throw new UsageError(`There is no source ${scheme}: – there are paths, globs, https://…, and -`);
    if (isUrl(place)) httpAddress(place);
  }
  const fromStdin = places.filter((place) => place === '-').length;
  if (fromStdin > 1) throw new UsageError('The standard input can be read once: - must not be given twice');
  if (fromStdin > 0 && stdin.isTTY)
    throw new UsageError(
      'The source - is the standard input, which is a terminal: pipe something into it, as in cat orders.csv | chain-reaction …',
    );
}

/** A file that is made late must not be what a long run fails with. @throws UsageError when its folder is not there */
export function checkFolder(flag: string, file: string | undefined): void {
  if (file === undefined) return;
  const folder = dirname(file);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`${flag} ${file}: there is no folder ${folder}`);
}

const MOST_NAMES = 3;

/** `orders.json (160 MB)`, `a.csv, b.csv, c.csv and 9 more`: what is going to be read, before anything is opened. */
export function describeSources(places: readonly string[]): string {
  const names = places.slice(0, MOST_NAMES).map(describeSource);
  return `${names.join(', ')}${places.length > MOST_NAMES ? ` and ${places.length - MOST_NAMES} more` : ''}`;
}

function describeSource(place: string): string {
  if (place === '-') return 'stdin';
  if (isUrl(place)) return httpAddress(place).name;
  const size = sizeOf(place);
  return size === undefined ? place : `${place} (${showBytes(size)})`;
}

/** Bytes of a file; `undefined` when it is no file or not there, which the source tells better. */
export function sizeOf(path: string): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() ? stats.size : undefined;
}

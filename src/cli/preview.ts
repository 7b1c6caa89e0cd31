import { encodeJson } from '../core/json.ts';
import type { RecordBlock } from '../core/record-block.ts';
import { isObjectRecord } from '../formats/object-record.ts';
import type { SourceEvent } from '../streams/read-records.ts';
import { columnsOf } from './columns.ts';
import { EXIT } from './exit-codes.ts';
import { checkSources, describeSources, sizeOf } from './places.ts';
import { type ReadingFlags, readingOf, sourcesOf } from './reading-flags.ts';
import { Screen } from './screen.ts';
import { keepUrlSecrets, mask } from './secrets.ts';
import { type ColorChoice, plain } from './terminal.ts';
import { parseCount, showBytes } from './units.ts';
import { urlHeaders } from './url-headers.ts';

/** The flags of `preview`, as commander gives them. */
export interface PreviewFlags extends ReadingFlags {
  readonly records: string;
  readonly color: ColorChoice;
  readonly debug?: boolean;
}

/** Shows what a source holds: format, size, columns, and its first records. @returns the exit code */
export async function preview(place: string, flags: PreviewFlags): Promise<number> {
  const screen = new Screen({ ...flags, progress: 'off' });
  const context: { command: 'preview'; format?: string } = { command: 'preview' };
  try {
    keepUrlSecrets(place);
    const count = parseCount('--records', flags.records);
    const headers = urlHeaders(flags, [place], undefined, process.env, (text) => screen.warn(text));
    checkSources([place], process.stdin);
    screen.note(`Reading ${describeSources([place])}`);
    const sample = await readSample(place, flags, headers.source, Math.max(count, SAMPLE), (format) => {
      context.format = format;
    });
    process.stdout.write(previewText(place, sample, count));
    return EXIT.written;
  } catch (error) {
    return screen.fail(error, context);
  }
}

/** Records that are looked at for the columns. */
const SAMPLE = 100;

/** The beginning of a source. */
export interface Sample {
  readonly event: SourceEvent | undefined;
  readonly records: readonly unknown[];
  /** Whether these are all records. */
  readonly isWhole: boolean;
  /** Bytes of the source, as they are stored, when known. */
  readonly size: number | undefined;
}

async function readSample(
  place: string,
  flags: PreviewFlags,
  headers: Readonly<Record<string, string>> | undefined,
  most: number,
  onFormat: (format: string) => void,
): Promise<Sample> {
  const { Tally } = await import('../core/tally.ts');
  const { readRecords } = await import('../streams/read-records.ts');
  const tally = new Tally();
  const reader = readRecords(sourcesOf([place], headers === undefined ? {} : { headers }), {
    ...readingOf(flags),
    tally,
  });
  let event: SourceEvent | undefined;
  reader.on('source', (seen: SourceEvent) => {
    event ??= seen;
    onFormat(seen.format);
  });
  const records: unknown[] = [];
  let isWhole = true;
  for await (const block of reader as AsyncIterable<RecordBlock>) {
    records.push(...block.records.slice(0, most - records.length));
    isWhole = records.length < most;
    if (!isWhole) break;
  }
  return { event, records, isWhole, size: tally.totalBytes ?? sizeOf(place) };
}

/** The text of a preview, without anything that could steer the terminal. */
export function previewText(place: string, sample: Sample, count: number): string {
  const { event, records, size } = sample;
  const compression = event?.compression ?? 'none';
  const columns = [...columnsOf(records)].map(
    ([name, kinds], i) => `${i === 0 ? 'columns  ' : '         '}${plain(name)}: ${kinds.join(' or ')}`,
  );
  const lines = [
    `source   ${plain(mask(event?.source ?? place))}${size === undefined ? '' : ` (${showBytes(size)})`}`,
    `format   ${formatOf(sample)}${compression === 'none' ? '' : `, ${compression}`}`,
    ...columns,
    ...(isDocument(sample) ? pathHints(records[0]) : []),
    records.length === 0 ? 'records  none' : '',
    ...records.slice(0, count).map((record) => plain(encodeJson(record))),
  ];
  return `${lines.join('\n')}\n`;
}

function formatOf(sample: Sample): string {
  if (sample.event === undefined) return 'none: the source is empty';
  return isDocument(sample) ? 'json, a single document' : sample.event.format;
}

/** One object could be the first of several texts; when it is all there is, people call it a document. */
function isDocument({ event, records, isWhole }: Sample): boolean {
  const isJson = event?.format === 'json' || event?.format === 'json-seq';
  return isJson && isWhole && records.length === 1 && isObjectRecord(records[0]);
}

/** Where in a document records may be: `--path data.items`. */
function pathHints(document: unknown): readonly string[] {
  const paths = recordPaths(document, []).slice(0, MOST_HINTS);
  return paths.length === 0
    ? []
    : [`records  may be deeper: ${paths.map((path) => `--path ${plain(path)}`).join(', or ')}`];
}

const MOST_HINTS = 3;
const DEEPEST_HINT = 4;

/** Paths of the arrays of objects. */
function recordPaths(value: unknown, path: readonly string[]): readonly string[] {
  if (Array.isArray(value)) return isObjectRecord(value[0]) ? [path.join('.')] : [];
  if (!isObjectRecord(value) || path.length === DEEPEST_HINT) return [];
  const named = Object.entries(value).filter(([key]) => /^[\w-]+$/.test(key));
  return named.flatMap(([key, child]) => recordPaths(child, [...path, key]));
}

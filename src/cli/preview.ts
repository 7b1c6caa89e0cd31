import { encodeJson } from '../core/json.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { SourceEvent } from '../streams/read-records.ts';
import { columnsOf } from './columns.ts';
import { EXIT } from './exit-codes.ts';
import { checkSources, sizeOf } from './places.ts';
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
  const reader = readRecords(await sourcesOf([place], headers), { ...readingOf(flags), tally });
  let event: SourceEvent | undefined;
  reader.on('source', (seen: SourceEvent) => {
    event ??= seen;
    onFormat(seen.format);
  });
  const records: unknown[] = [];
  for await (const block of reader as AsyncIterable<RecordBlock>) {
    records.push(...block.records.slice(0, most - records.length));
    if (records.length >= most) break;
  }
  return { event, records, size: tally.totalBytes ?? sizeOf(place) };
}

/** The text of a preview, without anything that could steer the terminal. */
export function previewText(place: string, { event, records, size }: Sample, count: number): string {
  const compression = event?.compression ?? 'none';
  const columns = [...columnsOf(records)].map(
    ([name, kinds], i) => `${i === 0 ? 'columns  ' : '         '}${plain(name)}: ${kinds.join(' or ')}`,
  );
  const lines = [
    `source   ${plain(mask(event?.source ?? place))}${size === undefined ? '' : ` (${showBytes(size)})`}`,
    `format   ${event?.format ?? 'none: the source is empty'}${compression === 'none' ? '' : `, ${compression}`}`,
    ...columns,
    records.length === 0 ? 'records  none' : '',
    ...records.slice(0, count).map((record) => plain(encodeJson(record))),
  ];
  return `${lines.join('\n')}\n`;
}

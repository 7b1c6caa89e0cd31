import type { FormatName } from '../formats/format-named.ts';
import type { NumberPolicy } from '../formats/numbers.ts';
import { type HttpSourceOptions, httpSource } from '../sources/http-source.ts';
import type { SourceLike } from '../sources/to-sources.ts';
import type { ReadOptions } from '../streams/read-records.ts';
import { isUrl } from './places.ts';
import { parseSize } from './units.ts';
import type { HeaderFlagValues } from './url-headers.ts';

/** The flags that say how sources are read. */
export interface ReadingFlags extends HeaderFlagValues {
  readonly format?: FormatName;
  readonly path?: string;
  readonly csvHeader?: string;
  readonly delimiter?: string;
  readonly cast?: boolean;
  readonly numbers?: NumberPolicy;
  readonly maxRecordBytes?: string;
}

/** What the flags mean to `readRecords`. @throws UsageError when a size cannot be read */
export function readingOf(flags: ReadingFlags): ReadOptions {
  const { format, path, csvHeader, delimiter, cast, numbers, maxRecordBytes } = flags;
  return {
    ...(format !== undefined && { format }),
    ...(path !== undefined && { path, format: format ?? 'json' }),
    ...(csvHeader !== undefined && { header: csvHeader === 'none' ? false : csvHeader.split(',') }),
    ...(delimiter !== undefined && {
      delimiter: delimiter === '\\t' || delimiter === 'tab' ? '\t' : delimiter,
    }),
    ...(cast && { cast }),
    ...(numbers !== undefined && { numbers }),
    ...(maxRecordBytes !== undefined && { maxRecordBytes: parseSize('--max-record-bytes', maxRecordBytes) }),
  };
}

/** How sources are asked that are URLs. */
export type AskingOptions = Pick<HttpSourceOptions, 'headers' | 'maxRetries' | 'onRetry'>;

/** Sources of the command line. */
export function sourcesOf(places: readonly string[], asking: AskingOptions): readonly SourceLike[] {
  if (!places.some(isUrl)) return places;
  return places.map((place) => (isUrl(place) ? httpSource(place, asking) : place));
}

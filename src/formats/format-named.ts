import type { Format } from '../core/format.ts';
import { oneOf } from '../core/options.ts';
import { type CsvOptions, csv, tsv } from './csv-format.ts';
import { type JsonOptions, json, jsonSeq } from './json-format.ts';
import { type NdjsonOptions, ndjson } from './ndjson-format.ts';
import { type TextOptions, text } from './text-format.ts';

/** `jsonl` is another name of `ndjson`. */
export type FormatName = 'ndjson' | 'jsonl' | 'json' | 'json-seq' | 'csv' | 'tsv' | 'text';

/** The options of all formats; each format takes its own. */
export interface FormatOptions extends JsonOptions, NdjsonOptions, CsvOptions, TextOptions {}

const BOUNDS = ['maxRecordBytes', 'maxDepth'] as const;
const CSV = [
  'header',
  'delimiter',
  'quote',
  'escape',
  'cast',
  'comment',
  'trim',
  'relaxColumnCount',
] as const;
const JSON_ONLY = ['path', 'filter', 'jsonc'] as const;
const OPTIONS = [...BOUNDS, ...CSV, ...JSON_ONLY, 'numbers'] as const;

const FORMATS: Readonly<
  Record<FormatName, { readonly create: (options: never) => unknown; readonly takes: readonly string[] }>
> = {
  ndjson: { create: ndjson, takes: [...BOUNDS, 'numbers'] },
  jsonl: { create: ndjson, takes: [...BOUNDS, 'numbers'] },
  json: { create: json, takes: [...BOUNDS, ...JSON_ONLY, 'numbers'] },
  'json-seq': { create: jsonSeq, takes: [...BOUNDS, 'numbers'] },
  csv: { create: csv, takes: ['maxRecordBytes', ...CSV] },
  tsv: { create: tsv, takes: ['maxRecordBytes', ...CSV] },
  text: { create: text, takes: ['maxRecordBytes'] },
};

export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];

/**
 * The format of a name.
 * @throws TypeError when there is none, or an option does not belong to it; RangeError when one is out of its range
 */
export function formatNamed(name: FormatName, options: FormatOptions = {}): Format {
  const { create, takes } = FORMATS[oneOf('format', name, FORMAT_NAMES)];
  const given = OPTIONS.filter((option) => options[option] !== undefined);
  for (const option of given) {
    if (!takes.includes(option))
      throw new TypeError(`${option} is no option of the format ${name}, which takes ${takes.join(', ')}`);
  }
  return create(Object.fromEntries(given.map((option) => [option, options[option]])) as never) as Format;
}

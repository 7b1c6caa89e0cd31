import type { Format } from '../core/format.ts';
import { type OptionNames, oneOf } from '../core/options.ts';
import { type CsvOptions, csv, tsv } from './csv-format.ts';
import { type JsonOptions, json, jsonSeq } from './json-format.ts';
import { type NdjsonOptions, ndjson } from './ndjson-format.ts';
import { CSV_OPTIONS, JSON_OPTIONS, NDJSON_OPTIONS, TEXT_OPTIONS } from './option-names.ts';
import { type TextOptions, text } from './text-format.ts';

/** `jsonl` is another name of `ndjson`. */
export type FormatName = 'ndjson' | 'jsonl' | 'json' | 'json-seq' | 'csv' | 'tsv' | 'text';

/** The options of all formats; each format takes its own. */
export interface FormatOptions extends JsonOptions, NdjsonOptions, CsvOptions, TextOptions {}

const FORMATS: Readonly<
  Record<FormatName, { readonly create: (options: never) => unknown; readonly takes: object }>
> = {
  ndjson: { create: ndjson, takes: NDJSON_OPTIONS },
  jsonl: { create: ndjson, takes: NDJSON_OPTIONS },
  json: { create: json, takes: JSON_OPTIONS },
  'json-seq': { create: jsonSeq, takes: NDJSON_OPTIONS },
  csv: { create: csv, takes: CSV_OPTIONS },
  tsv: { create: tsv, takes: CSV_OPTIONS },
  text: { create: text, takes: TEXT_OPTIONS },
};

/** Of all formats. */
export const FORMAT_OPTIONS: OptionNames<FormatOptions> = { ...JSON_OPTIONS, ...CSV_OPTIONS };

export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];

/**
 * The format of a name, or one that was made.
 * @throws TypeError when an option stands beside one that was made, and has its own; as `formatNamed`
 */
export function formatFrom(format: FormatName | Format, options: FormatOptions): Format {
  if (typeof format !== 'object') return formatNamed(format, options);
  const [option] = givenOptions(options)[0] ?? [];
  if (option === undefined) return format;
  throw new TypeError(
    `${option} must be given to the function that makes the format ${format.name}, not beside what it has made`,
  );
}

/** Before a format is detected: what none of them could take. @throws TypeError or RangeError */
export function checkFormatOptions(options: FormatOptions): void {
  const given = givenOptions(options).map(([option]) => option);
  const name = FORMAT_NAMES.find((each) =>
    given.every((option) => Object.hasOwn(FORMATS[each].takes, option)),
  );
  if (name === undefined) throw new TypeError(`There is no format that takes all of ${given.join(', ')}`);
  if (given.length > 0) formatNamed(name, options);
}

/**
 * The format of a name.
 * @throws TypeError when there is none, or an option does not belong to it; RangeError when one is out of its range
 */
export function formatNamed(name: FormatName, options: FormatOptions = {}): Format {
  const { create, takes } = FORMATS[oneOf('format', name, FORMAT_NAMES)];
  const given = givenOptions(options);
  for (const [option] of given)
    if (!Object.hasOwn(takes, option))
      throw new TypeError(
        `${option} is no option of the format ${name}, which takes ${Object.keys(takes).join(', ')}`,
      );
  return create(Object.fromEntries(given) as never) as Format;
}

function givenOptions(options: FormatOptions): readonly (readonly [string, unknown])[] {
  return Object.entries(options).filter(
    ([option, value]) => value !== undefined && Object.hasOwn(FORMAT_OPTIONS, option),
  );
}

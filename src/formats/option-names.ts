import type { OptionNames } from '../core/options.ts';
import type { BoundOptions } from './bounds.ts';
import type { CsvOptions } from './csv-format.ts';
import type { JsonOptions } from './json-format.ts';
import type { NdjsonOptions } from './ndjson-format.ts';
import type { TextOptions } from './text-format.ts';

const BOUND_OPTIONS: OptionNames<BoundOptions> = {
  maxRecordBytes: true,
  maxDepth: true,
};

export const NDJSON_OPTIONS: OptionNames<NdjsonOptions> = {
  ...BOUND_OPTIONS,
  numbers: true,
};

export const JSON_OPTIONS: OptionNames<JsonOptions> = {
  ...NDJSON_OPTIONS,
  path: true,
  filter: true,
  jsonc: true,
};

export const CSV_OPTIONS: OptionNames<CsvOptions> = {
  maxRecordBytes: true,
  header: true,
  delimiter: true,
  quote: true,
  escape: true,
  cast: true,
  comment: true,
  trim: true,
  relaxColumnCount: true,
};

export const TEXT_OPTIONS: OptionNames<TextOptions> = {
  maxRecordBytes: true,
};

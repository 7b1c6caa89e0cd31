import type { Encoder } from '../core/format.ts';
import { oneOf } from '../core/options.ts';
import { type CsvEncoderOptions, csvEncoder, tsvEncoder } from './csv-encoder.ts';
import { jsonEncoder } from './json-encoder.ts';
import { ndjsonEncoder } from './ndjson-encoder.ts';
import { textEncoder } from './text-encoder.ts';

/** A format that records can be written in. */
export type OutputFormat = 'ndjson' | 'json' | 'csv' | 'tsv' | 'text';

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['ndjson', 'json', 'csv', 'tsv', 'text'];

/** Only CSV and TSV have columns and formulas; the other formats refuse these options. */
export type EncoderOptions = Pick<
  CsvEncoderOptions,
  'columns' | 'otherColumns' | 'escapeFormulas' | 'header'
>;

const BY_ENDING: Readonly<Record<string, OutputFormat>> = {
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  txt: 'text',
};

const COMPRESSION_ENDING = /\.(gz|zst|br)$/i;

/**
 * The encoder that a file name asks for: `.ndjson`, `.jsonl`, `.json`, `.csv`, `.tsv` or `.txt`, whatever the
 * compression (`.gz`, `.zst`, `.br`) after it.
 * @throws TypeError when the name ends in none of these
 */
export function encoderFor(name: string, options: EncoderOptions = {}): Encoder {
  return encoderOf(outputFormatOf(name), options);
}

/** The encoder of a format. @throws TypeError when the format does not know an option */
export function encoderOf(format: OutputFormat, options: EncoderOptions = {}): Encoder {
  oneOf('format', format, OUTPUT_FORMATS);
  if (format === 'csv') return csvEncoder(options);
  if (format === 'tsv') return tsvEncoder(options);
  for (const [option, value] of Object.entries(options))
    if (value !== undefined && value !== false)
      throw new TypeError(`${option} is an option of csv and tsv, the format is ${format}`);
  if (format === 'json') return jsonEncoder();
  return format === 'text' ? textEncoder() : ndjsonEncoder();
}

/** Whether the encoder of a format asks of records nothing but their JSON. */
export function takesJson(format: OutputFormat): boolean {
  return format === 'ndjson' || format === 'json';
}

/** The format that a file name asks for. @throws TypeError when it names none */
export function outputFormatOf(name: string): OutputFormat {
  const ending = /\.([^./\\]+)$/.exec(name.replace(COMPRESSION_ENDING, ''))?.[1]?.toLowerCase();
  const format = ending !== undefined && Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
  if (format !== undefined) return format;
  const endings = Object.keys(BY_ENDING).map((known) => `.${known}`);
  throw new TypeError(
    `file must end in ${endings.join(', ')}, or format must be given, got ${JSON.stringify(name)}`,
  );
}

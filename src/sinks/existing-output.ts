import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { PipelineError } from '../core/errors.ts';
import type { Encoder } from '../core/format.ts';
import { columnsFrom } from '../formats/columns.ts';
import { type EncoderOptions, encoderOf, type OutputFormat } from '../formats/encoders.ts';
import { sameNames } from '../formats/object-record.ts';
import { endsWithLineFeed } from './file-system.ts';

/** A file with records. */
export interface ExistingOutput {
  /** Its name, for messages. */
  readonly file: string;
  /** Where a copy of it is. */
  readonly copy: string;
}

/** An encoder that goes on where a file ends: on a line of its own, and with the columns that its header names. */
export async function encoderAfter(
  existing: ExistingOutput,
  format: OutputFormat,
  options: EncoderOptions,
): Promise<Encoder> {
  const encoder =
    format === 'csv' || format === 'tsv'
      ? encoderOf(format, await columnsAfter(existing, format, options))
      : encoderOf(format, options);
  const lineBreak = Buffer.from((await isWholeLines(existing.copy)) ? '' : '\n');
  return { ...encoder, header: (first) => Buffer.concat([lineBreak, encoder.header(first)]) };
}

async function columnsAfter(
  { file, copy }: ExistingOutput,
  format: 'csv' | 'tsv',
  options: EncoderOptions,
): Promise<EncoderOptions> {
  const { columns, otherColumns = columns === undefined ? 'refuse' : 'leave-out' } = options;
  const existing = await headerOf({ file, copy }, format === 'tsv' ? '\t' : ',');
  const names = columns && columnsFrom(columns).map(({ name }) => name);
  if (names !== undefined && !sameNames(names, existing))
    throw new PipelineError({
      code: 'SINK_FAILED',
      message: `${file} has other columns than those given: ${existing.map((name) => JSON.stringify(name)).join(', ')}`,
    });
  return { ...options, columns: columns ?? existing, otherColumns, header: false };
}

async function headerOf({ file, copy }: ExistingOutput, delimiter: string): Promise<readonly string[]> {
  const parser = parse({ delimiter, bom: true, to: 1, relax_column_count: true });
  const lines = pipeline(createReadStream(copy), parser, () => undefined); // whoever reads the lines is told what failed
  for await (const header of lines) return header as readonly string[];
  throw new PipelineError({ code: 'SINK_FAILED', message: `${file} has no header line to go on from` });
}

async function isWholeLines(copy: string): Promise<boolean> {
  const handle = await open(copy);
  try {
    return await endsWithLineFeed(handle);
  } finally {
    await handle.close();
  }
}

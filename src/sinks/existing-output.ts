import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';
import { parse } from 'csv-parse';
import { PipelineError } from '../core/errors.ts';
import type { Encoder } from '../core/format.ts';
import { columnsFrom } from '../formats/columns.ts';
import { type EncoderOptions, encoderOf, type OutputFormat } from '../formats/encoders.ts';
import { sameNames } from '../formats/object-record.ts';
import type { Compression } from './compressor.ts';
import { endsWithLineFeed } from './file-system.ts';

/** An encoder that goes on where a file ends: on a line of its own, and with the columns that its header names. */
export async function encoderAfter(
  file: string,
  format: OutputFormat,
  options: EncoderOptions,
  compression: Compression = 'none',
): Promise<Encoder> {
  const encoder =
    format === 'csv' || format === 'tsv'
      ? encoderOf(format, await columnsAfter(file, format, options, compression))
      : encoderOf(format, options);
  const lineBreak = Buffer.from(compression !== 'none' || (await isWholeLines(file)) ? '' : '\n');
  return { ...encoder, header: (first) => Buffer.concat([lineBreak, encoder.header(first)]) };
}

async function columnsAfter(
  file: string,
  format: 'csv' | 'tsv',
  options: EncoderOptions,
  compression: Compression,
): Promise<EncoderOptions> {
  const { columns, otherColumns = columns === undefined ? 'refuse' : 'leave-out' } = options;
  const existing = await headerOf(file, format === 'tsv' ? '\t' : ',', compression);
  const names = columns && columnsFrom(columns).map(({ name }) => name);
  if (names !== undefined && !sameNames(names, existing))
    throw new PipelineError({
      code: 'SINK_FAILED',
      message: `${file} has other columns than those given: ${existing.map((name) => JSON.stringify(name)).join(', ')}`,
    });
  return { ...options, columns: columns ?? existing, otherColumns, header: false };
}

async function headerOf(
  file: string,
  delimiter: string,
  compression: Compression,
): Promise<readonly string[]> {
  const inflated = compression === 'none' ? [] : [INFLATERS[compression]()];
  const rows = parse({ delimiter, bom: true, to: 1, relax_column_count: true });
  const lines = pipeline([createReadStream(file), ...inflated, rows], () => {}); // errors arrive by the iteration
  for await (const header of lines as unknown as AsyncIterable<readonly string[]>) return header;
  throw new PipelineError({ code: 'SINK_FAILED', message: `${file} has no header line to go on from` });
}

const INFLATERS: Readonly<Record<Exclude<Compression, 'none'>, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  zstd: createZstdDecompress,
  brotli: createBrotliDecompress,
};

async function isWholeLines(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    return await endsWithLineFeed(handle);
  } finally {
    await handle.close();
  }
}

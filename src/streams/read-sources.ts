import { PipelineError } from '../core/errors.ts';
import type { Format } from '../core/format.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { ByteContent, RecordContent } from '../core/source.ts';
import { detectFormat, headNeeded, isUtf16 } from '../formats/detect.ts';
import { formatNamed } from '../formats/format-named.ts';
import { type Compression, decompress } from '../sources/decompress.ts';
import { type SourceInput, toSources } from '../sources/to-sources.ts';
import { admit } from './admit.ts';
import { decodeAll, decompression, type OpenSource, type Reading } from './decode-pieces.ts';
import { gather } from './gather.ts';
import { goOn, placeToGoOn } from './go-on.ts';
import { type Head, readHead } from './read-head.ts';

/** The blocks of all sources, one source after another. A source that is done with is not opened. */
export async function* readSources<T>(
  input: SourceInput,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { options, policy, signal } = reading;
  signal.throwIfAborted();
  const sources = await toSources(input);
  for (const [index, source] of sources.entries()) {
    if (index < (options.from?.source ?? 0)) continue;
    const after = options.watch?.after(index);
    const content = await source.open({ signal, pool: options.pool, after });
    const isSame = options.watch?.opened(index, content) ?? false;
    if (content.kind === 'records')
      yield* readContent<T>({ source, index, content: content as RecordContent<T>, isSame }, reading);
    else {
      if (sources.length === 1) policy.tally.totalBytes = content.size;
      yield* decodeContent<T>({ source, index, content, isSame }, reading);
    }
  }
}

async function* readContent<T>(
  { source, index, content }: OpenSource<RecordContent<T>>,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { name } = source;
  const { records, before = 0 } = content;
  reading.announce({ source: name, format: 'records' });
  const end = { source: index, records: before };
  if (before > 0) reading.policy.tally.settle({ source: name, start: { source: index, records: 0 }, end });
  yield* watched(
    admit(gather(records, { name, index, before }), { name, index }, reading.policy),
    index,
    reading,
  );
}

async function* decodeContent<T>(
  opened: OpenSource<ByteContent>,
  reading: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  const { source, index, content } = opened;
  const { name } = source;
  const { options, announce } = reading;
  let compression: Compression = 'none';
  const onRecognised = (found: Compression) => {
    compression = found;
  };
  const { contentType, isDecoded = false } = content;
  const inflating = { ...decompression(opened, reading), onRecognised, isDecoded };
  const pieces = decompress(content.pieces, inflating);
  try {
    const stated = { name, ...(contentType !== undefined && { contentType }) };
    const head = await readHead(pieces, options.format === undefined ? headNeeded(stated) : 'a byte');
    const format = chooseFormat(name, content, head, options);
    announce({ source: name, format: format.name, compression });
    const all = chained(head.pieces, pieces);
    const from = format.isSeekable ? placeToGoOn(opened, options.from) : undefined;
    if (from !== undefined) yield* goOn<T>(opened, from, { pieces: all, format, compression }, reading);
    else {
      const decoder = format.decoder({ source: name, sourceIndex: index });
      yield* watched(decodeAll<T>(decoder, all, opened, reading), index, reading);
    }
  } finally {
    await pieces.return();
  }
}

/** What is read from the beginning must be what was read before. */
async function* watched<T>(
  blocks: AsyncIterable<RecordBlock<T>>,
  index: number,
  { options: { watch } }: Reading,
): AsyncGenerator<RecordBlock<T>, void> {
  for await (const block of blocks) {
    watch?.passed(index, block);
    yield block;
  }
  watch?.ended(index);
}

async function* chained(
  head: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* head;
    yield* rest;
  } finally {
    await rest.return();
  }
}

function chooseFormat(
  name: string,
  { contentType }: ByteContent,
  head: Head,
  options: Reading['options'],
): Format {
  const { format, ...rest } = options;
  if (typeof format === 'object') return format;
  refuseUtf16(name, head);
  if (format !== undefined) return formatNamed(format, rest);
  const found = detectFormat({
    name,
    head: head.bytes,
    isWhole: head.isWhole,
    options: rest,
    ...(contentType !== undefined && { contentType }),
  });
  if (found !== undefined) return formatNamed(found.format, { ...found.options, ...rest });
  const message =
    'The format could not be detected; name it with the option format (ndjson, json, csv, tsv, text)';
  throw new PipelineError({ code: 'UNKNOWN_FORMAT', message, source: name });
}

/** Every record of it would be wrong: one error says why. A format that is given as an object may know better. */
function refuseUtf16(name: string, { bytes }: Head): void {
  if (!isUtf16(bytes)) return;
  const message = 'The input is UTF-16, as its byte order mark says';
  throw new PipelineError({ code: 'INVALID_UTF8', message, source: name });
}

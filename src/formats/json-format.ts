import type { DecodeContext, Decoder, Format } from '../core/format.ts';
import { knownOptions } from '../core/options.ts';
import { type Framer, type JsonFramerOptions, scanEngine } from '../scan/index.ts';
import { type BoundOptions, boundsOf } from './bounds.ts';
import { checkJson, decodeJson, type JsonDecoding } from './decode-json.ts';
import { FramedDecoder } from './framed-decoder.ts';
import { filteredJson, type JsonFilter } from './json-filter.ts';
import { keysOf } from './json-path.ts';
import { LearnedShape } from './learned-shape.ts';
import { type NumberPolicy, numberPolicy } from './numbers.ts';
import { JSON_OPTIONS, NDJSON_OPTIONS } from './option-names.ts';
import type { DecodedRun } from './record-flaw.ts';
import { RootFramer } from './root-framer.ts';

export { jsonEncoder } from './json-encoder.ts';

/** Options of `json`. */
export interface JsonOptions extends BoundOptions {
  /**
   * Where the records are: the elements of the array, or the values of the object, at this dotted path; `''` for the
   * root. A list of keys serves for keys that hold dots. @default the elements of a top-level array, else the document
   */
  readonly path?: string | readonly string[];
  /** Picks the values whose path matches, wherever they are (by stream-json): each is a record, without its bytes. */
  readonly filter?: JsonFilter;
  /** Allows comments and trailing commas (by stream-json). @default false */
  readonly jsonc?: boolean;
  /** What becomes of numbers that a JavaScript number cannot hold. @default 'bigint' */
  readonly numbers?: NumberPolicy;
}

/**
 * One JSON document: an array of records, records at a path, or a single record.
 * @throws TypeError or RangeError when an option is wrong
 */
export function json<T = unknown>(options: JsonOptions = {}): Format<T> {
  knownOptions('json', options, JSON_OPTIONS);
  const { path, filter, jsonc = false } = options;
  if (filter !== undefined || jsonc) return filteredJson<T>(options);
  const decoding = { ...boundsOf(options), numbers: numberPolicy(options.numbers) };
  const keys = path === undefined ? undefined : keysOf(path);
  const { maxDepth } = decoding;
  const framed = (framing: Omit<JsonFramerOptions, 'maxDepth'>) =>
    scanEngine().jsonFramer({ ...framing, maxDepth });
  return {
    name: 'json',
    isSeekable: true,
    decoder: (context) =>
      decoderOf<T>(
        context,
        keys !== undefined
          ? framed({ records: 'elements', path: keys })
          : new RootFramer({
              array: framed({ records: 'elements', path: [] }),
              document: framed({ records: 'document', path: [] }),
            }),
        decoding,
      ),
  };
}

/**
 * JSON texts one after another, with white space, record separators (0x1e, RFC 7464) or nothing between them; they may
 * span lines.
 * @throws TypeError or RangeError when an option is wrong
 */
export function jsonSeq<T = unknown>(
  options: Omit<JsonOptions, 'path' | 'filter' | 'jsonc'> = {},
): Format<T> {
  knownOptions('jsonSeq', options, NDJSON_OPTIONS);
  const decoding = { ...boundsOf(options), numbers: numberPolicy(options.numbers) };
  const { maxDepth } = decoding;
  return {
    name: 'json-seq',
    isSeekable: true,
    decoder: (context) =>
      decoderOf<T>(context, scanEngine().jsonFramer({ records: 'values', path: [], maxDepth }), decoding),
  };
}

function decoderOf<T>(context: DecodeContext, framer: Framer, decoding: JsonDecoding): Decoder<T> {
  const learned = new LearnedShape();
  return new FramedDecoder<T>({
    context,
    framer,
    format: 'json',
    maxRecordBytes: decoding.maxRecordBytes,
    isRecoverable: false,
    decode: (encoded) => decodeJson(encoded, decoding, learned) as DecodedRun<T>,
    check: (encoded) => checkJson(encoded, decoding),
  });
}

import type { Format } from '../core/format.ts';
import { knownOptions } from '../core/options.ts';
import { type BoundOptions, boundsOf } from './bounds.ts';
import { checkJson, decodeJson } from './decode-json.ts';
import { FramedDecoder } from './framed-decoder.ts';
import { LearnedShape } from './learned-shape.ts';
import { LineFramer } from './line-framer.ts';
import { type NumberPolicy, numberPolicy } from './numbers.ts';
import { NDJSON_OPTIONS } from './option-names.ts';
import type { DecodedRun } from './record-flaw.ts';

export { ndjsonEncoder } from './ndjson-encoder.ts';

/** Options of `ndjson`. */
export interface NdjsonOptions extends BoundOptions {
  /** What becomes of numbers that a JavaScript number cannot hold. @default 'bigint' */
  readonly numbers?: NumberPolicy;
}

/**
 * One JSON text a line (ndjson.org, jsonlines.org), ended by LF or CRLF; the last line may lack it. Blank lines are
 * skipped, and record separators (0x1e, RFC 7464) before a text. A malformed line leaves the next one readable.
 * @throws TypeError or RangeError when an option is wrong
 */
export function ndjson<T = unknown>(options: NdjsonOptions = {}): Format<T> {
  knownOptions('ndjson', options, NDJSON_OPTIONS);
  const decoding = { ...boundsOf(options), numbers: numberPolicy(options.numbers) };
  return {
    name: 'ndjson',
    isSeekable: true,
    decoder: (context) => {
      const learned = new LearnedShape();
      return new FramedDecoder<T>({
        context,
        framer: new LineFramer({ keepBlank: false }),
        format: 'json',
        maxRecordBytes: decoding.maxRecordBytes,
        lines: 'between',
        isRecoverable: true,
        decode: (encoded) => decodeJson(encoded, decoding, learned) as DecodedRun<T>,
        check: (encoded) => checkJson(encoded, decoding),
      });
    },
  };
}

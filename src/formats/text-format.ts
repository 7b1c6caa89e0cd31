import type { Format } from '../core/format.ts';
import { knownOptions } from '../core/options.ts';
import { type BoundOptions, boundsOf } from './bounds.ts';
import { FramedDecoder } from './framed-decoder.ts';
import { LineFramer } from './line-framer.ts';
import { TEXT_OPTIONS } from './option-names.ts';
import { decodeEach } from './record-flaw.ts';
import { textOfRecords } from './record-text.ts';

export { textEncoder } from './text-encoder.ts';

/** Options of `text`. */
export type TextOptions = Pick<BoundOptions, 'maxRecordBytes'>;

/**
 * Each line is a record, a string without its LF or CRLF; blank lines are records too.
 * @throws RangeError when an option is wrong
 */
export function text(options: TextOptions = {}): Format<string> {
  knownOptions('text', options, TEXT_OPTIONS);
  const { maxRecordBytes } = boundsOf(options);
  return {
    name: 'text',
    isSeekable: true,
    decoder: (context) =>
      new FramedDecoder<string>({
        context,
        framer: new LineFramer({ keepBlank: true }),
        format: 'text',
        maxRecordBytes,
        lines: 'between',
        isRecoverable: true,
        decode: (encoded) => decodeEach(encoded.starts.length, textOfRecords(encoded)),
      }),
  };
}

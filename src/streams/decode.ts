import type { Format } from '../core/format.ts';
import { knownOptions, type OptionNames } from '../core/options.ts';
import type { RecordBlock } from '../core/record-block.ts';
import { FORMAT_OPTIONS, type FormatName, type FormatOptions, formatFrom } from '../formats/format-named.ts';
import {
  admit,
  INVALID_RECORD_OPTIONS,
  type InvalidRecordOptions,
  type InvalidRecordPolicy,
  invalidRecordPolicy,
} from './admit.ts';
import { Stage } from './stage.ts';

/** Options of `decode`. */
export interface DecodeOptions extends FormatOptions, InvalidRecordOptions {
  /** Name of the source, for messages. @default 'input' */
  readonly name?: string;
}

const DECODE_OPTIONS: OptionNames<DecodeOptions> = {
  ...FORMAT_OPTIONS,
  ...INVALID_RECORD_OPTIONS,
  name: true,
};

/**
 * A stage that decodes bytes: pieces in, blocks of records out.
 * @param format `'json'`, `'ndjson'`, `'json-seq'`, `'csv'`, `'tsv'`, `'text'`, or a format that a function such as `csv()` made
 * @throws TypeError when an option does not belong to the format; fails with a `PipelineError` when the input is malformed
 */
export function decode<T = unknown>(
  format: FormatName | Format<T>,
  options: DecodeOptions = {},
): Stage<Uint8Array, RecordBlock<T>> {
  return new DecodeStage<T>(format, options);
}

class DecodeStage<T> extends Stage<Uint8Array | string, RecordBlock<T>> {
  readonly #decoder: ReturnType<Format<T>['decoder']>;
  readonly #policy: InvalidRecordPolicy;
  readonly #place: { readonly name: string; readonly index: number };

  constructor(format: FormatName | Format<T>, options: DecodeOptions) {
    knownOptions('decode', options, DECODE_OPTIONS);
    const { name = 'input', onInvalid: _o, deadLetters: _d, tally: _t, ...formatOptions } = options;
    const policy = invalidRecordPolicy(options);
    const decoded = formatFrom(format, formatOptions) as Format<T>;
    super();
    this.#policy = policy;
    this.#place = { name, index: 0 };
    this.#decoder = decoded.decoder({ source: name, sourceIndex: 0 });
  }

  protected override process(piece: Uint8Array | string): AsyncGenerator<RecordBlock<T>, void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.#policy.tally.bytes += bytes.length;
    return admit(this.#decoder.decode(bytes), this.#place, this.#policy);
  }

  protected override finish(): AsyncGenerator<RecordBlock<T>, void> {
    return admit(this.#decoder.end(), this.#place, this.#policy);
  }
}

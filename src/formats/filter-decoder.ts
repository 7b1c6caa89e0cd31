import { none } from 'stream-chain/defs.js';
import { exec } from 'stream-chain/exec.js';
import type { Token } from 'stream-json/core/parser.js';
import { type ErrorCode, PipelineError } from '../core/errors.ts';
import type { DecodeContext, Decoder } from '../core/format.ts';
import { ObjectBlock } from '../core/object-block.ts';
import type { RecordBlock } from '../core/record-block.ts';
import type { Bounds } from './bounds.ts';
import { exactNumber, type NumberPolicy } from './numbers.ts';
import { FlawError } from './record-flaw.ts';
import { NotUtf8, Utf8Pieces } from './utf8-pieces.ts';

type Stage = Extract<Parameters<typeof exec>[number], (...args: never) => unknown>;

/** The stages from tokens to records. */
export interface RecordStages {
  /** Lets the tokens of records pass. */
  readonly choose: readonly unknown[];
  readonly assemble: (token: Token) => unknown;
  /** @throws FlawError when the input held no place for records */
  end?(): void;
}

/** Runs the functions of stream-json as one, within bounds. */
export class FilterDecoder<T> implements Decoder<T> {
  readonly #run: ReturnType<typeof exec>;
  readonly #stages: RecordStages;
  readonly #bounds: Bounds;
  readonly #context: DecodeContext;
  readonly #text = new Utf8Pieces();
  #records = 0;
  /** Characters since the last token: what the parser keeps. */
  #unparsed = 0;
  /** Characters of the tokens of the unfinished record, and one more for each. */
  #size = 0;
  #found: T[] = [];

  constructor(
    parser: unknown,
    stages: RecordStages,
    numbers: NumberPolicy,
    bounds: Bounds,
    context: DecodeContext,
  ) {
    const { choose, assemble } = stages;
    const noteToken = (token: Token) => this.#noteToken(token);
    const noteSize = (token: Token) => this.#noteSize(token);
    const assembling = [...choose, noteSize, exactly(numbers), assemble];
    this.#run = exec([parser, noteToken, depthGuard(bounds), ...assembling] as Stage[]);
    this.#stages = stages;
    this.#bounds = bounds;
    this.#context = context;
  }

  *decode(bytes: Uint8Array): Generator<RecordBlock<T>, void> {
    yield* this.#collect('MALFORMED_INPUT', () => {
      for (const text of this.#text.decode(bytes)) this.#parse(text);
    });
  }

  *end(): Generator<RecordBlock<T>, void> {
    yield* this.#collect('SOURCE_TRUNCATED', () => {
      this.#text.end();
      this.#feed(none);
      this.#stages.end?.();
    });
  }

  /** The parser forgets what came before a flaw in the same text: the text ends where a record may end. */
  #parse(text: string): void {
    for (const [part] of text.matchAll(/[^\]}]*[\]}]|[^\]}]+/g)) {
      this.#unparsed += part.length;
      this.#feed(part);
      if (this.#unparsed > this.#bounds.maxRecordBytes) throw tooLarge(this.#bounds);
    }
  }

  #feed(input: unknown): void {
    void this.#run(input, (item: { readonly value: T }) => {
      this.#found.push(item.value);
      this.#size = 0;
    });
  }

  #noteToken(token: Token): Token {
    this.#unparsed = 0;
    return token;
  }

  #noteSize(token: Token): Token {
    const value: unknown = 'value' in token ? token.value : undefined;
    this.#size += typeof value === 'string' ? value.length + 1 : 1;
    if (this.#size > this.#bounds.maxRecordBytes) throw tooLarge(this.#bounds);
    return token;
  }

  /** Gives out the records that were found, then the failure if there was one. */
  *#collect(code: ErrorCode, step: () => void): Generator<RecordBlock<T>, void> {
    let failure: unknown;
    try {
      step();
    } catch (error) {
      failure = error;
    }
    const records = this.#found;
    this.#found = [];
    const { source, sourceIndex } = this.#context;
    const start = { source: sourceIndex, records: this.#records };
    this.#records += records.length;
    const end = { source: sourceIndex, records: this.#records };
    if (records.length > 0) yield new ObjectBlock({ source, start, end, records });
    if (failure !== undefined) throw this.#asPipelineError(failure as Error, code);
  }

  #asPipelineError(error: Error, otherwise: ErrorCode): PipelineError {
    const isKnown = error instanceof FlawError || error instanceof NotUtf8;
    const code = error instanceof FlawError ? error.code : isKnown ? 'INVALID_UTF8' : otherwise;
    const position = { record: this.#records + 1 };
    const { source } = this.#context;
    return new PipelineError({ code, message: error.message, cause: error, source, position });
  }
}

/** Outside of the record there may be a container more than in it. */
function depthGuard({ maxDepth }: Bounds) {
  let depth = 0;
  return (token: Token): Token => {
    depth += STEP[token.name] ?? 0;
    if (depth <= maxDepth + 1) return token;
    throw new FlawError('RECORD_TOO_DEEP', `The record is nested deeper than maxDepth (${maxDepth})`);
  };
}

const STEP: Readonly<Record<string, number>> = { startObject: 1, startArray: 1, endObject: -1, endArray: -1 };

function tooLarge({ maxRecordBytes }: Bounds): FlawError {
  const most = maxRecordBytes.toLocaleString('en-US');
  return new FlawError('RECORD_TOO_LARGE', `The record is larger than maxRecordBytes (${most})`);
}

/** Numbers by the policy: the assembler takes the value of a string token as it is. */
function exactly(numbers: NumberPolicy) {
  return (token: Token): unknown =>
    token.name === 'numberValue' ? { name: 'stringValue', value: exactNumber(token.value, numbers) } : token;
}

import { none } from 'stream-chain/defs.js';
import { pick } from 'stream-json/core/filters/pick.js';
import jsoncParser from 'stream-json/core/jsonc/parser.js';
import jsonParser, { type Token } from 'stream-json/core/parser.js';
import { streamArray } from 'stream-json/core/streamers/stream-array.js';
import { streamObject } from 'stream-json/core/streamers/stream-object.js';
import { streamValues } from 'stream-json/core/streamers/stream-values.js';
import type { Format } from '../core/format.ts';
import { expectKind } from '../core/options.ts';
import { type Bounds, boundsOf } from './bounds.ts';
import { FilterDecoder, type RecordStages } from './filter-decoder.ts';
import type { JsonOptions } from './json-format.ts';
import { keysOf } from './json-path.ts';
import { numberPolicy } from './numbers.ts';
import { FlawError } from './record-flaw.ts';

/**
 * Which values are records: a pattern for their dotted path, or a function of their path (keys and indexes from the
 * root) and of the token that begins them (`startObject`, `startArray`, `stringValue`, `numberValue`, …).
 */
export type JsonFilter =
  | RegExp
  | ((
      path: readonly (string | number | null)[],
      token: { readonly name: string; readonly value?: unknown },
    ) => boolean);

/**
 * The general way through a JSON document, by stream-json: filters and comments. Slower than a plain path; records have
 * no bytes, and positions only their number.
 */
export function filteredJson<T>(options: JsonOptions): Format<T> {
  const { filter, path, jsonc = false } = options;
  const isFilter = filter === undefined || filter instanceof RegExp || typeof filter === 'function';
  expectKind('filter', filter, isFilter, 'a RegExp or a function');
  expectKind('filter', filter, filter === undefined || path === undefined, 'left out when there is a path');
  const bounds = boundsOf(options);
  const numbers = numberPolicy(options.numbers);
  const keys = path === undefined ? undefined : keysOf(path);
  return {
    name: jsonc ? 'jsonc' : 'json',
    decoder: (context) => {
      const records = filter === undefined ? new Elements(keys, bounds) : picked(filter, bounds);
      const parser = (jsonc ? jsoncParser : jsonParser)({ streamValues: false });
      return new FilterDecoder<T>(parser, records, numbers, bounds, context);
    },
  };
}

function picked(filter: JsonFilter, { maxDepth }: Bounds): RecordStages {
  return { choose: [pick({ filter: filter as RegExp, maxDepth: maxDepth + 1 })], assemble: streamValues() };
}

/** Without a filter: the elements of an array, or the values of an object at a path; else the document is the record. */
class Elements implements RecordStages {
  readonly choose: readonly unknown[];
  readonly #path: readonly string[] | undefined;
  #streamer: ((token: Token) => unknown) | undefined;

  constructor(path: readonly string[] | undefined, { maxDepth }: Bounds) {
    this.#path = path;
    this.choose = path === undefined ? [] : [pick({ filter: this.#isWanted, maxDepth: maxDepth + 1 })];
  }

  readonly #isWanted = (stack: readonly unknown[]): boolean => {
    const path = this.#path!;
    if (stack.length !== path.length || path.some((key, index) => stack[index] !== key)) return false;
    if (this.#streamer === undefined) return true;
    throw new FlawError('PATH_NOT_FOUND', `The key ${this.#place} stands there twice`);
  };

  readonly assemble = (token: Token): unknown => {
    // white space and comments before the root are tokens too
    if (this.#streamer === undefined && !BEGINS_VALUE.has(token.name)) return none;
    this.#streamer ??= this.#streamerFor(token) as (token: Token) => unknown;
    return this.#streamer(token);
  };

  end(): void {
    if (this.#path !== undefined && this.#streamer === undefined)
      throw new FlawError('PATH_NOT_FOUND', `There is nothing at ${this.#place}`);
  }

  #streamerFor({ name }: Token): unknown {
    if (name === 'startArray') return streamArray();
    if (this.#path === undefined) return streamValues();
    if (name === 'startObject') return streamObject();
    throw new FlawError('PATH_NOT_FOUND', `The value at ${this.#place} is neither an array nor an object`);
  }

  get #place(): string {
    return this.#path?.join('.') || 'the root';
  }
}

const BEGINS_VALUE: ReadonlySet<string> = new Set<Token['name']>([
  'startArray',
  'startObject',
  'stringValue',
  'numberValue',
  'nullValue',
  'trueValue',
  'falseValue',
]);

import { Readable } from 'node:stream';
import { messageOf, PipelineError } from '../core/errors.ts';
import { expectKind, knownOptions, type OptionNames } from '../core/options.ts';
import type { Source, SourceContent } from '../core/source.ts';

/** Options of `iterableSource`. */
export interface IterableSourceOptions<T = unknown> {
  /** Name for messages. @default 'stream', 'response' or 'records' */
  readonly name?: string;
  /** Whether the items are bytes (or text) or records. @default bytes when they are `Uint8Array`s, or the text of a stream */
  readonly kind?: 'bytes' | 'records';
  /**
   * What is called the place behind a record, as plain JSON: a key, a page, an offset. A run that goes on hands it to the
   * function that makes the iterable. @default nothing: all records come again, and those that are done are skipped
   */
  readonly tokenOf?: (record: T) => unknown;
}

const OPTIONS: OptionNames<IterableSourceOptions> = {
  name: true,
  kind: true,
  tokenOf: true,
};

/** Makes an iterable of the records behind a place; of all of them when it is given none. */
export type IterableFactory<T = unknown> = (
  after?: unknown,
) => Iterable<T> | AsyncIterable<T> | Promise<Iterable<T> | AsyncIterable<T>>;

/** What `iterableSource` takes. */
export type IterableInput<T = unknown> = Iterable<T> | AsyncIterable<T> | ReadableStream<T> | Response;

/**
 * A Node stream, a web stream, a `Response`, or any (async) iterable: of bytes or of records. It can be read once; a
 * function that makes an iterable is called for each run.
 * @throws TypeError when it is none of these
 * @example
 * const rows = iterableSource((after = 0) => rowsBehind(after), { name: 'orders', tokenOf: ({ id }) => id });
 */
export function iterableSource<T>(
  input: IterableInput<T> | IterableFactory<T>,
  options: IterableSourceOptions<T> = {},
): Source<T> {
  knownOptions('iterableSource', options as IterableSourceOptions, OPTIONS);
  const { tokenOf } = options;
  if (typeof input === 'function') return madeSource(input, options);
  const isIterable = isIterableInput(input);
  expectKind(
    'source',
    input,
    isIterable,
    'a stream, a Response or an (async) iterable, or a function that makes one',
  );
  expectKind('tokenOf', tokenOf, tokenOf === undefined, 'left out where no function makes the iterable');
  const name = options.name ?? nameOf(input);
  return {
    name,
    open: async ({ signal }) => {
      signal.throwIfAborted();
      if (input instanceof Response) return openResponse(input, name, signal) as SourceContent<T>;
      const kind =
        options.kind ?? (input instanceof Readable && !input.readableObjectMode ? 'bytes' : undefined);
      return openIterable(input, name, kind, signal);
    },
  };
}

function madeSource<T>(make: IterableFactory<T>, options: IterableSourceOptions<T>): Source<T> {
  const { name = 'records', kind, tokenOf } = options;
  const isFunction = tokenOf === undefined || typeof tokenOf === 'function';
  expectKind('tokenOf', tokenOf, isFunction, 'a function from a record to the place behind it');
  return {
    name,
    open: async ({ signal, after }) => {
      signal.throwIfAborted();
      const made = await make(after?.token);
      const isIterable = isIterableInput(made);
      expectKind('source', made, isIterable, 'a function that makes an (async) iterable');
      const content = await openIterable(
        made as Iterable<T>,
        name,
        tokenOf === undefined ? kind : 'records',
        signal,
      );
      if (content.kind === 'bytes') return content;
      return {
        ...content,
        ...(tokenOf && { tokenOf }),
        ...(after !== undefined && { before: after.records }),
      };
    },
  };
}

/** Whether a value is something that `iterableSource` takes. */
export function isIterableInput(input: unknown): input is IterableInput {
  if (typeof input !== 'object' || input === null) return false;
  return Symbol.asyncIterator in input || Symbol.iterator in input || input instanceof Response;
}

function nameOf(input: unknown): string {
  if (input instanceof Response) return 'response';
  return input instanceof Readable || input instanceof ReadableStream ? 'stream' : 'records';
}

function openResponse(response: Response, name: string, signal: AbortSignal): SourceContent {
  const { ok, status, statusText, body, headers } = response;
  if (!ok) {
    void body?.cancel();
    const message = `The answer is HTTP ${status} ${statusText}`.trimEnd();
    throw new PipelineError({ code: 'SOURCE_FAILED', message, source: name });
  }
  const contentType = headers.get('content-type');
  const pieces = guarded((body ?? []) as AsyncIterable<Uint8Array>, name, signal);
  const isDecoded = headers.has('content-encoding');
  return { kind: 'bytes', pieces, isDecoded, ...(contentType !== null && { contentType }) };
}

/** The first item shows what the others are, unless the caller says it. */
async function openIterable<T>(
  input: Iterable<T> | AsyncIterable<T>,
  name: string,
  stated: 'bytes' | 'records' | undefined,
  signal: AbortSignal,
): Promise<SourceContent<T>> {
  const items = guarded(input, name, signal);
  if (stated === 'records') return { kind: 'records', records: items };
  if (stated === 'bytes') return { kind: 'bytes', pieces: asBytes(items, name) };
  const first = await items.next();
  const all = resumed(first, items);
  return !first.done && first.value instanceof Uint8Array
    ? { kind: 'bytes', pieces: asBytes(all, name) }
    : { kind: 'records', records: all };
}

async function* resumed<T>(
  first: IteratorResult<T, void>,
  rest: AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  try {
    if (first.done) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function* asBytes(items: AsyncIterable<unknown>, name: string): AsyncGenerator<Uint8Array, void> {
  for await (const item of items) {
    if (item instanceof Uint8Array) yield item;
    else if (typeof item === 'string') yield Buffer.from(item);
    else {
      const message = `The source must give out bytes or text, got ${typeof item}`;
      throw new PipelineError({ code: 'SOURCE_FAILED', message, source: name });
    }
  }
}

/** The items, with errors that name the source, and an end when the signal aborts – also in the middle of a wait. */
async function* guarded<T>(
  input: Iterable<T> | AsyncIterable<T>,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<T, void> {
  const iterator = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]();
  let leaveNow: (reason: unknown) => void = () => {};
  const abort = () => leaveNow(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  let isAtEnd = false;
  try {
    for (;;) {
      // a race against one long-lived promise would keep every item alive until the end
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        leaveNow = reject;
        Promise.resolve(iterator.next()).then(resolve, reject);
      });
      if (next.done) {
        isAtEnd = true;
        return;
      }
      yield next.value;
    }
  } catch (cause) {
    if (signal.aborted) throw cause;
    isAtEnd = true;
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError({
      code: 'SOURCE_FAILED',
      message: `The source failed: ${messageOf(cause)}`,
      cause,
      source: name,
    });
  } finally {
    signal.removeEventListener('abort', abort);
    if (!isAtEnd) await leave(iterator, input, signal);
  }
}

/** A generator that is in the middle of a wait only returns when the wait is over: an abort does not wait for that. */
async function leave(
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
  input: unknown,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted && input instanceof Readable) input.destroy();
  const left = Promise.resolve(iterator.return?.());
  if (signal.aborted) left.catch(() => {});
  else await left;
}

import type { Chunk } from '../core/chunk.ts';
import { expectKind, knownOptions, type OptionNames, oneOf } from '../core/options.ts';
import type { Sink, SinkLimits, WriteContext } from '../core/sink.ts';
import { type Failure, HttpError, httpError } from '../failures/index.ts';
import { discardBody } from './http-answer.ts';
import { basicAuth, checkedHeaders, type HeaderValues, sinkUrl } from './http-request.ts';

export type { HeaderValues };

/** Headers of one attempt, made when it begins. */
export type HeadersFunction<T = unknown> = (
  chunk: Chunk<T>,
  context: WriteContext,
) => HeaderValues | Promise<HeaderValues>;

/** What `fetch` takes as a body. */
export type RequestBody = NonNullable<RequestInit['body']>;

/** The body of a request: the records as a JSON array, a line of JSON each, or whatever the function makes of a chunk. */
export type HttpBody<T = unknown> =
  | 'json'
  | 'ndjson'
  | ((chunk: Chunk<T>) => RequestBody | Promise<RequestBody>);

/** Options of `httpSink`. */
export interface HttpSinkOptions<T = unknown> {
  /** Where to send chunks: http or https. A user and password in it are sent as Basic authentication and never shown. */
  readonly url: string | URL;
  /** @default 'POST' */
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  /** Headers, or a function that is asked for them at each attempt: a token may be renewed meanwhile. */
  readonly headers?: HeaderValues | HeadersFunction<T>;
  /** A function must make the same body of the same chunk, whichever attempt asks. @default 'json' */
  readonly body?: HttpBody<T>;
  /** @default by the body: `application/json`, `application/x-ndjson`; none for a function */
  readonly contentType?: string;
  /**
   * Sends the id of the chunk as `Idempotency-Key`, the same at every attempt and after every restart, as a quoted
   * string (the IETF's draft makes it a structured field). Another form or name: set it in `headers`.
   * @default true
   */
  readonly idempotencyKey?: boolean;
  /** Says that the server does the work of a key once only. Then the guarantee is `effectively-once`. @default false */
  readonly keysHonoured?: boolean;
  /**
   * Looks into an answer of 200 to 299, for servers that answer for each record: throws a `PartialWriteError` with those
   * that were not taken. Only they are sent again, or set aside. @default such an answer means that all are safe
   */
  readonly readAnswer?: (response: Response, chunk: Chunk<T>) => void | Promise<void>;
  /** The most that the server takes in one request. */
  readonly limits?: SinkLimits;
  /** @default the built-in fetch */
  readonly fetch?: typeof fetch;
}

const OPTIONS: OptionNames<HttpSinkOptions> = {
  url: true,
  method: true,
  headers: true,
  body: true,
  contentType: true,
  idempotencyKey: true,
  keysHonoured: true,
  readAnswer: true,
  limits: true,
  fetch: true,
};

/**
 * Sends each chunk in one request. Any answer of 200 to 299 means that the chunk is safe, unless `readAnswer` finds
 * otherwise; a redirect is not followed and an error, since a write must go where it was sent.
 *
 * At least once: an answer may get lost after the work was done. Effectively once where the server honours the keys.
 * @throws TypeError when an option is wrong; a write fails with what `httpError` makes of the answer
 */
export function httpSink<T = unknown>(options: HttpSinkOptions<T>): Sink<T> {
  knownOptions('httpSink', options, OPTIONS);
  const {
    method = 'POST',
    headers = {},
    body = 'json',
    idempotencyKey = true,
    keysHonoured = false,
  } = options;
  const { url, credentials, name } = sinkUrl(options.url);
  oneOf('method', method, ['POST', 'PUT', 'PATCH']);
  if (typeof body !== 'function') oneOf('body', body, ['json', 'ndjson']);
  expectKind('keysHonoured', keysHonoured, !keysHonoured || idempotencyKey, 'false without idempotencyKey');
  if (typeof headers !== 'function') checkedHeaders(headers);
  const isReader = options.readAnswer === undefined || typeof options.readAnswer === 'function';
  expectKind('readAnswer', options.readAnswer, isReader, 'a function');
  const contentType = options.contentType ?? contentTypeOf(body);
  const own = checkedHeaders({
    ...(credentials !== undefined && { authorization: basicAuth(credentials) }),
    ...(contentType !== undefined && { 'content-type': contentType }),
  });

  return {
    name,
    guarantee: keysHonoured ? 'effectively-once' : 'at-least-once',
    keepsNothing: isCopied(options),
    ...(options.limits !== undefined && { limits: options.limits }),
    async write(chunk, context) {
      context.signal.throwIfAborted();
      const given = checkedHeaders(typeof headers === 'function' ? await headers(chunk, context) : headers);
      const key = idempotencyKey && { 'idempotency-key': `"${chunk.id}"` };
      const content = await bodyOf(body, chunk);
      const response = await (options.fetch ?? fetch)(url, {
        method,
        headers: { ...own, ...key, ...given },
        body: content,
        ...(content instanceof ReadableStream && { duplex: 'half' }),
        redirect: 'manual',
        signal: context.signal,
      } as RequestInit);
      if (!response.ok) throw await failureOf(response, name, keysHonoured);
      await options.readAnswer?.(response, chunk);
      if (!response.bodyUsed) await discardBody(response);
    },
  };
}

/** Not what somebody has put in its place later, as tests do. */
const BUILT_IN = globalThis.fetch;

/** The built-in fetch sends a copy of the body; nobody knows what other functions keep of a chunk that they are given. */
function isCopied<T>({ fetch, body, headers, readAnswer }: HttpSinkOptions<T>): boolean {
  const isGiven = [fetch, body, headers, readAnswer].some((option) => typeof option === 'function');
  return !isGiven && globalThis.fetch === BUILT_IN;
}

function contentTypeOf(body: HttpBody<never>): string | undefined {
  if (typeof body === 'function') return undefined;
  return body === 'json' ? 'application/json' : 'application/x-ndjson';
}

async function bodyOf<T>(body: HttpBody<T>, chunk: Chunk<T>): Promise<RequestBody> {
  if (typeof body === 'function') return body(chunk);
  return (body === 'json' ? chunk.jsonArray() : chunk.ndjson()) as RequestBody;
}

async function failureOf(response: Response, name: string, keysHonoured: boolean): Promise<Error> {
  const isRedirect = response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400);
  if (!isRedirect) {
    const error = await httpError(response);
    return keysHonoured && error.status === 409 ? Object.assign(error, { failure: KEY_IN_USE }) : error;
  }
  await discardBody(response);
  // A fetch that hides redirects tells no status.
  const status = response.status === 0 ? 302 : response.status;
  const message = `${name} answered ${status}: a write does not follow redirects, give the address it leads to`;
  return new HttpError(status, message, undefined);
}

/**
 * A server that honours keys answers 409 while it still works on an earlier attempt (the IETF's draft on Idempotency-Key).
 * In halves, under other keys, the records would be written twice.
 */
const KEY_IN_USE: Failure = { kind: 'throttled', why: 'HTTP 409 for a key that the server honours' };

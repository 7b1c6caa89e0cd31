import { messageOf, PipelineError } from '../core/errors.ts';
import { integerBetween, knownOptions, MAX_TIMER_MS, type OptionNames } from '../core/options.ts';
import type { ByteContent, ReadContext, Source } from '../core/source.ts';
import {
  BACKOFF_OPTIONS,
  type BackoffOptions,
  backoff,
  classify,
  httpError,
  isTransientKind,
  wait,
} from '../failures/index.ts';
import { type HttpAddress, httpAddress } from './http-address.ts';
import { request } from './http-request.ts';
import { checkRange, isDecodedBody, type Version, versionOf } from './http-version.ts';

/** Headers, as an object or as `Headers`. */
export type HeadersInput = Readonly<Record<string, string>> | Headers;

/** Options of `httpSource`. */
export interface HttpSourceOptions {
  /** Headers, or a function that gives them anew for each request. They never follow a redirect to another origin. */
  readonly headers?: HeadersInput | (() => HeadersInput | Promise<HeadersInput>);
  /** Milliseconds without a byte after which the connection counts as lost. @default 30_000 */
  readonly inactivityMs?: number;
  /** Requests that may fail in a row, for a passing reason and without a byte in between, beside the first. @default 3 */
  readonly maxRetries?: number;
  /** The waits before those retries. @default 1 s, 2 s, 4 s, at most 30 s */
  readonly backoff?: BackoffOptions;
  /** Longest `Retry-After` that is obeyed, in milliseconds. @default 300_000 */
  readonly maxRetryAfterMs?: number;
  /**
   * Takes a body whose end only the end of the connection tells, which a cut looks like, too. A body is else refused
   * that has neither a `Content-Length` nor the chunked transfer coding. @default false
   */
  readonly allowUnknownLength?: boolean;
  /** Called before each wait. */
  readonly onRetry?: (event: SourceRetryEvent) => void;
  /** The function that sends requests. @default the built-in fetch */
  readonly fetch?: typeof fetch;
}

/** What `onRetry` is told. */
export interface SourceRetryEvent {
  /** Number of the retry that follows, from 1; it begins anew when bytes have come. */
  readonly retry: number;
  /** Milliseconds until then. */
  readonly delayMs: number;
  /** What the failure means. */
  readonly why: string;
  readonly error: unknown;
}

const OPTIONS: OptionNames<HttpSourceOptions> = {
  headers: true,
  inactivityMs: true,
  maxRetries: true,
  backoff: true,
  maxRetryAfterMs: true,
  allowUnknownLength: true,
  onRetry: true,
  fetch: true,
};

/**
 * The body of an HTTP answer. When it is cut in the middle it is resumed where it stopped, with `Range` and the strong
 * ETag in `If-Match`; where the server knows no ranges and sends it all again, what is here is left out. When it cannot
 * be resumed, or has changed meanwhile, that is an error, never a short read.
 * @throws TypeError or RangeError when the URL or an option is wrong
 */
export function httpSource(url: string | URL, options: HttpSourceOptions = {}): Source {
  knownOptions('httpSource', options, OPTIONS);
  const address = httpAddress(url);
  const { inactivityMs = 30_000, maxRetries = 3 } = options;
  integerBetween('inactivityMs', inactivityMs, 1, MAX_TIMER_MS);
  integerBetween('maxRetries', maxRetries, 0, 100);
  knownOptions('backoff', options.backoff ?? {}, BACKOFF_OPTIONS);
  backoff(options.backoff);
  return {
    name: address.name,
    open: (context) => new Download(address, { ...options, inactivityMs, maxRetries }, context).open(),
  };
}

type Settings = HttpSourceOptions & Required<Pick<HttpSourceOptions, 'inactivityMs' | 'maxRetries'>>;

/** One body on its way here, over as many requests as it takes. */
class Download {
  readonly #address: HttpAddress;
  readonly #settings: Settings;
  readonly #signal: AbortSignal;
  /** Where it begins in the whole body, of which version. */
  #from: number;
  readonly #etag: string | undefined;
  /** Bytes of the whole body that are here, or are not wanted. */
  #received: number;
  /** Bytes of the whole body, once an answer has told. */
  #total: number | undefined;
  /** Failures in a row. */
  #failures = 0;

  constructor(address: HttpAddress, settings: Settings, { signal, from = 0, etag }: ReadContext) {
    this.#address = address;
    this.#settings = settings;
    this.#signal = signal;
    this.#from = etag === undefined ? 0 : from;
    this.#etag = etag;
    this.#received = this.#from;
  }

  async open(): Promise<ByteContent> {
    const { response, lost } = await this.#request(this.#from > 0 ? this.#rangeOf(this.#etag!) : {});
    const version = this.#from > 0 ? this.#versionOfRest(response) : versionOf(response);
    this.#total = version.total;
    const contentType = response.headers.get('content-type');
    return {
      kind: 'bytes',
      pieces: this.#read(response, lost, version),
      from: this.#from,
      ...(version.etag !== undefined && { etag: version.etag }),
      ...(version.total !== undefined && { size: version.total }),
      ...(isDecodedBody(response.headers) && { isDecoded: true }),
      ...(contentType !== null && { contentType }),
    };
  }

  #rangeOf(etag: string): Readonly<Record<string, string>> {
    return { range: `bytes=${this.#received}-`, 'if-match': etag };
  }

  /** A server that knows no ranges sends the whole body. */
  #versionOfRest(response: Response): Version {
    const etag = this.#etag!;
    const { begin, total } = checkRange(response, this.#address.name, this.#received, etag, undefined);
    if (begin === 0) {
      this.#from = 0;
      this.#received = 0;
      return versionOf(response);
    }
    if (total === this.#received) throw this.#withoutRest(response);
    return { etag, total: total!, isEndTold: true };
  }

  /** Nobody asks for a rest that was never there; the body of such an answer says only that there is none. */
  #withoutRest(response: Response): PipelineError {
    void response.body?.cancel();
    const message = `The content changed: it ends at byte ${this.#received}, behind which there was more`;
    return new PipelineError({ code: 'SOURCE_CHANGED', message, source: this.#address.name });
  }

  async *#read(
    first: Response,
    firstLost: AbortController,
    firstVersion: Version,
  ): AsyncGenerator<Uint8Array, void> {
    let [response, lost, version] = [first, firstLost, firstVersion];
    let begin = this.#received;
    for (;;) {
      const cut: unknown = yield* this.#readBody(response, lost, version, begin);
      if (cut === undefined) return;
      const why = version.whyNotResumable;
      if (why !== undefined) throw this.#truncated(`${messageOf(cut)}, and cannot be resumed: ${why}`, cut);
      await this.#pause(cut);
      const etag = version.etag!;
      ({ response, lost } = await this.#request(this.#rangeOf(etag)));
      const rest = checkRange(response, this.#address.name, this.#received, etag, this.#total);
      begin = rest.begin;
      this.#total = rest.total;
      if (this.#received === rest.total) {
        await response.body?.cancel();
        return;
      }
      if (begin === 0) version = versionOf(response);
    }
  }

  /** Gives out the pieces, without what is here already; returns why the body is not complete, if it is not. */
  async *#readBody(
    response: Response,
    lost: AbortController,
    version: Version,
    begin: number,
  ): AsyncGenerator<Uint8Array, unknown> {
    let end = begin;
    const reader = response.body?.getReader();
    const timer = this.#watch(lost);
    try {
      for (;;) {
        const next = await reader?.read();
        timer.refresh();
        if (next === undefined || next.done) break;
        end += next.value.length;
        const fresh = end - this.#received;
        if (fresh <= 0) continue;
        this.#received = end;
        this.#failures = 0;
        yield fresh < next.value.length ? next.value.subarray(-fresh) : next.value;
      }
    } catch (error) {
      this.#signal.throwIfAborted();
      return lost.signal.aborted ? lost.signal.reason : error;
    } finally {
      clearTimeout(timer);
      await reader?.cancel().catch(() => {});
    }
    const total = this.#total;
    if (end < this.#received)
      return new Error(`The whole body was asked for again, and ended after ${end} bytes`);
    if (total === undefined) {
      const isTaken = version.isEndTold || this.#settings.allowUnknownLength === true;
      return isTaken ? undefined : this.#refuseUnknownEnd();
    }
    if (this.#received > total)
      throw this.#truncated(`The body is longer than the ${total} bytes it should have`);
    return this.#received === total
      ? undefined
      : new Error(`The body ended after ${this.#received} of ${total} bytes`);
  }

  /** One request, tried again while it fails for a passing reason. */
  async #request(
    ranges: Readonly<Record<string, string>>,
  ): Promise<{ response: Response; lost: AbortController }> {
    for (;;) {
      const lost = new AbortController();
      const timer = this.#watch(lost);
      try {
        const response = await this.#send(ranges, AbortSignal.any([this.#signal, lost.signal]));
        if (response.ok || response.status === 412 || response.status === 416) return { response, lost };
        await this.#pause(await httpError(response));
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof PipelineError) throw error;
        await this.#pause(lost.signal.aborted ? lost.signal.reason : error);
      } finally {
        clearTimeout(timer);
      }
    }
  }

  async #send(ranges: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
    const { headers, fetch: send = fetch } = this.#settings;
    const { url, name, authorization } = this.#address;
    const privateHeaders = new Headers(typeof headers === 'function' ? await headers() : headers);
    if (authorization !== undefined && !privateHeaders.has('authorization'))
      privateHeaders.set('authorization', authorization);
    // bytes are counted as they are stored, so that a cut body can be resumed
    const ours = new Headers({ 'accept-encoding': 'identity', ...ranges });
    return request({ url, name, headers: ours, privateHeaders, fetch: send, signal });
  }

  #watch(lost: AbortController): NodeJS.Timeout {
    const { inactivityMs } = this.#settings;
    const reason = new DOMException(`No byte came for ${inactivityMs} ms`, 'TimeoutError');
    return setTimeout(() => lost.abort(reason), inactivityMs);
  }

  /** Waits before the next request, or gives up. */
  async #pause(error: unknown): Promise<void> {
    const { maxRetries, maxRetryAfterMs = 300_000 } = this.#settings;
    const { kind, why, retryAfterMs = 0 } = classify(error);
    const isCut = this.#received > this.#from && !(error instanceof Error && 'status' in error);
    const mayPass = isTransientKind(kind) || isCut;
    if (!mayPass || this.#failures >= maxRetries || retryAfterMs > maxRetryAfterMs) throw this.#failed(error);
    const retry = ++this.#failures;
    const delayMs = Math.max(backoff(this.#settings.backoff)(retry), retryAfterMs);
    this.#settings.onRetry?.({ retry, delayMs, why, error });
    await wait(delayMs, this.#signal);
  }

  #failed(cause: unknown): PipelineError {
    if (this.#received > this.#from) return this.#truncated(messageOf(cause), cause);
    const tries = this.#failures > 0 ? ` (${this.#failures + 1} attempts)` : '';
    const message = `${messageOf(cause)}${tries}`;
    return new PipelineError({ code: 'SOURCE_FAILED', message, cause, source: this.#address.name });
  }

  #truncated(message: string, cause?: unknown): PipelineError {
    const text = `The body was cut at byte ${this.#received}: ${message}`;
    return new PipelineError({ code: 'SOURCE_TRUNCATED', message: text, cause, source: this.#address.name });
  }

  #refuseUnknownEnd(): never {
    throw this.#truncated(
      'the server ended the connection without saying how long the body is (allowUnknownLength takes it)',
    );
  }
}

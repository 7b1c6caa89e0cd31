import { PipelineError } from '../core/errors.ts';

export interface HttpRequest {
  readonly url: URL;
  /** Name of the source, for messages. */
  readonly name: string;
  /** Headers of ours, which go to every origin. */
  readonly headers: Headers;
  /** Headers of the user, which never leave the origin of the first URL. */
  readonly privateHeaders: Headers;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A GET that follows redirects by hand, so that nothing secret follows to another origin (scheme, host or port). */
export async function request(options: HttpRequest): Promise<Response> {
  const { name, headers, privateHeaders, fetch: send, signal } = options;
  let url = options.url;
  for (let redirects = 0; ; redirects++) {
    const sent = new Headers(headers);
    if (url.origin === options.url.origin) for (const [key, value] of privateHeaders) sent.set(key, value);
    const response = await send(url.href, { headers: sent, redirect: 'manual', signal });
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    const target = URL.parse(location, url.href);
    if (target === null || !/^https?:$/.test(target.protocol))
      throw refused(name, 'to something that is no http(s) URL');
    if (url.protocol === 'https:' && target.protocol === 'http:') throw refused(name, 'from https to http');
    if (redirects === MAX_REDIRECTS) throw refused(name, `more than ${MAX_REDIRECTS} times`);
    target.username = '';
    target.password = '';
    url = target;
  }
}

function refused(source: string, what: string): PipelineError {
  return new PipelineError({ code: 'SOURCE_FAILED', message: `The server redirects ${what}`, source });
}

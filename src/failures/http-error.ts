import { stripVTControlCharacters } from 'node:util';
import { retryAfterOf } from './retry-after.ts';

/** An answer of an HTTP server that is not what was asked for. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfterMs?: number;

  constructor(status: number, message: string, retryAfterMs: number | undefined) {
    super(message);
    this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** The most of a body that is shown, in characters. */
const MAX_SHOWN = 200;
/** The longest that a body is waited for, in milliseconds. */
const MAX_WAIT_MS = 1_000;

/**
 * `HTTP 503 Service Unavailable: ` and the beginning of the body, which is read no further and let go.
 * @param detail shown instead of the body
 */
export async function httpError(response: Response, detail?: string): Promise<HttpError> {
  const shown = oneLine(await beginningOf(response, detail === undefined ? MAX_SHOWN : 0));
  const reason = response.statusText || usualReason(response.status);
  const status = `HTTP ${response.status} ${oneLine(reason)}`.trimEnd();
  const text = detail ?? shown;
  const message = text === '' ? status : `${status}: ${text}`;
  return new HttpError(response.status, message, retryAfterOf(response.headers));
}

/** From `node:http`, which takes 14 MiB of memory and so is loaded only when an answer gives no reason itself (HTTP/2). */
function usualReason(status: number): string {
  return process.getBuiltinModule('node:http').STATUS_CODES[status] ?? '';
}

/** At least `length` characters, or all that come in time; what breaks off or stalls adds nothing to the status. */
async function beginningOf(response: Response, length: number): Promise<string> {
  if (response.body === null || response.body.locked) return '';
  const reader = response.body.getReader();
  const giveUp = () => void reader.cancel().catch(() => undefined);
  const timer = setTimeout(giveUp, MAX_WAIT_MS);
  const decoder = new TextDecoder();
  let text = '';
  try {
    while (text.length < length) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // the body broke off
  } finally {
    clearTimeout(timer);
    giveUp();
  }
  return text;
}

/** Without control characters and invisible ones, which could rewrite a terminal's line. */
function oneLine(text: string): string {
  const visible = stripVTControlCharacters(text)
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return Array.from(visible).slice(0, MAX_SHOWN).join('');
}

import { expectKind } from '../core/options.ts';
import { shownPlace } from '../core/shown-url.ts';

/** Names and values of headers. */
export type HeaderValues = Readonly<Record<string, string>> | Headers;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The address of a sink without its credentials, and a name for it that shows nothing secret. */
export function sinkUrl(given: string | URL): {
  url: string;
  credentials: Credentials | undefined;
  name: string;
} {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined;
  // The value stays out of the message: it may hold a password.
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new TypeError('url must be an address that begins with http:// or https://, got something else');
  const credentials =
    url.username === '' && url.password === ''
      ? undefined
      : { user: decoded(url.username), password: decoded(url.password) };
  url.username = '';
  url.password = '';
  return { url: url.href, credentials, name: shownPlace(url) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function basicAuth({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible Latin-1, spaces and tabs: no line break can end the header and begin another. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OF_THE_BODY = new Set(['content-length', 'transfer-encoding']);

/** Headers with names in lower case. @throws TypeError that names the header, and not its value, which may be secret */
export function checkedHeaders(headers: HeaderValues): Readonly<Record<string, string>> {
  expectKind(
    'headers',
    headers,
    typeof headers === 'object' && headers !== null,
    'an object of names and values',
  );
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  for (const [name, value] of entries) {
    if (!HEADER_NAME.test(name))
      throw new TypeError(`headers must have valid names, got ${JSON.stringify(name)}`);
    if (typeof value !== 'string' || !HEADER_VALUE.test(value))
      throw new TypeError(
        `The value of header ${name} must be a text without line breaks and other control characters`,
      );
    if (OF_THE_BODY.has(name.toLowerCase()))
      throw new TypeError(`headers must leave ${name} to the body of the request`);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

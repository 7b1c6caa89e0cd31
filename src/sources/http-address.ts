import { expectKind } from '../core/options.ts';
import { shownUrl } from '../core/shown-url.ts';

export interface HttpAddress {
  /** Without credentials: `fetch` refuses them, and nobody should see them. */
  readonly url: URL;
  /** The URL as messages show it. */
  readonly name: string;
  /** What the credentials of the URL become. */
  readonly authorization?: string;
}

/** @throws TypeError when it is no http(s) URL */
export function httpAddress(input: string | URL): HttpAddress {
  const url = URL.parse(String(input));
  expectKind(
    'url',
    withoutCredentials(String(input)),
    url !== null && /^https?:$/.test(url.protocol),
    'an http: or https: URL',
  );
  const { username, password } = url!;
  url!.username = '';
  url!.password = '';
  const authorization = username === '' && password === '' ? undefined : basic(username, password);
  return { url: url!, name: shownUrl(url!), ...(authorization !== undefined && { authorization }) };
}

function basic(username: string, password: string): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//');
}

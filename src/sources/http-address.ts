import { expectKind } from '../core/options.ts';

export interface HttpAddress {
  /** Without credentials: `fetch` refuses them, and nobody should see them. */
  readonly url: URL;
  /** The URL as messages show it: without credentials, secret-looking parameters masked. */
  readonly name: string;
  /** What the credentials of the URL become. */
  readonly authorization?: string;
}

const SECRET_PARAMETER = /token|key|secret|sig|password|auth|credential/i;

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
  return { url: url!, name: nameOf(url!), ...(authorization !== undefined && { authorization }) };
}

function nameOf(url: URL): string {
  const shown = new URL(url);
  for (const name of new Set(shown.searchParams.keys())) {
    if (SECRET_PARAMETER.test(name)) shown.searchParams.set(name, '***');
  }
  return shown.href;
}

function basic(username: string, password: string): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//');
}

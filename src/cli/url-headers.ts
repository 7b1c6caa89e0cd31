import { UsageError } from './exit-codes.ts';
import { type HeaderValues, headersOf } from './headers.ts';
import { isUrl } from './places.ts';

/** The header flags: for every URL of the command line, or for one side of it. */
export interface HeaderFlagValues {
  readonly header?: readonly string[];
  readonly headerEnv?: readonly string[];
  readonly sourceHeader?: readonly string[];
  readonly sourceHeaderEnv?: readonly string[];
  readonly sinkHeader?: readonly string[];
  readonly sinkHeaderEnv?: readonly string[];
}

/** What goes with requests to the sources, and what with those to the sink. */
export interface UrlHeaders {
  readonly source: HeaderValues | undefined;
  readonly sink: HeaderValues | undefined;
}

/**
 * Sorts headers by where they go. What `--header` gives goes to one origin only: a token for one server is nothing for
 * another one to see.
 * @throws UsageError when a header has nowhere to go, or it is not clear where
 */
export function urlHeaders(
  flags: HeaderFlagValues,
  sources: readonly string[],
  sink: string | undefined,
  env: NodeJS.ProcessEnv,
  warn: (text: string) => void,
): UrlHeaders {
  const read = (flag: string, literal?: readonly string[], fromEnvironment?: readonly string[]) =>
    headersOf(flag, { literal, fromEnvironment }, env, warn);
  const shared = read('--header', flags.header, flags.headerEnv);
  const forSource = read('--source-header', flags.sourceHeader, flags.sourceHeaderEnv);
  const forSink = read('--sink-header', flags.sinkHeader, flags.sinkHeaderEnv);
  const sourceUrls = sources.filter(isUrl);
  const sinkUrls = sink !== undefined && isUrl(sink) ? [sink] : [];
  if (shared !== undefined) expectOneOrigin([...sourceUrls, ...sinkUrls]);
  if (forSource !== undefined) expectUrls('--source-header', sourceUrls, 'no source is');
  if (forSink !== undefined) expectUrls('--sink-header', sinkUrls, 'the sink is not');
  return { source: joined(shared, forSource), sink: joined(shared, forSink) };
}

function expectUrls(flag: string, urls: readonly string[], what: string): void {
  if (urls.length === 0)
    throw new UsageError(`${flag} is for http:// and https://, and ${what} one of these`);
}

function expectOneOrigin(urls: readonly string[]): void {
  expectUrls('--header', urls, 'no place is');
  const origins = [...new Set(urls.map((url) => new URL(url).origin))];
  if (origins.length > 1)
    throw new UsageError(
      `--header would go to ${origins.join(' and ')}: say to which with --source-header or --sink-header`,
    );
}

function joined(shared: HeaderValues | undefined, own: HeaderValues | undefined): HeaderValues | undefined {
  return shared === undefined && own === undefined ? undefined : { ...shared, ...own };
}
